"""Commands given by hand: `helpdesk ticket reply`, `close` and the like (TKT 11)."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import typer
from rich.console import Console

from services.ticketing.rules.ticket import Ticket, ledger_id
from services.ticketing.store import MongoTickets
from shared.bus.kafka import Producer
from shared.cli.plain import tame
from shared.clock import system_clock
from shared.contracts.base import Author
from shared.contracts.commands import Command, PublishSnapshots
from shared.errors import HelpdeskError, Transient
from shared.running.settings import KafkaSettings, MongoSettings, ServiceSettings
from shared.stores.mongo import Mongo, is_transient
from shared.topics import COMMANDS
from shared.values.ids import attempt_token

REFUSED, UNANSWERED = 3, 4
"""Exit codes: ticketing refused the command; ticketing did not answer in time."""

_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Asked:
    """Who gives a command, for which ticket of which account, and how long to wait for its outcome.

    `command_id` is the command's own id: the same id given twice is one command.
    """

    account: str
    named: str
    author: str
    command_id: str
    wait: timedelta
    as_json: bool


@asynccontextmanager
async def tickets(settings: MongoSettings) -> AsyncIterator[MongoTickets]:
    """The stored tickets. Raises Transient, with a text for people, if MongoDB does not answer."""
    mongo = Mongo(settings)
    try:
        yield MongoTickets(mongo.database)
    except Exception as error:
        if is_transient(error):
            text = f"MongoDB does not answer: {error}"
            raise Transient(text) from error
        raise
    finally:
        await mongo.close()


async def ticket_named(store: MongoTickets, account: str, named: str) -> Ticket:
    """The account's ticket of that number or id. Raises HelpdeskError where there is none."""
    number = named.removeprefix("#")
    found = await store.numbered(account, int(number)) if _is_number(number) else None
    found = found or await store.named(account, named)
    if found is None:
        text = f"account {account} has no ticket {named}"
        raise HelpdeskError(text)
    return found


def _is_number(named: str) -> bool:
    """Whether it may be a ticket's number: one of over 18 digits may not fit the database."""
    return named.isascii() and named.isdecimal() and len(named) < 19


def ask(asked: Asked, kind: type[Command], **fields: Any) -> None:  # noqa: ANN401
    """Give the command, wait for its outcome, and print that.

    `fields` are the command's own. Exits with code 3 if ticketing refused the command, and with 4
    if it did not answer in time.
    """
    entry = asyncio.run(_answered(asked, kind, fields))
    if entry is None:
        Console(stderr=True, highlight=False).print(
            f"ticketing has not answered within {asked.wait.total_seconds():g} s; the command is"
            f" on its way. To ask again without giving a second one: --id {asked.command_id}"
        )
        raise typer.Exit(UNANSWERED)
    outcome = _outcome(asked, entry)
    if asked.as_json:
        typer.echo(json.dumps(outcome, ensure_ascii=False))
    else:
        happened = ", ".join(f"#{seq} {kind}" for seq, kind in outcome["events"])
        Console(highlight=False).print(tame(happened or outcome["because"]))
    if outcome["refused"]:
        raise typer.Exit(REFUSED)


async def _answered(
    asked: Asked, kind: type[Command], fields: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    settings = ServiceSettings()
    async with tickets(settings.mongo) as store:
        ticket = await ticket_named(store, asked.account, asked.named)
        command = kind.model_validate(
            {
                "account_id": asked.account,
                "id": asked.command_id,
                "correlation_id": asked.command_id,
                "occurred_at": system_clock(),
                "ticket_id": ticket.id,
                "author": Author(kind="agent", id=asked.author, name=asked.author),
                **fields,
            }
        )
        await given(settings.kafka, command)
        return await _entry(store, ledger_id(command), asked.wait)


async def given(settings: KafkaSettings, command: Command | PublishSnapshots) -> None:
    """Publish the command. Raises Transient, with a text for people, if Kafka does not answer."""
    producer = Producer(settings)
    try:
        await producer.start()
        await producer.publish([COMMANDS.record(command)])
    finally:
        await producer.stop()


async def _entry(store: MongoTickets, entry_id: str, wait: timedelta) -> Mapping[str, Any] | None:
    """The ledger's entry of the command, as soon as there is one; None after `wait`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait.total_seconds()
    while (entry := await store.entry(entry_id)) is None and loop.time() < deadline:
        await asyncio.sleep(_LOOK_EVERY)
    return entry


def _outcome(asked: Asked, entry: Mapping[str, Any]) -> dict[str, Any]:
    because = str(entry["because"])
    return {
        "command_id": asked.command_id,
        "refused": because.startswith("refused"),
        "because": because,
        "events": [[seq, kind] for seq, kind, _ in entry.get("events", ())],
    }


def drawn_id() -> str:
    """A new id for a command that was given without one."""
    return f"by-hand-{attempt_token()}"
