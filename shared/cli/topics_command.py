"""`helpdesk topics`: print the topics, create them, compare them with what Kafka has."""

import asyncio
import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared import topics as registry
from shared.running.settings import KafkaSettings, ServiceSettings
from shared.topic import SERVICES, Topic

_err = Console(stderr=True, highlight=False)


def topics(  # noqa: PLR0913  # an option each
    *,
    create: Annotated[bool, typer.Option(help="Create those that are not there yet.")] = False,
    check: Annotated[
        bool, typer.Option(help="Compare what Kafka has with what is declared.")
    ] = False,
    markdown: Annotated[bool, typer.Option(help="Print a Markdown table.")] = False,
    asyncapi: Annotated[bool, typer.Option(help="Print an AsyncAPI 3.0 document.")] = False,
    examples: Annotated[
        Path | None, typer.Option(help="A folder with examples for it: <topic>/<type>.json.")
    ] = None,
    replication: Annotated[int, typer.Option(help="Replicas of each partition.")] = 3,
    partitions: Annotated[
        int | None, typer.Option(help="Partitions at most, for small brokers.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print the topics; create them, again and again if you like; or check those that are there.

    `--check` tells what is missing, and how partitions, replicas, retention, cleanup, in-sync
    replicas and sizes differ from what is declared. More partitions than declared are told, and no
    error. On fewer brokers than `--replication`, too few replicas are none either.

    Exit codes: 1 also with `--check`, when something differs that is an error.
    """
    if markdown:
        typer.echo(markdown_table())
    elif asyncapi:
        from shared.cli.asyncapi import document, read_examples

        said = document(version("helpdesk-pipeline"), read_examples(examples) if examples else {})
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1))
    elif create:
        _create(replication, partitions, as_json=as_json)
    elif check:
        _check(replication, partitions, as_json=as_json)
    elif as_json:
        typer.echo(json.dumps([_declared(topic) for topic in registry.TOPICS], indent=2))
    else:
        for topic in registry.TOPICS:
            typer.echo(f"{topic.name}\t{topic.partitions}\t{topic.key_form}\t{topic.about}")


def _declared(topic: Topic[Any]) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "key": topic.key_form,
        "about": topic.about,
        "from": [*sorted(topic.producers), *filter(None, [topic.outside_producers])],
        "to": [*sorted(topic.consumers), *filter(None, [topic.outside_consumers])],
    }


def _create(replication: int, partitions: int | None, *, as_json: bool) -> None:
    from shared.bus.kafka import create_topics

    settings = ServiceSettings().kafka
    with _err.status("Creating topics"):
        created = asyncio.run(
            create_topics(settings, replication=replication, partitions=partitions)
        )
    if as_json:
        typer.echo(json.dumps({"topics": len(registry.TOPICS), "created": created}, indent=2))
        return
    for name in created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(registry.TOPICS)} topics are there, {len(created)} of them new")


def _check(replication: int, partitions: int | None, *, as_json: bool) -> None:
    from aiokafka.errors import KafkaError

    from shared.cli import topic_check
    from shared.errors import Transient

    try:
        found = asyncio.run(_found(ServiceSettings().kafka))
    except KafkaError as error:
        text = f"Kafka does not answer: {error!r}"
        raise Transient(text) from error
    told = topic_check.differences(found, replication, partitions)
    document = topic_check.document(found, told)
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        Console(highlight=False).print(_table(document))
    well = sum(not each["differences"] for each in document["topics"])
    _err.print(f"{well} of {len(document['topics'])} topics are as declared")
    raise typer.Exit(0 if document["ok"] else 1)


async def _found(settings: KafkaSettings) -> Any:  # noqa: ANN401  # imported late
    from shared.bus.cluster import Cluster, with_configurations

    async with Cluster(settings) as cluster:
        found = await cluster.topics()
        return with_configurations(found, await cluster.configurations(list(found.topics)))


def _table(document: dict[str, Any]) -> Table:
    table = Table("topic", "partitions", "replicas", "differs", "what to do")
    for each in document["topics"]:
        there, replicas = each["partitions"] or "-", each["replicas"] or "-"
        lines = each["differences"] or [{"text": "as declared", "advice": ""}]
        for place, line in enumerate(lines):
            head = ("", "", "") if place else (each["topic"], str(there), str(replicas))
            severity = f"{line['severity']}: " if "severity" in line else ""
            table.add_row(*head, f"{severity}{line['text']}", line["advice"])
    return table


def markdown_table() -> str:
    """The registry as a table, as the README shows it.

    The inbound topics have a row for all of them, and so have the dead letters.
    """
    rows = [
        "| topic | what | key | from | to |",
        "|---|---|---|---|---|",
    ]
    rows.append(
        "| `helpdesk.inbound.<channel>` | messages as the channel's provider delivers them:"
        f" {', '.join(registry.INBOUND)} | any (the sender, best) | channel webhooks | ingest |"
    )
    alike = {topic.name for topic in (*registry.INBOUND.values(), *registry.DEAD.values())}
    for topic in registry.TOPICS:
        if topic.name in alike:
            continue
        producers = [*sorted(topic.producers), *filter(None, [topic.outside_producers])]
        everybody = topic.consumers == frozenset(SERVICES)
        services = ["every service"] if everybody else sorted(topic.consumers)
        consumers = [*services, *filter(None, [topic.outside_consumers])]
        rows.append(
            f"| `{topic.name}` | {topic.about} | {topic.key_form} "
            f"| {', '.join(producers)} | {', '.join(consumers)} |"
        )
    rows.append(
        "| `helpdesk.dead.<service>` | what a service could not take: bytes, headers, position,"
        " reason | as it was | that service | operators |"
    )
    return "\n".join(rows)
