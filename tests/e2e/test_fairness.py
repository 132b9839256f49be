"""A campaign that is let in by and by, while the replicas that do so are killed (ING 9)."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, MESSAGES
from tests.chaos.payloads import Customer, Shop, record
from tests.e2e.harness import Pipeline, pipeline

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

CONTACTS, EACH = 30, 15
FAIR = {"HELPDESK_INGEST_SHARE": "5", "HELPDESK_INGEST_LET_IN": "100"}


async def _published(place: Pipeline) -> dict[str, list[int]]:
    """What was published of each contact, each message where it came first."""
    found: dict[str, list[int]] = defaultdict(list)
    for each in await place.read(MESSAGES.name):
        body = json.loads(each.value or b"")
        if int(body["text"]) not in found[body["contact"]["id"]]:
            found[body["contact"]["id"]].append(int(body["text"]))
    return found


@pytest.mark.spec("ING 9")
async def test_replicas_that_are_killed_while_a_campaign_waits_lose_nothing_and_keep_the_order(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    async with pipeline(servers, unique, tmp_path) as place:
        shop = Shop(1)
        await place.publish([ACCOUNTS.record(shop.settings())])
        replicas = [place.run("ingest", **FAIR), place.run("ingest", **FAIR)]
        now = datetime.now(UTC)
        await place.publish(
            [
                record(Customer(shop, "sms", of), str(n), unique=f"SM{of:04}{n:04}", now=now)
                for n in range(EACH)
                for of in range(CONTACTS)
            ]
        )
        for turn, part in enumerate((0.3, 0.5, 0.7)):

            async def so_far(part: float = part) -> bool:
                found = await _published(place)
                return sum(map(len, found.values())) > part * CONTACTS * EACH

            await place.until(f"{part} of the campaign are in", so_far)
            replicas[turn % 2].kill()
            replicas[turn % 2] = place.run("ingest", **FAIR)

        async def all_of_it() -> bool:
            found = await _published(place)
            return sum(map(len, found.values())) == CONTACTS * EACH

        await place.until("all of the campaign is in", all_of_it)
        found = await _published(place)
        assert len(found) == CONTACTS
        assert all(numbers == list(range(EACH)) for numbers in found.values())

        # One that was started last may not have come as far as heeding the signal.
        for replica in replicas:
            await place.until("it is up", replica.is_ready)
        assert [replica.stop() for replica in replicas] == [0, 0]
