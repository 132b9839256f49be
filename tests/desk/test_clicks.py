"""Links that were followed are published while nobody waits for it (OUT 1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import REGISTRY

from services.desk.clicks import Clicks
from services.desk.rules.following import Lead
from shared.contracts.clicks import LinkFollowed
from shared.errors import Poison, Transient
from shared.topics import CLICKS
from tests.builders import MONDAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.bus.delivery import Outgoing

pytestmark = pytest.mark.spec("OUT 1")

LEAD = Lead("abc123XYZ0", "acme", "t1", "m1", "https://acme.example/a")


@dataclass
class Topic:
    """Takes what is published, unless it is `away` or `broken`; `held` it does not answer."""

    taken: list[LinkFollowed] = field(default_factory=list)
    tries: list[list[str]] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    held: bool = False
    tried: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        bodies: list[Any] = [CLICKS.contract.validate_json(each.value or b"") for each in records]  # type: ignore[union-attr]
        self.tries.append([body.id for body in bodies])
        self.tried.set()
        if self.held:
            await asyncio.Event().wait()
        if self.failing:
            raise self.failing.pop(0)
        self.taken += bodies


def clicks(topic: Topic, **more: Any) -> Clicks:
    return Clicks(topic.publish, lambda: MONDAY, again_after=0.0, **more)


def people() -> float:
    return REGISTRY.get_sample_value("helpdesk_links_followed_total", {"by": "person"}) or 0


def dropped() -> float:
    return REGISTRY.get_sample_value("helpdesk_clicks_dropped_total") or 0


async def until(holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0)


async def test_each_time_that_a_link_is_followed_is_a_fact_of_its_own() -> None:
    topic = Topic()
    door = clicks(topic)
    before = people()
    await door.open()

    door.note(LEAD, "person")
    door.note(LEAD, "person")
    await until(lambda: len(topic.taken) == 2)
    await door.close()

    one, other = topic.taken
    assert one.id != other.id
    assert (one.account_id, one.ticket_id, one.message_id) == ("acme", "t1", "m1")
    assert (one.code, one.url, one.by, one.occurred_at) == (LEAD.code, LEAD.url, "person", MONDAY)
    assert people() == before + 2


async def test_what_the_brokers_did_not_take_is_published_again_with_the_same_id() -> None:
    topic = Topic(failing=[Transient("away"), Transient("away")])
    door = clicks(topic)
    await door.open()

    door.note(LEAD, "person")
    await until(lambda: topic.taken)
    await door.close()

    assert len(topic.taken) == 1
    assert topic.tries == [[topic.taken[0].id]] * 3


async def test_while_nothing_can_be_published_the_newest_are_dropped_and_counted() -> None:
    topic = Topic(held=True)
    door = clicks(topic, most=3)
    await door.open()
    before = dropped()

    for _ in range(5):
        door.note(LEAD, "robot")
    await topic.tried.wait()
    topic.held = False
    await door.close()

    assert dropped() - before == 2
    assert len(topic.taken) == 3


async def test_a_stop_publishes_what_waits_still() -> None:
    topic = Topic(held=True)
    door = clicks(topic)
    await door.open()
    door.note(LEAD, "person")
    await topic.tried.wait()
    door.note(LEAD, "preview")

    topic.held = False
    await door.close()

    assert [each.by for each in topic.taken] == ["person", "preview"]


async def test_a_stop_while_the_brokers_are_away_ends_and_counts_what_is_lost() -> None:
    topic = Topic(held=True)
    door = clicks(topic)
    await door.open()
    door.note(LEAD, "person")
    await topic.tried.wait()
    before = dropped()

    topic.held, topic.failing = False, [Transient("away")]
    await door.close()

    assert dropped() - before == 1


async def test_what_can_never_be_published_stops_nothing_that_follows() -> None:
    topic = Topic(failing=[Poison("too_large", "it is too large")])
    door = clicks(topic)
    await door.open()
    before = dropped()

    door.note(LEAD, "person")
    await until(lambda: dropped() > before)
    door.note(LEAD, "person")
    await until(lambda: topic.taken)
    await door.close()

    assert (len(topic.taken), dropped() - before) == (1, 1)
