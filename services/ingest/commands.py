"""Ingest's commands for operators, part of `helpdesk`."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track

from services.ingest.read.times import moment
from services.ingest.refusals import in_words
from shared.bus.accounts import AccountsTable
from shared.clock import system_clock
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel

app = typer.Typer()

_MANY = 10
"""From so many files on, it shows how far it is."""

_ACCOUNTS = TypeAdapter(list[AccountSettings])
_err = Console(stderr=True, highlight=False)


@app.command(epilog="Example: helpdesk normalize --channel sms payload.json")
def normalize(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Each as a record's value.")
    ],
    *,
    channel: Annotated[Channel, typer.Option(help="Whose inbound topic they would be on.")],
    provider: Annotated[
        str | None, typer.Option(help="In whose format. By default it is recognised.")
    ] = None,
    accounts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings as JSON: an account, a list, or one a line."
            " By default every address belongs to the account `sample`.",
        ),
    ] = None,
    received_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="RFC 3339. By default now.")
    ] = None,
) -> None:
    """Print what ingest makes of files, a line of JSON for each message, signal or dead letter.

    A delivery report that names no address of an account is `unaddressed`: it is only counted.

    Exit codes: 1 also when a file cannot be read; the others are told.
    """
    # Hundreds of phrases of mails are made ready with it.
    from services.ingest.normalize import Trial

    table = None if accounts is None else _table(accounts)
    trial = Trial(channel, provider, table, _received(received_at))
    unreadable = 0
    shown = track(files, "Normalizing", console=_err, disable=len(files) < _MANY)
    for path in shown:
        try:
            value = path.read_bytes()
        except OSError as error:
            _err.print(f"[bold red]error:[/] {path}: {error.strerror}", soft_wrap=True)
            unreadable += 1
            continue
        for outcome in trial.outcomes(value):
            typer.echo(_line({"file": str(path), **outcome}))
    if unreadable:
        raise typer.Exit(1)


def _line(outcome: dict[str, Any]) -> bytes:
    # A file's name need not be UTF-8: it is printed as it was given.
    return json.dumps(outcome, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _received(text: str | None) -> datetime:
    if text is None:
        return system_clock()
    if (said := moment(text)) is None:
        raise typer.BadParameter(f"{text!r} is no time", param_hint="--received-at")
    return said


def _table(path: Path) -> AccountsTable:
    table = AccountsTable()
    try:
        for settings in _ACCOUNTS.validate_python(list(_documents(path.read_text("utf-8")))):
            table.apply(settings)
    except ValidationError as error:
        raise typer.BadParameter(f"{path}: {in_words(error)}", param_hint="--accounts") from None
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--accounts") from None
    return table


def _documents(text: str) -> Iterator[Any]:
    try:
        whole = json.loads(text)
    except ValueError:
        yield from (json.loads(line) for line in text.splitlines() if line.strip())
    else:
        yield from whole if isinstance(whole, list) else [whole]
