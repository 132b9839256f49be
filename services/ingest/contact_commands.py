"""`helpdesk contacts`: erasing what the pipeline keeps of a contact."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from services.ingest.who.contacts import canonical
from shared.cli.dead_erasing import letters_naming, needles, take_out
from shared.cli.erasing import Services, Unanswered, gone_by
from shared.cli.plain import tame
from shared.clock import system_clock
from shared.contracts.base import Identity
from shared.contracts.erasures import ContactErased, EraseContact
from shared.running.settings import KafkaSettings, ServiceSettings
from shared.values.ids import attempt_token
from shared.values.phones import e164

app = typer.Typer()
contacts = typer.Typer(help="Look after what is kept of contacts.", no_args_is_help=True)
app.add_typer(contacts, name="contacts")
_err = Console(stderr=True, highlight=False)

LEFT, UNANSWERED = 1, 4
"""Exit codes: something is still there; a service did not do its part in time."""

_ROUNDS = 5

Several = list[str] | None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an erasure is of: contact ids and identities, each as `type:value`, and profiles."""

    contacts: frozenset[str]
    profile_ids: frozenset[str]

    def joined(self, contacts: Collection[str], profile_ids: Collection[str]) -> "Person":
        """Also these, and the number's WhatsApp id, or the other way round."""
        known = {*self.contacts, *contacts}
        known |= {f"wa_id:{key[6:]}" for key in known if key.startswith("e164:+")}
        known |= {f"e164:+{key[6:]}" for key in known if key.startswith("wa_id:")}
        return Person(frozenset(known), self.profile_ids | frozenset(profile_ids))


