"""`helpdesk snapshots`: ask for an account's tickets as they are stored (VWS 9)."""

import asyncio
import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console

from services.ticketing.asking import UNANSWERED, drawn_id, given, tickets
from services.ticketing.snapshot_store import MongoRequests
from services.ticketing.snapshots import Request
from shared.cli.moments import moment
from shared.clock import system_clock
from shared.contracts.base import Author
from shared.contracts.commands import PublishSnapshots
from shared.running.settings import ServiceSettings

_LOOK_EVERY = 0.2
_err = Console(stderr=True, highlight=False)


def snapshots(
    account: Annotated[str, typer.Argument(help="Whose tickets.")],
    *,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Not what was closed before: RFC 3339, or 90m, 3d.")
    ] = "",
    agent: Annotated[str, typer.Option("--as", metavar="NAME", help="Who asks.")] = "operator",
    command_id: Annotated[
        str, typer.Option("--id", help="The request's id. The same id again is no second request.")
    ] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its end.")] = 600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Have an account's tickets published on `helpdesk.snapshots`, as they are stored.

    For consumers of the ticket stream that start late, or anew: what the stream has forgotten comes
    as snapshots.

    Exit codes: 4 it is not done in time; it goes on all the same.
    """
    now = system_clock()
    request_id = command_id or drawn_id()
    command = PublishSnapshots(
        account_id=account,
        id=request_id,
        correlation_id=request_id,
        occurred_at=now,
        author=Author(kind="integration", id=agent, name=agent),
        since=moment(since, now) if since else None,
    )
    request = asyncio.run(_asked(command, timedelta(seconds=wait)))
    done = request is not None and request.done
    told: dict[str, Any] = {
        "request_id": request_id,
        "done": done,
        "tickets": request.published if request else 0,
    }
    if as_json:
        typer.echo(json.dumps(told))
    elif done:
        Console(highlight=False).print(f"{told['tickets']} tickets were published")
    if not done:
        _err.print(
            f"not done within {wait:g} s ({told['tickets']} tickets so far); it goes on. To ask"
            f" again without a second request: --id {request_id}"
        )
        raise typer.Exit(UNANSWERED)


async def _asked(command: PublishSnapshots, wait: timedelta) -> Request | None:
    """Ask, and return the request as it is at its end, or after `wait`."""
    settings = ServiceSettings()
    await given(settings.kafka, command)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait.total_seconds()
    async with tickets(settings.mongo) as store:
        requests = MongoRequests(store.database, store)
        with _err.status("waiting for ticketing") as status:
            while True:
                request = await requests.named(f"{command.account_id}:{command.id}")
                if request is not None:
                    status.update(f"{request.published} tickets published")
                if (request is not None and request.done) or loop.time() >= deadline:
                    return request
                await asyncio.sleep(_LOOK_EVERY)
