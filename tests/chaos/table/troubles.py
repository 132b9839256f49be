"""The faults. Adding one is an entry of `ALL`: how it comes, how it goes, and what has to tell."""

import asyncio
from collections.abc import Callable

from shared.topics import DEAD
from tests.chaos.fleet import SESSION, Replica
from tests.chaos.proxy import Proxy
from tests.chaos.table import backlog, checks, clocks
from tests.chaos.table.cluster import NODES
from tests.chaos.table.site import Line, Site
from tests.chaos.table.traffic import broken_often
from tests.chaos.table.trouble import Act, Trouble

STALLED = "HelpdeskConsumerStalled"
NOBODY = "HelpdeskGroupWithoutMembers"
MISSING = "HelpdeskTargetMissing"
_BLOCKED = SESSION + 4
_RESETS_EVERY = 2.0
_CLOCK = "clock"


async def _nothing(_site: Site) -> None:
    """What was injected has gone by itself."""


def _second(site: Site) -> list[Replica]:
    return [replica for replica in site.replicas if replica.folder.name.endswith("-2")]


def _down(*numbers: int) -> Act:
    async def inject(site: Site) -> None:
        await asyncio.gather(*(asyncio.to_thread(site.nodes[n - 1].kill) for n in numbers))

    return inject


async def _nodes_back(site: Site) -> None:
    for node in site.nodes:
        await asyncio.to_thread(node.launch)
    for node in site.nodes:
        await asyncio.to_thread(node.wait)


def _proxies(choose: Callable[[Line], list[Proxy]], do: Callable[[Proxy], None]) -> Act:
    async def inject(site: Site) -> None:
        for line in site.lines:
            for proxy in choose(line):
                do(proxy)

    return inject


def _slow(proxy: Proxy) -> None:
    proxy.latency = 0.15


async def _network_back(site: Site) -> None:
    site.mended()


async def _resets(site: Site) -> None:
    for _ in range(6):
        for line in site.lines:
            for proxy in line.all:
                proxy.reset()
        await asyncio.sleep(_RESETS_EVERY)


async def _cut_off(site: Site) -> None:
    for proxy in site.lines[1].all:
        proxy.silence()


async def _full(site: Site) -> None:
    assert site.disk is not None
    await asyncio.to_thread(site.disk.fill)


async def _room(site: Site) -> None:
    assert site.disk is not None
    ended = sum(not node.runs for node in site.nodes)
    site.disk.free()
    await _nodes_back(site)
    site.notes.append(f"{ended} of the brokers ended, and were started again once there was room")


def _no_disk(site: Site) -> str | None:
    return None if site.disk else "mounting a small disk is not allowed here"


def _jump(hours: int) -> Act:
    """The second replica of every service is so many hours off, all at once, while it runs."""

    async def inject(site: Site) -> None:
        file = site.folder / _CLOCK
        clocks.jump(file, 0)
        others = [replica for replica in _second(site) if not replica.wrapped]
        for replica in others:
            replica.wrapped = clocks.wrapping(file)
        await asyncio.gather(*(site.fleet.rolled(replica) for replica in others))
        clocks.jump(file, hours)

    return inject


async def _clock_right(site: Site) -> None:
    clocks.jump(site.folder / _CLOCK, 0)


async def _blocked(site: Site) -> None:
    for replica in site.replicas:
        if replica not in _second(site):
            replica.armed = f"after-handler:2:{_BLOCKED}"
            site.fleet.kill(replica)


async def _no_letters(site: Site) -> None:
    for topic in DEAD.values():
        await site.topics.limit(topic, NODES, 100)


async def _letters(site: Site) -> None:
    for topic in DEAD.values():
        await site.topics.limit(topic, NODES, topic.max_bytes)


async def _rolled(site: Site) -> None:
    """The first replicas of all services, and then the second ones."""
    second = _second(site)
    first = [replica for replica in site.replicas if replica not in second]
    for some in (first, second):
        await asyncio.gather(*(site.fleet.rolled(replica) for replica in some))


