"""A week in which nobody worked: what customers wrote meanwhile, and the start after it."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.topics import INBOUND
from tests.chaos.table.site import Site
from tests.chaos.table.traffic import readable
from tests.chaos.traffic import Plan

WEEK = timedelta(days=7)
_DOWN_AFTER = 14.0
"""Seconds until everything has stopped, counted from the first message's turn."""

_SPAN = 3.0
"""Seconds in which a week's messages are published."""


def of_a_week(plan: Plan) -> Plan:
    """The same messages in the same order, received over the week that ended three hours ago.

    What marketing sent came later than all of them, though it is handled in the same seconds.
    """
    plan = readable(plan)
    last = max(saying.at for saying in plan.sayings)

    def moved(at: float) -> float:
        return _DOWN_AFTER + at / last * _SPAN

    sayings = [
        replace(
            saying,
            at=moved(saying.at),
            age=WEEK * (1 - saying.at / last) + timedelta(hours=3),
            long_ago=False,
            again=tuple(moved(min(at, last)) for at in saying.again),
        )
        for saying in plan.sayings
    ]
    return replace(plan, sayings=sayings, in_time=False)


async def all_stopped(site: Site) -> None:
    """No service runs."""
    await asyncio.gather(*(site.fleet.left(replica) for replica in site.replicas))


async def all_started(site: Site) -> None:
    """Every service runs; the bare consuming of what waits for them was measured before."""
    count, bare = await _consumed(site)
    began = time.monotonic()
    for replica in site.fleet.replicas:
        await asyncio.to_thread(replica.launch)
    for replica in site.fleet.replicas:
        await site.fleet.returned(replica)
    took = time.monotonic() - began
    site.notes.append(
        f"{count} records waited on the inbound topics; a bare consumer read them in {bare:.2f} s,"
        f" starting the {len(site.fleet.replicas)} processes took {took:.0f} s"
    )


async def _consumed(site: Site) -> tuple[int, float]:
    """How many records ingest has not had yet, and in how many seconds a consumer reads them."""
    ends = await site.topics.ends()
    inbound = {topic.name for topic in INBOUND.values()}
    committed = await site.topics.committed("ingest")
    firsts: dict[Any, int] = {
        tp: max(committed[tp].offset if tp in committed else 0, 0)
        for tp in ends
        if tp.topic in inbound
    }
    began = time.monotonic()
    consumer = await site.topics.follow(*INBOUND.values())
    try:
        for tp, first in firsts.items():
            consumer.seek(tp, first)
        count = 0
        while any([await consumer.position(tp) < ends[tp] for tp in firsts]):
            count += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
        return count, time.monotonic() - began
    finally:
        await consumer.stop()
