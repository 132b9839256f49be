"""What only a real MongoDB shows: what is kept comes back, and is found by an index."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.join.joining import joining
from services.ingest.join.long_sms import Assembly
from services.ingest.store import MongoAssemblies, MongoProfiles
from services.ingest.sweep import Sweep
from services.ingest.who.profiles import Change
from shared.clock import FAR_FUTURE
from shared.contracts.base import Identity
from shared.contracts.messages import InboundMessage
from shared.contracts.profiles import Profile
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from shared.topics import MESSAGES
from tests.ingest.builders import RECEIVED, Published, a_table, parts_of, settled
from tests.ingest.memory import MemoryProfiles

pytestmark = pytest.mark.connected
WAIT = timedelta(seconds=30)


@pytest.fixture
async def mongo(request: pytest.FixtureRequest, unique: str) -> AsyncIterator[Mongo]:
    servers: Any = request.getfixturevalue("servers")
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    yield mongo
    await mongo.close()


def arrivals(*texts: str) -> list[Any]:
    return [settled(record).arrived[0] for record in parts_of(*texts)]


async def test_parts_are_kept_as_they_came_until_their_wait_is_over(mongo: Mongo) -> None:
    store = MongoAssemblies(mongo.database)
    await store.ensure_indexes()
    published, now = Published(), [RECEIVED]
    long_sms = joining(
        store, MemoryProfiles(), a_table(), published, lambda _body: None, lambda: now[0], WAIT
    )
    first, second, third = arrivals("Thanks \ud83d", "\udc4d!\x00", "lost")

    await long_sms.take([second])
    await long_sms.take([second, first])
    assert await store.due(RECEIVED + WAIT, 10) == []
    (document,) = await store.due(RECEIVED + 2 * WAIT, 10)
    now[0] += WAIT + timedelta(seconds=1)
    await Sweep(store, long_sms, lambda: now[0]).end_waits()
    await long_sms.take([third])

    assert {piece.body for piece in document.state.groups[0].pieces} == {
        first.piece.body,
        second.piece.body,
    }
    (said,), (edit,) = published.calls
    message = MESSAGES.contract.validate_json(said.value or b"")  # type: ignore[union-attr]
    assert isinstance(message, InboundMessage)
    assert message.text == "Thanks 👍! […]"
    assert b'"text":"Thanks \xf0\x9f\x91\x8d!lost"' in (edit.value or b"")
    (document,) = await store.find({}, 10)
    assert isinstance(document.state, Assembly)
    assert (document.state.groups, document.state.due_at) == ((), FAR_FUTURE)


@pytest.mark.spec("ING 8")
async def test_profiles_are_found_by_an_index_whatever_their_number(mongo: Mongo) -> None:
    store = MongoProfiles(mongo.database)
    await store.ensure_indexes()
    some = Profile(
        account_id="shop",
        profile_id="p",
        identities=(
            Identity(type="e164", value="+14155550000"),
            Identity(type="email", value="a@b.example"),
        ),
    )
    await store.save(
        [
            Change(f"shop:{number}", replace_identity(some, number), only_if_newer=False)
            for number in range(200)
        ]
    )
    wanted = ["shop|e164:+14155550007", "shop|email:7@b.example", "shop|e164:+14155559999"]

    found = await store.find(wanted)
    plan = await mongo.database.command(
        {
            "explain": {"find": "ingest_profiles", "filter": {"identities": {"$in": wanted}}},
            "verbosity": "executionStats",
        }
    )

    assert {key: profile.profile_id for key, profile in found.items()} == {
        wanted[0]: "p7",
        wanted[1]: "p7",
    }
    assert "IXSCAN" in str(plan)
    assert plan["executionStats"]["totalDocsExamined"] <= len(wanted)


def replace_identity(profile: Profile, number: int) -> Profile:
    return profile.model_copy(
        update={
            "profile_id": f"p{number}",
            "identities": (
                Identity(type="e164", value=f"+1415555{number:04}"),
                Identity(type="email", value=f"{number}@b.example"),
            ),
        }
    )
