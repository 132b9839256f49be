"""Ticketing's commands for operators, part of `helpdesk`."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console

from services.ticketing.report import Report, printed
from services.ticketing.store import MongoTickets
from shared.errors import HelpdeskError, Transient
from shared.running.settings import MongoSettings, ServiceSettings
from shared.stores.mongo import Mongo, is_transient

app = typer.Typer()
ticket = typer.Typer(help="Look into tickets, and why they are as they are.", no_args_is_help=True)
app.add_typer(ticket, name="ticket")


@ticket.command()
def show(
    named: Annotated[
        str, typer.Argument(metavar="NUMBER|ID", help="As in the account, or its id.")
    ],
    *,
    account: Annotated[str, typer.Option(help="Whose ticket it is.")],
    last: Annotated[
        int, typer.Option(min=1, max=10_000, help="Entries at most, the newest.")
    ] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell a ticket's history: what happened, when, by whom, and by which rule.

    It reads the database that HELPDESK_MONGO__URL and HELPDESK_MONGO__DATABASE name. With what
    `helpdesk up --demo` prints as "mongo":

    HELPDESK_MONGO__URL=mongodb://127.0.0.1:PORT helpdesk ticket show 2 --account sample
    """
    report = asyncio.run(_read(ServiceSettings().mongo, account, named, last))
    if as_json:
        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2, default=str))
    else:
        console = Console(highlight=False)
        for part in printed(report):
            console.print(part)


async def _read(settings: MongoSettings, account: str, named: str, last: int) -> Report:
    mongo = Mongo(settings)
    try:
        return await _found(MongoTickets(mongo.database), account, named, last)
    except Exception as error:
        if is_transient(error):
            text = f"MongoDB does not answer: {error}"
            raise Transient(text) from error
        raise
    finally:
        await mongo.close()


async def _found(store: MongoTickets, account: str, named: str, last: int) -> Report:
    number = named.removeprefix("#")
    found = await store.numbered(account, int(number)) if _is_number(number) else None
    found = found or await store.named(account, named)
    if found is None:
        text = f"account {account} has no ticket {named}"
        raise HelpdeskError(text)
    history = await store.history(found.id, limit=last + 1)
    return Report(
        ticket=found,
        tickets_of_contact=await store.tickets_of(found),
        history=history[-last:],
        cut=len(history) > last,
    )


def _is_number(named: str) -> bool:
    """Whether it may be a ticket's number: the database holds none of more digits."""
    return named.isascii() and named.isdecimal() and len(named) < 19
