"""Ticketing's commands for operators, part of `helpdesk`."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from services.ticketing.asking import Asked, ask, drawn_id, ticket_named, tickets
from services.ticketing.report import Report, printed
from services.ticketing.snapshot_command import snapshots
from shared.cli.moments import moment
from shared.clock import system_clock
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
)
from shared.running.settings import MongoSettings, ServiceSettings

app = typer.Typer()
ticket = typer.Typer(
    help="""Look into tickets, and give commands as an agent would.

    Exit codes: 3 the command was refused; 4 ticketing has not answered in time.
    """,
    no_args_is_help=True,
)
app.add_typer(ticket, name="ticket")
app.command(epilog="Example: helpdesk snapshots acme --since 30d")(snapshots)

Named = Annotated[str, typer.Argument(metavar="NUMBER|ID", help="As in the account, or its id.")]
Account = Annotated[str, typer.Option(help="Whose ticket it is.")]
Agent = Annotated[str, typer.Option("--as", metavar="AGENT", help="The agent who gives it.")]
CommandId = Annotated[
    str, typer.Option("--id", help="The command's own id. The same id again is no second command.")
]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for what becomes of it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_PATIENCE = 10.0


@ticket.command(epilog="Example: helpdesk ticket show 7 --account acme")
def show(
    named: Named,
    *,
    account: Account,
    last: Annotated[
        int, typer.Option(min=1, max=10_000, help="Entries at most, the newest.")
    ] = 200,
    as_json: Json = False,
) -> None:
    """Tell a ticket's history: what happened, when, by whom, and by which rule.

    It reads the database that HELPDESK_MONGO__URL and HELPDESK_MONGO__DATABASE name. With what
    `helpdesk up --demo` prints as "mongo":

    HELPDESK_MONGO__URL=mongodb://127.0.0.1:PORT helpdesk ticket show 2 --account sample

    Exit codes: 1 also when there is no such ticket.
    """
    report = asyncio.run(_read(ServiceSettings().mongo, account, named, last))
    if as_json:
        typer.echo(json.dumps(report.document(), ensure_ascii=False, indent=2, default=str))
    else:
        console = Console(highlight=False)
        for part in printed(report):
            console.print(part)


async def _read(settings: MongoSettings, account: str, named: str, last: int) -> Report:
    async with tickets(settings) as store:
        found = await ticket_named(store, account, named)
        history = await store.history(found.id, limit=last + 1)
        return Report(
            ticket=found,
            tickets_of_contact=await store.tickets_of(found),
            history=history[-last:],
            cut=len(history) > last,
        )


def _asked(  # what all commands have
    account: str, named: str, agent: str, command_id: str, wait: float, *, as_json: bool
) -> Asked:
    return Asked(
        account=account,
        named=named,
        author=agent,
        command_id=command_id or drawn_id(),
        wait=timedelta(seconds=wait),
        as_json=as_json,
    )


@ticket.command(epilog="Example: helpdesk ticket reply 7 'We do.' --account acme --as ann")
def reply(  # an option each
    named: Named,
    text: Annotated[str, typer.Argument(help="What it says.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Answer the customer (TKT 13)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, ReplyToTicket, text=text)


@ticket.command(epilog="Example: helpdesk ticket note 7 'Called back.' --account acme --as ann")
def note(  # an option each
    named: Named,
    text: Annotated[str, typer.Argument(help="What it says.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Keep a private note; the customer never sees it."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, AddNote, text=text)


@ticket.command(epilog="Example: helpdesk ticket assign 7 bob --account acme --as ann")
def assign(  # noqa: PLR0913  # an option each
    named: Named,
    to: Annotated[str, typer.Argument(metavar="ASSIGNEE", help="The agent who gets it.")],
    seen: Annotated[
        str | None,
        typer.Option(
            "--seen", help="Refuse it unless this agent (or `unassigned`) has the ticket."
        ),
    ] = None,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Give the ticket to an agent (ASG 4)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, AssignTicket, assignee=to, seen_assignee=seen)


@ticket.command(epilog="Example: helpdesk ticket unassign 7 --account acme --as ann")
def unassign(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Put the ticket back to Unassigned (ASG 4)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, UnassignTicket)


@ticket.command(epilog="Example: helpdesk ticket route 7 returns --account acme --as ann")
def route(  # an option each
    named: Named,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team that gets it.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Set the ticket's team (ASG 5)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, RouteTicket, team_id=team, rule="given by hand")


@ticket.command(epilog="Example: helpdesk ticket close 7 --account acme --as ann")
def close(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Close the ticket."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, CloseTicket)


@ticket.command(epilog="Example: helpdesk ticket reopen 7 --account acme --as ann")
def reopen(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Open a closed ticket again, where its channel allows it (TKT 1 to 5)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, ReopenTicket)


@ticket.command(epilog="Example: helpdesk ticket snooze 7 2d --account acme --as ann")
def snooze(  # an option each
    named: Named,
    until: Annotated[str, typer.Argument(metavar="TIME", help="RFC 3339, or in 90m, 2h, 3d.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Hide the ticket until a time to come (TKT 6)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, SnoozeTicket, until=moment(until, system_clock(), ahead=True))


@ticket.command(epilog="Example: helpdesk ticket tag 7 Refund --account acme --as ann")
def tag(  # an option each
    named: Named,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="One or more tags.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Add tags."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, TagTicket, tags=tuple(tags))


@ticket.command(epilog="Example: helpdesk ticket untag 7 Refund --account acme --as ann")
def untag(  # an option each
    named: Named,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="One or more tags.")],
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Remove tags."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, UntagTicket, tags=tuple(tags))


@ticket.command(epilog="Example: helpdesk ticket spam 7 --account acme --as ann")
def spam(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Mark the ticket as spam (SPM 2)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, MarkSpam)


@ticket.command("not-spam", epilog="Example: helpdesk ticket not-spam 7 --account acme --as ann")
def not_spam(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Mark the ticket as not spam (SPM 2)."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, MarkNotSpam)


@ticket.command(epilog="Example: helpdesk ticket read 7 --account acme --as ann")
def read(  # an option each
    named: Named,
    *,
    account: Account,
    agent: Agent,
    command_id: CommandId = "",
    wait: Wait = _PATIENCE,
    as_json: Json = False,
) -> None:
    """Note that an agent has seen the ticket."""
    asked = _asked(account, named, agent, command_id, wait, as_json=as_json)
    ask(asked, MarkRead)