@contacts.command()
def erase(  # noqa: PLR0913  # an option each
    *,
    account: Annotated[str, typer.Option(help="Whose contact it is.")],
    contact: Annotated[
        Several, typer.Option(metavar="ID", help="As events name it: TYPE:VALUE. Repeatable.")
    ] = None,
    phone: Annotated[Several, typer.Option(help="A number, as +39… Repeatable.")] = None,
    email: Annotated[Several, typer.Option(help="A mail address. Repeatable.")] = None,
    profile: Annotated[
        Several, typer.Option(metavar="ID", help="All that this profile has. Repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase it; without, only say what.")] = False,
    erasure_id: Annotated[str, typer.Option("--id", help="The erasure's own id.")] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for each answer.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase what every service keeps of a contact, and of whoever its profile says it is too.

    Without --yes it says what would be erased. It may be run again at any time: what was begun is
    ended, and what is gone stays gone.

    Exit codes: 0 it is done, or told; 1 something is left, or a server does not answer; 2 the
    command line or a setting is wrong; 4 a service has not done its part in time: it will, once it
    runs; run this again then, to be sure.
    """
    person = Person(frozenset(), frozenset()).joined(
        _named(contact or (), phone or (), email or ()), profile or ()
    )
    if not person.contacts and not person.profile_ids:
        raise typer.BadParameter("name a contact: --contact, --phone, --email or --profile")
    erasing = Erasing(ServiceSettings().kafka, account, erasure_id or attempt_token(), wait)
    try:
        document = asyncio.run(erasing.run(person, yes=yes))
    except Unanswered as error:
        _err.print(f"{error}; they do it once they run. Run this again then.")
        raise typer.Exit(UNANSWERED) from None
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, default=datetime.isoformat))
    else:
        _print(document)
    if document["left"]:
        raise typer.Exit(LEFT)


def _named(ids: Collection[str], phones: Collection[str], emails: Collection[str]) -> set[str]:
    found = set(ids)
    for text in ids:
        if not all(text.partition(":")):
            raise typer.BadParameter(f"{text!r} is no TYPE:VALUE", param_hint="--contact")
    for text in phones:
        if (number := e164(text)) is None:
            raise typer.BadParameter(f"{text!r} is no number as +39…", param_hint="--phone")
        found |= {f"e164:{number}", canonical(Identity(type="e164", value=number)).key}
    for text in emails:
        if "@" not in text:
            raise typer.BadParameter(f"{text!r} is no mail address", param_hint="--email")
        found |= {f"email:{text}", canonical(Identity(type="email", value=text)).key}
    return found


@dataclass(frozen=True, slots=True)
class Erasing:
    """An erasure from an account; `wait` is in seconds, for each answer."""

    settings: KafkaSettings
    account: str
    id: str
    wait: float

    async def run(self, person: Person, *, yes: bool) -> dict[str, Any]:
        """Everything that is to be said of the erasure, or of the dry run."""
        async with Services(self.settings, timedelta(seconds=self.wait)) as services:
            person, counts = await self._found(services, person)
            letters, _ = await letters_naming(self.settings, needles(person.contacts))
            left: Mapping[str, Any] = {}
            now = system_clock()
            if yes:
                ask = self._ask(person, self.id, now)
                await services.ask(ask)
                # Last of all: whoever runs this again finds out by the profile whom else it is.
                await services.delete_profiles(self.account, person.profile_ids)
                await services.followed()
                await take_out(self.settings, needles(person.contacts))
                left = _counts(
                    await services.ask(self._ask(person, f"{self.id}:left", now, dry=True))
                )
            return {
                "account": self.account,
                "erasure_id": self.id,
                "erased": yes,
                "contacts": sorted(person.contacts),
                "profile_ids": sorted(person.profile_ids),
                "found": counts,
                "dead_letters": dict(letters),
                "left": left,
                "on_topics_until": gone_by(now),
            }

    async def _found(
        self, services: Services, person: Person
    ) -> tuple[Person, dict[str, dict[str, int]]]:
        """Who else it is, as far as services and earlier erasures know; and what they keep."""
        for ask in await services.earlier(self.account):
            if not person.contacts.isdisjoint(ask.contacts):
                person = person.joined(ask.contacts, ask.profile_ids)
        answers: Mapping[str, ContactErased] = {}
        for number in range(_ROUNDS):
            ask = self._ask(person, f"{self.id}:{number}", system_clock(), dry=True)
            answers = await services.ask(ask)
            before = person
            for answer in answers.values():
                person = person.joined(answer.contacts, answer.profile_ids)
            if person == before:
                break
        return person, _counts(answers)

    def _ask(self, person: Person, id_: str, at: datetime, *, dry: bool = False) -> EraseContact:
        return EraseContact(
            account_id=self.account,
            id=id_,
            occurred_at=at,
            correlation_id=id_,
            contacts=tuple(sorted(person.contacts)),
            profile_ids=tuple(sorted(person.profile_ids)),
            dry_run=dry,
        )


def _counts(answers: Mapping[str, ContactErased]) -> dict[str, dict[str, int]]:
    return {
        service: {c.kind: c.number for c in told.counts}
        for service, told in sorted(answers.items())
        if told.counts
    }


def _print(document: Mapping[str, Any]) -> None:
    out = Console(highlight=False)
    out.print(tame(f"known as: {', '.join(document['contacts'])}"))
    if document["profile_ids"]:
        out.print(tame(f"profiles: {', '.join(document['profile_ids'])}"))
    verb = "erased" if document["erased"] else "would be erased"
    for service, counts in document["found"].items():
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        out.print(f"{service}: {said} {verb}")
    for service, count in document["dead_letters"].items():
        out.print(f"dead letters of {service}: {count} {verb}")
    if not document["found"] and not document["dead_letters"]:
        out.print("nothing is kept of it")
    if document["left"]:
        out.print(f"still there, or new: {document['left']}; run this again")
    last = max(document["on_topics_until"].values())
    out.print(f"topics may have it until {last:%Y-%m-%d}: docs/erasing.md says which")
    if not document["erased"]:
        _err.print("nothing was erased: --yes erases it")
