"""Stopping as Kubernetes does it: in time, the batch in flight finished, nothing lost."""

import asyncio
import json
from pathlib import Path

import pytest

from shared.bus.delivery import Record
from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, MESSAGES
from tests.e2e import bad_input as given
from tests.e2e.harness import pipeline

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(600)]

PATIENCE = 180


async def test_a_service_under_load_stops_in_time_and_leaves_no_more_than_a_batch(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    many, batch = 3_000, 50
    async with pipeline(servers, unique, tmp_path) as place:
        await place.publish([ACCOUNTS.record(given.other_settings())])
        replica = place.run("ingest", HELPDESK_KAFKA__MAX_BATCH=str(batch))

        async def ready() -> bool:
            return given.answers(replica, "/ready")

        await place.until("ready", ready, PATIENCE)
        publishing = asyncio.create_task(
            place.publish([given.an_sms(f"SM{n}", f"+3933300{n:05}") for n in range(many)])
        )

        async def under_way() -> bool:
            return len(await place.read(MESSAGES.name)) > batch

        await place.until("some are handled", under_way)
        code = await asyncio.to_thread(replica.stop, 30)
        await publishing
        assert code == 0
        assert '"stopping"' in replica.log.read_text()

        there = await place.read(MESSAGES.name)
        assert batch < len(there) < many, "it was stopped in the middle"
        again = place.run("ingest", HELPDESK_KAFKA__MAX_BATCH=str(batch))

        async def all_there() -> bool:
            return len(_sids(await place.read(MESSAGES.name))) == many

        await place.until("nothing is lost", all_there, PATIENCE)
        assert again.stop() == 0
        published = await place.read(MESSAGES.name)
        assert len(published) - many <= batch, "what was handled was committed"


async def test_a_service_stops_in_time_though_its_group_waits_for_one_that_died(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    missed_after = {
        "HELPDESK_KAFKA__SESSION_TIMEOUT": "120",
        "HELPDESK_KAFKA__REBALANCE_TIMEOUT": "120",
    }
    rebalances = 'helpdesk_consumer_rebalances_total{service="ingest"}'
    async with pipeline(servers, unique, tmp_path) as place:
        await place.publish([ACCOUNTS.record(given.other_settings())])
        soon = {**missed_after, "HELPDESK_KAFKA__SESSION_TIMEOUT": "6"}
        member = place.run("ingest", **soon)
        await place.until("it is a member", member.is_ready, PATIENCE)
        dead = place.run("ingest", **missed_after)
        await place.until("the other one is too", dead.is_ready, PATIENCE)
        dead.kill()
        before = member.metric(rebalances)
        joining = place.run("ingest", **soon)

        async def rejoins() -> bool:
            return member.metric(rebalances) > before

        await place.until("it joins anew with the third", rejoins, PATIENCE)
        assert '"serving"' not in joining.log.read_text()
        for replica in (member, joining):
            assert await asyncio.to_thread(replica.stop, 30) == 0
        assert "left the consumer group without a word" in member.log.read_text()
        assert "stopping before it serves" in joining.log.read_text()


def _sids(records: list[Record]) -> set[str]:
    return {json.loads(record.value or b"{}")["provider_message_id"] for record in records}
