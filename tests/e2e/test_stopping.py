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


def _sids(records: list[Record]) -> set[str]:
    return {json.loads(record.value or b"{}")["provider_message_id"] for record in records}
