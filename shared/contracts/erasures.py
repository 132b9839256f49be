"""Erasing what the pipeline keeps of a contact: what is asked, and what each service did."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Contract, Envelope, Id, Whole


class EraseContact(Envelope):
    """Erase what was received of these contacts up to `occurred_at`.

    `contacts` are contact ids and identities alike, each as `type:value`. With `dry_run`, whoever
    keeps something says how much, and keeps it.
    """

    type: Literal["EraseContact"] = "EraseContact"
    contacts: tuple[Id, ...]
    profile_ids: tuple[Id, ...] = ()
    dry_run: bool = False


class Count(Contract):
    """How many of one kind a service has erased, or would."""

    kind: str
    number: Whole


class ContactErased(Envelope):
    """What `service` has erased, or would: so many of each kind.

    `contacts` and `profile_ids` are what else it knows the same people by.
    """

    type: Literal["ContactErased"] = "ContactErased"
    erasure_id: Id
    service: Id
    counts: tuple[Count, ...] = ()
    contacts: tuple[Id, ...] = ()
    profile_ids: tuple[Id, ...] = ()
    dry_run: bool = False


Erasure = Annotated[EraseContact | ContactErased, Field(discriminator="type")]


def answer(ask: EraseContact, service: str, id_: str, counts: dict[str, int]) -> ContactErased:
    """What `service` says of `ask` once it is done; kinds without anything are left out."""
    return ContactErased(
        account_id=ask.account_id,
        id=id_,
        occurred_at=ask.occurred_at,
        correlation_id=ask.id,
        erasure_id=ask.id,
        service=service,
        counts=tuple(Count(kind=kind, number=count) for kind, count in counts.items() if count),
        dry_run=ask.dry_run,
    )
