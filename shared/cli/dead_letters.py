"""`helpdesk dead-letters`: what could not be taken, and putting it back after a fix (ING 7)."""

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared.cli import completing
from shared.cli.moments import moment
from shared.cli.plain import tame
from shared.clock import system_clock
from shared.errors import HelpdeskError, Transient
from shared.running.settings import KafkaSettings, ServiceSettings
from shared.topic import SERVICES, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from shared.cli.letters import Letter, Wanted

app = typer.Typer(
    help="Look at what could not be taken, and put it back after a fix.", no_args_is_help=True
)
_err = Console(stderr=True, highlight=False)

Services = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        help=f"Of: {', '.join(SERVICES)}. Repeatable.",
        autocompletion=completing.services,
    ),
]
Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help="As `list` shows it. Repeatable.")
]
Topics = Annotated[
    list[str] | None,
    typer.Option(
        "--topic",
        help="Where it was first. Repeatable.",
        autocompletion=completing.whole_topics,
    ),
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Dead since then: RFC 3339, or 90m, 2h, 3d ago.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Dead before then.")]
Json = Annotated[bool, typer.Option("--json", help="Print a line of JSON each.")]


@app.command("list", epilog="Example: helpdesk dead-letters list --service ingest --since 2h")
def list_(
    *,
    service: Services = None,
    reason: Reasons = None,
    topic: Topics = None,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
) -> None:
    """List dead letters, each service's partition by partition."""
    wanted = _wanted(service, reason, topic, since, until)
    _run(_list(ServiceSettings().kafka, wanted, as_json=as_json))


@app.command(epilog="Example: helpdesk dead-letters show ingest:0:17")
def show(
    position: Annotated[str, typer.Argument(metavar="SERVICE:PARTITION:OFFSET")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print one dead letter: why it died, its headers and its value.

    Exit codes: 1 also when there is none at that position.
    """
    _run(_show(ServiceSettings().kafka, _position(position), as_json=as_json))


@app.command(epilog="Example: helpdesk dead-letters replay --service ingest --since 1d --dry-run")
def replay(  # noqa: PLR0913  # an option each
    positions: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVICE:PARTITION:OFFSET...]", help="These, or by the filters."),
    ] = None,
    *,
    service: Services = None,
    reason: Reasons = None,
    topic: Topics = None,
    since: Since = None,
    until: Until = None,
    compacted: Annotated[
        bool,
        typer.Option(
            help="Also settings and profiles, where one put back takes the place of a newer one."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be put back.")] = False,
    as_json: Json = False,
) -> None:
    """Put dead letters back on the topics they came from.

    Bytes, key, headers and time are as they were; a header `helpdesk-replayed` says when it was
    put back, and which dead letter it is.

    A service that takes such a record, or gives it up again, says so in its log and counts it in
    `helpdesk_replayed_records`. What comes after newer things is taken as what it is, old: an
    event of a ticket that a service has seen newer ones of changes nothing.

    A replay may be repeated: what was taken meanwhile is not taken twice. So nobody keeps a list
    of what was replayed; `--since` leaves out what is older. A record that died again after a
    replay is put back once, not once for each of its dead letters.

    Exit codes: 1 also when a position that was named holds none; the others are put back.
    """
    wanted = _wanted(service, reason, topic, since, until, positions or ())
    say = _in_json if as_json else _in_words
    _run(_replay(ServiceSettings().kafka, wanted, say, compacted=compacted, dry_run=dry_run))


def _wanted(
    services: Sequence[str] | None,
    reasons: Sequence[str] | None,
    topics: Sequence[str] | None,
    since: str | None,
    until: str | None,
    positions: Sequence[str] = (),
) -> "Wanted":
    from shared.cli.letters import Wanted

    now = system_clock()
    return Wanted(
        services=frozenset(_service(name) for name in services or SERVICES),
        reasons=frozenset(reasons or ()),
        topics=frozenset(topics or ()),
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
        positions=frozenset(_position(position) for position in positions),
    )


def _service(name: str) -> Service:
    for service in SERVICES:
        if service == name:
            return service
    raise typer.BadParameter(f"{name!r} is none of {', '.join(SERVICES)}", param_hint="--service")


def _position(text: str) -> str:
    service, _, place = text.partition(":")
    if service not in SERVICES or not re.fullmatch(r"\d+:\d+", place, flags=re.ASCII):
        raise typer.BadParameter(f"{text!r} is no position (example: ingest:0:17)")
    return text


async def _list(settings: KafkaSettings, wanted: "Wanted", *, as_json: bool) -> None:
    from rich.progress import Progress

    from shared.cli.letters import in_json, read

    table = Table("position", "dead since", "from", "reason", "text")
    with Progress(console=_err, transient=True) as bar:
        task = bar.add_task("Reading", total=1.0)
        async for letter, share in read(settings, wanted):
            bar.update(task, completed=share)
            if as_json:
                typer.echo(in_json(letter.document()))
                continue
            came = f"{letter.topic}[{letter.note('partition')}]@{letter.note('offset')}"
            dead = f"{letter.dead_at:%Y-%m-%d %H:%M:%S}"
            row = (letter.position, dead, came, letter.note("reason"), letter.text[:300])
            table.add_row(*map(tame, row))
    if not as_json:
        Console(highlight=False).print(table)
        _err.print(f"{table.row_count} dead letters")


async def _show(settings: KafkaSettings, position: str, *, as_json: bool) -> None:
    from shared.cli.letters import Wanted, in_json, read

    letters = read(settings, Wanted(positions=frozenset({position})))
    found = [letter async for letter, _ in letters]
    if not found:
        text = f"there is no dead letter {position}"
        raise HelpdeskError(text)
    document = found[0].whole()
    if as_json:
        typer.echo(in_json(document))
        return
    out = Console(highlight=False)
    table = Table(show_header=False, title=f"Dead letter {position}")
    for name, value in document.items():
        if name not in ("headers", "value"):
            table.add_row(name, tame(value))
    out.print(table)
    headers = Table("header", "value", title="Headers")
    for name, value in document["headers"]:
        headers.add_row(tame(name), tame(value))
    out.print(headers)
    out.print(tame(document["value"]), soft_wrap=True)


def _in_json(letter: "Letter", topic: str) -> None:
    from shared.cli.letters import in_json

    said = {"position": letter.position, "topic": topic, "reason": letter.note("reason")}
    typer.echo(in_json(said))


def _in_words(letter: "Letter", topic: str) -> None:
    typer.echo(f"{letter.position}\t{topic}\t{letter.note('reason')}")


async def _replay(
    settings: KafkaSettings,
    wanted: "Wanted",
    say: "Callable[[Letter, str], None]",
    *,
    compacted: bool,
    dry_run: bool,
) -> None:
    from rich.progress import Progress

    from shared.cli.letters import read
    from shared.cli.replaying import Replay, Sender

    began = system_clock()
    plan = Replay(began, compacted=compacted)
    count, missing = 0, set(wanted.positions)
    with Progress(console=_err, transient=True) as bar:
        task = bar.add_task("Looking" if dry_run else "Putting back", total=1.0)
        async with Sender(settings) as sender:
            async for letter, share in read(settings, wanted):
                missing.discard(letter.position)
                bar.update(task, completed=share)
                if (found := plan.put_back(letter)) is None:
                    continue
                count += 1
                record, at = found
                if dry_run or say is _in_json:
                    say(letter, record.topic)
                if not dry_run:
                    await sender.send(letter, record, at)
    for why, times in plan.skipped.items():
        _err.print(tame(f"{times} left: {why}"))
    for position in sorted(missing):
        _err.print(f"there is no such dead letter: {position}")
    typer.echo(f"{count} {'would be' if dry_run else 'were'} put back", err=say is _in_json)
    if count and not dry_run:
        _err.print(f"what dies from now on: --since {began:%Y-%m-%dT%H:%M:%SZ}")
    if missing:
        raise typer.Exit(1)


def _run(talk: "Coroutine[Any, Any, None]") -> None:
    """Run `talk` to its end; raises Transient, with readable words, when Kafka does not answer."""
    from aiokafka.errors import KafkaError

    try:
        asyncio.run(talk)
    except KafkaError as error:
        text = f"Kafka does not answer: {error!r}"
        raise Transient(text) from error
