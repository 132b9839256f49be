"""What docs/integrate.md shows of the examples, the registry of topics and the partitioner."""

import re
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from shared.bus.kafka import partition_of
from shared.topic import MEBIBYTE, SERVICES, Topic
from shared.topics import TOPICS
from tests.integrate.examples import FOLDER

PARTITIONS = 12
KEYS = ("sample", "sample:rosa", "sample:t-1", "sample:+393335550001", "rosa@example.com", "città")

_NODES = re.compile(r"\W+")
_MADE = re.compile(r"(<!-- made: (\S+) -->\n)(.*?)(<!-- /made -->)", re.DOTALL)


def remade(page: str) -> str:
    """The page with everything in it that is made, made anew. KeyError for a strange name."""

    def again(found: re.Match[str]) -> str:
        return f"{found[1]}{made(found[2])}\n{found[4]}"

    return _MADE.sub(again, page)


def parts(page: str) -> list[str]:
    """The names of what is made in the page, in order."""
    return [found[2] for found in _MADE.finditer(page)]


def without_parts(page: str) -> str:
    """What is written by hand."""
    return _MADE.sub("", page)


def made(name: str) -> str:
    """One part of the page: an example in full, or what is made of the code."""
    if name in _OF_CODE:
        return _OF_CODE[name]()
    language = {"py": "python", "sh": "sh", "conf": "ini"}[name.rpartition(".")[2]]
    text = (FOLDER / name).read_text(encoding="utf-8").rstrip()
    return f"```{language}\n{text}\n```"


def outside(names: str) -> list[str]:
    """The others at one end of a topic, one by one."""
    return [name for name in names.split(", ") if name]


def short(topic: Topic[Any]) -> str:
    """Its name without what all names have; inbound topics and dead letters are one each."""
    name = topic.name.removeprefix("helpdesk.")
    for group in ("inbound", "dead"):
        if name.startswith(f"{group}."):
            return f"{group}.*"
    return name


def picture() -> str:
    """Who of the others publishes and consumes what."""
    lines = ["```mermaid", "flowchart LR", "  pipeline[the pipeline]"]
    ends: dict[tuple[str, bool], list[str]] = {}
    for topic in TOPICS:
        for who in outside(topic.outside_producers):
            ends.setdefault((who, True), []).append(short(topic))
        for who in outside(topic.outside_consumers):
            ends.setdefault((who, False), []).append(short(topic))
    for (who, publishes), names in ends.items():
        node = f"{_NODES.sub('_', who)}([{who}])"
        topics = "<br>".join(dict.fromkeys(names))
        ways = (node, "pipeline") if publishes else ("pipeline", node)
        lines.append(f"  {ways[0]} -->|{topics}| {ways[1]}")
    return "\n".join([*lines, "```"])


def topics() -> str:
    """The topics that others publish on or consume: key, size, how long they are kept."""
    rows: dict[str, str] = {}
    for topic in TOPICS:
        if not (topic.outside_producers or topic.outside_consumers):
            continue
        everybody = len(topic.consumers) == len(SERVICES)
        readers = ["every service"] if everybody else sorted(topic.consumers)
        writers = ["each service"] if short(topic) == "dead.*" else sorted(topic.producers)
        rows[short(topic)] = (
            f"| `helpdesk.{short(topic)}` | {topic.key_form} "
            f"| {_all(writers, topic.outside_producers)} "
            f"| {_all(readers, topic.outside_consumers)} "
            f"| {topic.max_bytes // MEBIBYTE} MiB | {_kept(topic)} |"
        )
    head = [
        "| topic | key | publish | consume | a record at most | kept |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows.values()])


def _all(services: Sequence[str], others: str) -> str:
    return ", ".join([*services, *(f"**{name}**" for name in outside(others))])


def _kept(topic: Topic[Any]) -> str:
    if topic.compacted:
        return "the newest of each key"
    return f"{topic.retention.days} day{'s' * (topic.retention.days > 1)}"


def java(key: str) -> int:
    """The partition of a key, of twelve, by the pipeline and by Kafka's Java client."""
    everywhere = list(range(PARTITIONS))
    return partition_of(key.encode(), everywhere, everywhere)


def librdkafka(key: str) -> int:
    """Where librdkafka puts it unless it is told otherwise (`consistent_random`)."""
    return zlib.crc32(key.encode()) % PARTITIONS


def keys() -> str:
    """Keys to check a client by."""
    rows = ["| key | right | librdkafka, not told |", "|---|---|---|"]
    rows += [f"| `{key}` | {java(key)} | {librdkafka(key)} |" for key in KEYS]
    return "\n".join(rows)


_OF_CODE: dict[str, Callable[[], str]] = {"picture": picture, "topics": topics, "keys": keys}
