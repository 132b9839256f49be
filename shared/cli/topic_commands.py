"""`helpdesk tail` and `helpdesk send`: topics as they happen, and files onto them."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import track

from shared.bus.delivery import Outgoing
from shared.cli import completing
from shared.cli.moments import moment
from shared.cli.plain import tame
from shared.clock import EPOCH, system_clock
from shared.contracts.base import Channel
from shared.errors import Transient
from shared.running.settings import KafkaSettings, ServiceSettings
from shared.topics import TOPICS

if TYPE_CHECKING:
    from shared.cli.tail import Wanted

_AT_ONCE = 200
_err = Console(stderr=True, highlight=False)


def tail(  # an option each
    topics: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TOPIC...]",
            help="`tickets` is short for `helpdesk.tickets`.",
            autocompletion=completing.topics,
        ),
    ] = None,
    *,
    account: Annotated[str, typer.Option(help="Only of this account.")] = "",
    ticket: Annotated[str, typer.Option(metavar="ID", help="Only of this ticket.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option("--type", help="Only of this type. Repeatable.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="From then on: RFC 3339, 90m, 2h or 3d ago, `start`."),
    ] = None,
    follow: Annotated[
        bool, typer.Option(help="Go on with what comes; else end with what is there.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON each.")] = False,
) -> None:
    """Print what happens on topics, until Ctrl-C.

    Without a topic, all of them but the dead letters. No consumer group is joined, so nobody's
    place on a topic moves. Texts of customers are shown: this is for people who may read them.
    """
    from shared.cli.tail import Wanted

    wanted = Wanted(account, ticket, frozenset(kind or ()))
    try:
        asyncio.run(_tail(topics or [], wanted, since=since, follow=follow, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _tail(
    names: list[str], wanted: "Wanted", *, since: str | None, follow: bool, as_json: bool
) -> None:
    from aiokafka.errors import KafkaError

    from shared.cli.reading import records, topic_named
    from shared.cli.tail import document, line

    topics = [topic_named(name) for name in names] or [
        topic for topic in TOPICS if ".dead." not in topic.name
    ]
    start = moment(since, system_clock()) if since and since != "start" else None
    if since == "start":
        start = EPOCH
    out = Console(highlight=False, soft_wrap=True)
    try:
        async for record in records(ServiceSettings().kafka, topics, since=start, follow=follow):
            if record not in wanted:
                continue
            if as_json:
                typer.echo(json.dumps(document(record), ensure_ascii=False))
            else:
                out.print(tame(line(record)))
    except KafkaError as error:
        text = f"Kafka does not answer: {error!r}"
        raise Transient(text) from error


def send(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Each file is one record.")
    ],
    *,
    channel: Annotated[Channel, typer.Option(help="Onto whose inbound topic.")],
    provider: Annotated[
        str | None, typer.Option(help="In whose format. By default it is recognised.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Whose it is, where the payload names no address.")
    ] = None,
) -> None:
    """Publish payloads as a webhook would: each file's bytes as they are, received now.

    `helpdesk normalize` says what would become of them. Sending a file again is a redelivery:
    the same message twice makes no second ticket.
    """
    from shared.cli.sending import as_records, files_below

    headers = {
        name: told for name, told in (("x-provider", provider), ("account", account)) if told
    }
    files = files_below(paths)
    asyncio.run(
        _publish(ServiceSettings().kafka, list(as_records(files, channel, headers, system_clock())))
    )
    typer.echo(f"{len(files)} sent")


async def _publish(settings: KafkaSettings, records: list[Outgoing]) -> None:
    from aiokafka.errors import KafkaError

    from shared.bus.kafka import Producer

    producer = Producer(settings)
    try:
        await producer.start()
        spans = range(0, len(records), _AT_ONCE)
        for begin in track(spans, "Sending", console=_err, disable=len(spans) < 2):
            await producer.publish(records[begin : begin + _AT_ONCE])
    except KafkaError as error:
        text = f"Kafka does not answer: {error!r}"
        raise Transient(text) from error
    finally:
        await producer.stop()
