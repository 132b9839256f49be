"""Commands of automatic replies for operators, part of `helpdesk`."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shared.bus.accounts import AccountsTable
from shared.cli import labelled
from shared.cli.plain import tame
from shared.clock import system_clock
from shared.contracts.base import Contact, Identity
from shared.errors import HelpdeskError
from shared.topics import ACCOUNTS
from shared.values import hours
from shared.values.previews import Preview, previews

app = typer.Typer()
_replies = typer.Typer(help="See what is sent without an agent.", no_args_is_help=True)
app.add_typer(_replies, name="replies")

SAMPLES = {"ticket.number": "1042", "ticket.subject": "…", "conversation.missed": "…"}
"""What stands for what only a ticket has."""

_out = Console(highlight=False)


@_replies.callback()
def _named() -> None:
    """A group, though it has one command."""


@_replies.command(epilog="Example: helpdesk replies preview acme --language it --name Vera")
def preview(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    *,
    language: Annotated[
        str | None, typer.Option(help="What the customer writes in, such as it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the customer is called.")] = None,
    phone: Annotated[str | None, typer.Option(help="The customer's number.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show the automatic replies of an account, and what the AI agent's visitors are told.

    Each text is as it would be sent now, in that customer's language where the account has it.
    Nothing is sent.

    Exit codes: 1 also when there is no such account.
    """
    table = AccountsTable()
    asyncio.run(labelled.apply_all(ACCOUNTS, table.apply))
    settings = table.get(account)
    if settings is None:
        raise HelpdeskError(f"there is no account {account!r}")
    now = system_clock()
    identities = (Identity(type="e164", value=phone),) if phone else ()
    contact = Contact(id="preview", display_name=name, identities=identities)
    found = list(previews(settings, contact, language, now, SAMPLES))
    is_open = hours.is_open(settings, now)
    if as_json:
        items = [{name: getattr(each, name) for name in Preview.__slots__} for each in found]
        typer.echo(json.dumps({"open": is_open, "items": items}, ensure_ascii=False))
        return
    _out.print(tame(f"{account} is {'open' if is_open else 'closed'} now"))
    shown = Table("text", "language", "now", "what would be sent")
    for each in found:
        said = "nothing" if each.text is None else tame(each.text)
        language_of = f"{each.language or ''}{' (ready-made)' if each.ready else ''}"
        shown.add_row(each.place, language_of, "yes" if each.sent else "no", said)
    _out.print(shown)
