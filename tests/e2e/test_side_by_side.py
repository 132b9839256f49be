"""Replicas of this version and of a later one, in one group, on the same documents."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared.bus.delivery import Outgoing
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.messages import InboundMessage
from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, DEAD, SCREENED, TICKETS
from tests.builders import MONDAY
from tests.e2e.harness import Pipeline, Replica, pipeline
from tests.e2e.newer import NEW_TYPE, STORED

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

PEOPLE, ROUND = 12, 96


def messages(first: int) -> list[Outgoing]:
    """A round of messages, several of each visitor's."""
    found = []
    for number in range(first, first + ROUND):
        visitor = number % PEOPLE
        message = InboundMessage(
            account_id="acme",
            id=f"message-{number}",
            occurred_at=MONDAY,
            correlation_id=f"message-{number}",
            channel="webchat",
            address="widget-1",
            contact=Contact(id=f"visitor:widget-1:{visitor}"),
            conversation_id=f"chat-{visitor}",
            provider_message_id=str(number),
            sent_at=MONDAY,
            text=f"number {number}",
        )
        found.append(SCREENED.record(message))
    return found


async def answered(place: Pipeline, count: int) -> list[dict[str, Any]]:
    """The ticket stream once so many messages are in it, in order, repeats left out."""

    async def there() -> bool:
        return len(_written(await _events(place))) == count

    await place.until(f"{count} messages are in tickets", there, 90)
    return await _events(place)


async def _events(place: Pipeline) -> list[dict[str, Any]]:
    said = [json.loads(record.value or b"") for record in await place.read(TICKETS.name)]
    return list({(e["id"], e["type"]): e for e in reversed(said)}.values())[::-1]


def _written(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(e["message_id"] for e in events if e["type"] == "CustomerWrote")


async def both_have_joined(place: Pipeline, replicas: list[Replica]) -> None:
    async def joined() -> bool:
        try:
            shares = [r.metric("helpdesk_consumer_assigned_partitions") for r in replicas]
        except (OSError, StopIteration):  # it does not serve yet, or has no such series yet
            return False
        return all(share > 0 for share in shares)

    await place.until("each has partitions", joined, 90)


async def test_an_upgrade_is_rolled_out_and_back_and_nothing_is_lost_or_doubled(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    async with pipeline(servers, unique, tmp_path) as place:
        settings = AccountSettings(account_id="acme", channels=("webchat",))
        await place.publish([ACCOUNTS.record(settings)])
        old = place.run("ticketing")
        follower = place.run("autoclose")
        await place.publish(messages(0))
        await answered(place, ROUND)

        # A replica of the later version joins: both write the same tickets in turns.
        new = place.run_module("tests.e2e.newer", NEWER_SERVICE="ticketing")
        await both_have_joined(place, [old, new])
        await place.publish(messages(ROUND))
        events = await answered(place, 2 * ROUND)
        by_new = {e["ticket_id"] for e in events if "added_later" in e}
        by_old = {e["ticket_id"] for e in events if "added_later" not in e}
        assert by_new
        assert by_new & by_old, "no ticket was written by both"

        # The later one takes over, and is rolled back.
        assert old.stop() == 0
        await place.publish(messages(2 * ROUND))
        await answered(place, 3 * ROUND)
        rows = await _rows(servers, unique)
        assert all(row[STORED] == row["state"][STORED] == 2 for row in rows["tickets"])
        assert new.stop() == 0
        back = place.run("ticketing")
        await place.publish(messages(3 * ROUND))
        events = await answered(place, 4 * ROUND)

        assert set(_written(events).values()) == {1}
        seqs: defaultdict[str, list[int]] = defaultdict(list)
        for event in events:
            if event["type"] not in (NEW_TYPE, "CommandRejected"):
                seqs[event["ticket_id"]].append(event["seq"])
        assert len(seqs) == PEOPLE
        assert all(each == list(range(1, len(each) + 1)) for each in seqs.values())

        # Whoever follows, an older version, has passed the new type by.
        async def followed() -> bool:
            rows = (await _rows(servers, unique))["autoclose_timers"]
            last = {row["ticket_id"]: row["last_seq"] for row in rows}
            return last == {ticket_id: each[-1] for ticket_id, each in seqs.items()}

        await place.until("autoclose has followed", followed)
        for service in ("ticketing", "autoclose"):
            assert await place.read(DEAD[service].name) == []

        # What docs/upgrade.md warns of: new fields of a state last until an older version writes.
        rows = await _rows(servers, unique)
        assert all(STORED not in row["state"] for row in rows["tickets"])
        assert back.stop() == follower.stop() == 0


async def _rows(servers: Servers, unique: str) -> dict[str, list[dict[str, Any]]]:
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True)
    try:
        names = ("tickets", "autoclose_timers")
        return {name: [row async for row in client[unique][name].find()] for name in names}
    finally:
        client.close()
