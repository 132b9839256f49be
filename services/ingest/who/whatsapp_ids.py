"""Which contact a WhatsApp user is, whichever of their ids a message names (TKT 5).

A WhatsApp user has a number and business-scoped ids. They may hide their number, and somebody else
may get it later; a business-scoped id never becomes anybody else's. The first of these ids that we
see makes the contact, and its contact id never changes. Each further id that is seen to be the same
user's leads to that contact. For example, somebody who wrote by number and later hides it still
writes in the same ticket.

Everything here is pure but `settled`, which reads and writes the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from services.ingest.emit.emitter import Emitted
from shared.contracts.base import Contact, Identity
from shared.contracts.signals import Signal
from shared.errors import Transient

_TRIES = 10
_MAKE_KNOWN = ("keyword", "identity_changed")
"""The signals that make a contact known. Other signals only look up which contact it is."""


@dataclass(frozen=True, slots=True)
class Alias:
    """The contact that an id leads to.

    `user` is the business-scoped id that a number was last seen with; None if there was none.
    """

    contact: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to let the id `key` (`account|type:value`) lead to `after` instead of `before`."""

    key: str
    before: Alias | None
    after: Alias


class Aliases(Protocol):
    """The store of which contact each id leads to."""

    async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
        """The contact of each of these ids, as far as it is known."""

    async def claim(self, claims: Sequence[Claim]) -> bool:
        """Carry out these claims, at most one an id. True if all ids now lead where they say.

        False if another replica was faster and one of the ids leads elsewhere.
        """


@dataclass(slots=True)
class _Known:
    """What is known of ids: as stored, and as the batch has decided so far."""

    before: Mapping[str, Alias]
    now: dict[str, Alias] = field(default_factory=dict)

    def get(self, key: str) -> Alias | None:
        return self.now.get(key) or self.before.get(key)

    def claims(self, kind: str) -> list[Claim]:
        return [
            Claim(key, self.before.get(key), alias)
            for key, alias in self.now.items()
            if f"|{kind}:" in key
        ]


@dataclass(frozen=True, slots=True)
class Decision:
    """The contact id of each body (by the body's id), and the claims on which that rests.

    Numbers are claimed before business-scoped ids. Two replicas may meet a new user at once, one
    by the number alone and one by both ids; the second then finds what the first claimed.
    """

    contacts: Mapping[str, str]
    numbers: Sequence[Claim]
    users: Sequence[Claim]


async def settled(said: Sequence[Emitted], aliases: Aliases) -> Mapping[str, str]:
    """The contact id of each body that is from a WhatsApp user, by the body's id.

    Afterwards the ids of each message lead to that contact, in every replica. Raises Transient
    if other replicas were faster again and again.
    """
    keys = {key for body in said for key in _keys(body)}
    if not keys:
        return {}
    for _ in range(_TRIES):
        decision = decide(said, await aliases.find(keys))
        if await aliases.claim(decision.numbers) and await aliases.claim(decision.users):
            return decision.contacts
    raise Transient("the ids of a WhatsApp contact are claimed by others again and again")


def decide(said: Iterable[Emitted], known: Mapping[str, Alias]) -> Decision:
    """The contact of each of `said`, in order, from what is known of their ids."""
    table = _Known(known)
    contacts = {
        body.id: _contact(body, body.contact, table)
        for body in said
        if body.contact is not None and _ids(body)
    }
    return Decision(contacts, table.claims("wa_id"), table.claims("wa_bsuid"))


def _contact(body: Emitted, contact: Contact, table: _Known) -> str:
    changed = isinstance(body, Signal) and body.kind == "identity_changed"
    ids = _ids(body)
    # Somebody who changed number or id is who they were: their old ids, which come first, count.
    user = None if changed else _user(ids)
    found = next(
        (
            alias.contact
            for each in (ids if changed else _users_first(ids))
            if (alias := table.get(_key(body, each))) is not None
            and (user is None or each.type == "wa_bsuid" or alias.user in (None, *_users(ids)))
        ),
        contact.id,
    )
    if not isinstance(body, Signal) or body.kind in _MAKE_KNOWN:
        for each in ids:
            key = _key(body, each)
            if (alias := _after(table.get(key), found, each, user)) is not None:
                table.now[key] = alias
    return found


def _after(before: Alias | None, contact: str, each: Identity, user: str | None) -> Alias | None:
    """Where the id leads from now on; None where nothing changes.

    A business-scoped id leads for ever where it first led. A number follows the user whom it was
    last seen with.
    """
    number = each.type == "wa_id"
    if before is None:
        return Alias(contact, user if number else None)
    if not number or user is None:
        return None
    after = replace(before, contact=contact, user=user)
    return after if after != before else None


def with_contact(body: Emitted, contacts: Mapping[str, str]) -> Emitted:
    """The body with the contact that it turned out to be from."""
    contact_id = contacts.get(body.id)
    if body.contact is None or contact_id is None or contact_id == body.contact.id:
        return body
    contact = body.contact.model_copy(update={"id": contact_id})
    return body.model_copy(update={"contact": contact})


def _ids(body: Emitted) -> list[Identity]:
    identities = body.contact.identities if body.contact else ()
    if not identities or identities[0].type not in ("wa_id", "wa_bsuid"):
        return []
    return [each for each in identities if each.type in ("wa_id", "wa_bsuid")]


def _users(ids: Iterable[Identity]) -> list[str]:
    return [each.value for each in ids if each.type == "wa_bsuid"]


def _user(ids: Iterable[Identity]) -> str | None:
    return next(iter(_users(ids)), None)


def _users_first(ids: Iterable[Identity]) -> list[Identity]:
    return sorted(ids, key=lambda each: each.type != "wa_bsuid")


def _key(body: Emitted, each: Identity) -> str:
    return f"{body.account_id}|{each.key}"


def _keys(body: Emitted) -> list[str]:
    return [_key(body, each) for each in _ids(body)]
