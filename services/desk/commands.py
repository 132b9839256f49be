"""The desk's commands for operators, part of `helpdesk`."""

import asyncio
import json
import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console

from services.desk.rules.people import SCOPES, Scope
from shared.cli.moments import moment
from shared.cli.plain import tame
from shared.clock import system_clock

app = typer.Typer()
desk = typer.Typer(help="Let agents and integrations into the desk.", no_args_is_help=True)
app.add_typer(desk, name="desk")

Account = Annotated[str, typer.Argument(help="The account's id.")]
Agent = Annotated[str, typer.Argument(help="The agent's id, or address.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

WRONG, UNANSWERED = 2, 4
"""Exit codes, as all of `helpdesk` has them."""

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


@desk.command(epilog="Example: helpdesk desk password acme ann --link")
def password(
    account: Account,
    agent: Agent,
    *,
    link: Annotated[
        bool, typer.Option("--link", help="Print a link by which the agent sets one, in a day.")
    ] = False,
    from_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin.")
    ] = False,
) -> None:
    """Let an agent sign in by password: by a link that counts once, or with one that is given.

    Once it is set, the sessions that they have end. A link needs HELPDESK_PUBLIC_URL, as the desk
    has it.

    Exit codes: 1 also when there is no such agent, or the password is no good.
    """
    from services.desk import letting_in  # noqa: PLC0415  # what serves takes long to import

    if link == from_stdin:
        _err.print("either --link or --password-stdin", markup=False)
        raise typer.Exit(WRONG)
    if link:
        typer.echo(asyncio.run(letting_in.link(account, agent)))
        return
    if sys.stdin.isatty():
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    asyncio.run(letting_in.set_password(account, agent, given))


@desk.command(epilog="Example: helpdesk desk token acme crm --scope tickets:read --expires-in 90d")
def token(
    account: Account,
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    scope: Annotated[
        list[str], typer.Option(metavar="SCOPE", help=f"What it may: {', '.join(SCOPES)}.")
    ],
    expires_in: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it expires: in 12h, 90d, or RFC 3339."),
    ] = None,
) -> None:
    """Make a token for an integration, and print it: nobody can see it again.

    It counts until somebody deletes it, or until it expires.

    Exit codes: 1 also when there is no such account.
    """
    from services.desk import letting_in  # noqa: PLC0415  # what serves takes long to import

    scopes: list[Scope] = [known for known in SCOPES if known in scope]
    if strangers := sorted(set(scope) - set(SCOPES)):
        _err.print(f"no scope: {', '.join(strangers)}; there are {', '.join(SCOPES)}", markup=False)
        raise typer.Exit(WRONG)
    if not 0 < len(name) <= 100:
        _err.print("a name has 1 to 100 characters", markup=False)
        raise typer.Exit(WRONG)
    now = system_clock()
    expires_at = moment(expires_in, now, ahead=True) if expires_in is not None else None
    if expires_at is not None and expires_at <= now:
        _err.print("it would have expired already", markup=False)
        raise typer.Exit(WRONG)
    typer.echo(asyncio.run(letting_in.new_token(account, name, scopes, expires_at)))


@desk.command(epilog="Example: helpdesk desk rebuild")
def rebuild(
    *,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for ticketing's snapshots.")
    ] = 3600.0,
    as_json: Json = False,
) -> None:
    """Build what agents see anew from the topics and from snapshots, while the old one serves.

    Then the new one serves, and the command ends a minute later. It needs what the desk itself
    needs. Whoever kills it loses nothing: run again half a minute later, it begins anew.

    Exit codes: 1 also when another one is at work; 4 ticketing has not published all tickets in
    time: nothing has changed.
    """
    from services.desk import rebuild_command  # noqa: PLC0415  # what serves takes long to import

    try:
        taken = asyncio.run(rebuild_command.rebuild(timedelta(seconds=wait), _err.print))
    except rebuild_command.RebuildUnfinished as error:
        _err.print(str(error), markup=False)
        raise typer.Exit(UNANSWERED) from None
    typer.echo(json.dumps({"records": taken}) if as_json else f"{taken} records; it serves")


@desk.command(epilog="Example: helpdesk desk sessions acme --agent ann --end")
def sessions(
    account: Account,
    *,
    agent: Annotated[str, typer.Option(help="Of this agent alone, by id.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End them.")] = False,
    as_json: Json = False,
) -> None:
    """List the sessions of an account's agents, or end them all."""
    from services.desk import letting_in  # noqa: PLC0415  # what serves takes long to import

    if end:
        ended = asyncio.run(letting_in.end_sessions(account, agent or None))
        typer.echo(json.dumps({"ended": ended}) if as_json else f"{ended} ended")
        return
    found = asyncio.run(letting_in.sessions(account, agent or None))
    if as_json:
        typer.echo(json.dumps({"sessions": found}, ensure_ascii=False, indent=2))
        return
    for each in found:
        line = "  ".join(each[name] for name in ("seen_at", "agent", "way", "browser"))
        _out.print(tame(line), soft_wrap=True)
