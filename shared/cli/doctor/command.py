"""`helpdesk doctor`: ask everything at once, judge, and say what was found."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from shared.cli.doctor.failures import Failure, asked
from shared.cli.doctor.findings import Finding, document, exit_code
from shared.cli.plain import tame
from shared.clock import system_clock
from shared.running.settings import RedisSettings, ServiceSettings
from shared.stores.indexes import ENTRY_POINTS, Index, declared

T = TypeVar("T")

_LONGEST = 13.0
"""Seconds for all questions to a server, one after the other."""

_err = Console(stderr=True, highlight=False)
_COLOURS = {"ok": "green", "warning": "yellow", "wrong": "bold red", "not looked at": "dim"}


class Settings(ServiceSettings):
    """What services read, Redis too: the doctor looks at what all of them rest on."""

    redis: RedisSettings = RedisSettings()


def doctor(
    *,
    replication: Annotated[
        int, typer.Option(min=1, help="Replicas that each partition should have.")
    ] = 3,
    partitions: Annotated[
        int | None, typer.Option(help="Partitions at most, where topics were created so.")
    ] = None,
    behind: Annotated[
        int, typer.Option(min=0, help="More unread records of a service are a warning.")
    ] = 10_000,
    strict: Annotated[bool, typer.Option(help="Exit with 1 for warnings, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at Kafka, MongoDB and Redis, and say what is wrong and what to do.

    It reads the settings that services read, from the same variables and files, and takes about
    fifteen seconds at most, whatever is away. Nothing is written, and nothing secret is shown. What
    each finding means is in docs/doctor.md.

    Exit codes: 0 nothing is wrong (there may be warnings, unless `--strict`); 1 something is.
    """
    settings = Settings()
    # The drivers' own words come without order; what they mean is among the findings.
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    with _err.status("Looking at Kafka, MongoDB and Redis"):
        findings = asyncio.new_event_loop().run_until_complete(
            _findings(settings, replication, partitions, behind)
        )
    told = {**document(findings), "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        Console(highlight=False).print(_table(findings))
        counts = ", ".join(f"{count} {status}" for status, count in told["counts"].items())
        _err.print(f"{counts}, in {told['seconds']} s")
    sys.stdout.flush()
    sys.stderr.flush()
    # A name server that does not answer holds a thread, for which an orderly end would wait.
    os._exit(exit_code(findings, strict=strict))


async def _findings(
    settings: Settings, replication: int, partitions: int | None, behind: int
) -> list[Finding]:
    from shared.cli.doctor import asking_kafka, asking_mongo, asking_redis
    from shared.cli.doctor.judging_kafka import judge_kafka
    from shared.cli.doctor.judging_mongo import judge_mongo
    from shared.cli.doctor.judging_redis import judge_redis

    indexes = await _declared()
    kafka, mongo, redis = await asyncio.gather(
        _whole(
            asking_kafka.ask_kafka(settings.kafka, system_clock()),
            lambda why: asking_kafka.nothing(settings.kafka.topic_prefix, (), why),
        ),
        _whole(
            asking_mongo.ask_mongo(settings.mongo, indexes),
            lambda why: asking_mongo.nothing((), indexes, why),
        ),
        _whole(asking_redis.ask_redis(settings.redis), lambda why: asking_redis.nothing((), why)),
    )
    return [
        *judge_kafka(kafka, replication=replication, partitions=partitions, behind=behind),
        *judge_mongo(mongo),
        *judge_redis(redis),
    ]


async def _whole(question: Awaitable[T], otherwise: Callable[[Failure], T]) -> T:
    """The answer; where there is none, what is known then, so that the others are heard."""
    answer = await asked(question, _LONGEST)
    return otherwise(answer) if isinstance(answer, Failure) else answer


async def _declared() -> Mapping[str, Sequence[Index]]:
    """The indexes of each service that is installed."""
    return {
        service.name: await declared(service.load()) for service in entry_points(group=ENTRY_POINTS)
    }


def _table(findings: Sequence[Finding]) -> Table:
    table = Table("status", "of", "what is so", "what to do", "more")
    for finding in findings:
        status = f"[{_COLOURS[finding.status]}]{finding.status}[/]"
        more = "" if finding.status == "ok" else finding.see
        table.add_row(status, finding.check, tame(finding.text), tame(finding.advice), more)
    return table