ALL = (
    Trouble(
        name="kafka-one-of-three",
        about="one of three brokers killed, replication 3, two must have a record",
        inject=_down(2),
        mend=_nodes_back,
        lasts=10,
        checks=(checks.within(15),),
    ),
    Trouble(
        name="kafka-two-of-three",
        about="two of three brokers killed at once: nothing can be acknowledged",
        inject=_down(2, 3),
        mend=_nodes_back,
        lasts=20,
        alert=STALLED,
    ),
    Trouble(
        name="all-slow",
        about="150 ms more each way to Kafka, MongoDB and Redis",
        inject=_proxies(lambda line: list(line.all), _slow),
        mend=_network_back,
        lasts=15,
    ),
    Trouble(
        name="mongo-silent",
        about="MongoDB takes connections and answers nothing",
        inject=_proxies(lambda line: [line.mongo], Proxy.silence),
        mend=_network_back,
        lasts=22,
        alert=STALLED,
    ),
    Trouble(
        name="redis-silent",
        about="Redis takes connections and answers nothing",
        inject=_proxies(lambda line: [line.redis], Proxy.silence),
        mend=_network_back,
        lasts=20,
        checks=(checks.within(15),),
    ),
    Trouble(
        name="kafka-silent",
        about="all brokers take connections and answer nothing",
        inject=_proxies(lambda line: list(line.kafka), Proxy.silence),
        mend=_network_back,
        lasts=20,
        alert=STALLED,
    ),
    Trouble(
        name="resets",
        about="every connection to Kafka, MongoDB and Redis reset, six times",
        inject=_resets,
        mend=_network_back,
        lasts=0,
    ),
    Trouble(
        name="rolling-restart",
        about="SIGTERM to one replica after the other, and started again, under load",
        inject=_rolled,
        mend=_nothing,
        lasts=0,
        checks=(checks.within(30),),
        messages=500,
        writing=40,
    ),
    Trouble(
        name="loop-blocked",
        about=f"the event loop of a replica of each service blocked for {_BLOCKED} s,"
        f" the session's timeout is {SESSION} s",
        inject=_blocked,
        mend=_nothing,
        lasts=24,
        alert=MISSING,
    ),
    Trouble(
        name="week-behind",
        about="every service down, a week of messages comes in, then all are started",
        inject=backlog.all_stopped,
        mend=backlog.all_started,
        lasts=16,
        alert=NOBODY,
        checks=(checks.EVENT_TIME,),
        traffic=backlog.of_a_week,
        messages=1500,
    ),
    Trouble(
        name="disk-full",
        about="not a byte is free on the disk of all three brokers",
        inject=_full,
        mend=_room,
        lasts=15,
        alert=STALLED,
        lacking=_no_disk,
    ),
    Trouble(
        name="cut-off",
        about="a replica of each service hears nothing of Kafka, MongoDB and Redis",
        inject=_cut_off,
        mend=_network_back,
        lasts=15,
    ),
    Trouble(
        name="poison",
        about="one record in twelve cannot be read",
        inject=_nothing,
        mend=_nothing,
        lasts=8,
        alert="HelpdeskDeadLetters",
        traffic=broken_often,
    ),
    Trouble(
        name="dead-letters-refused",
        about="one record in twelve cannot be read, and the topics of dead letters take none",
        inject=_no_letters,
        mend=_letters,
        lasts=12,
        alert="HelpdeskDeadLetterPublishFails",
        traffic=broken_often,
    ),
    Trouble(
        name="clock-forward",
        about="the clock of a replica of each service jumps an hour forward, and back again",
        inject=_jump(1),
        mend=_clock_right,
        lasts=12,
        checks=(checks.EVENT_TIME,),
    ),
    Trouble(
        name="clock-back",
        about="the clock of a replica of each service jumps an hour back, and forward again",
        inject=_jump(-1),
        mend=_clock_right,
        lasts=12,
        alert=STALLED,
        checks=(checks.EVENT_TIME,),
    ),
)
