"""Profiles: one behaviour, in memory and in MongoDB (ING 8)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.store import MongoProfiles
from services.ingest.who.profiles import Profiles, changes
from shared.contracts.base import Identity
from shared.contracts.profiles import Profile
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from shared.topic import Deleted
from tests.ingest.memory import MemoryProfiles

PHONE = "+393331234567"
KEY = f"shop|e164:{PHONE}"


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def profiles(request: pytest.FixtureRequest) -> AsyncIterator[Profiles]:
    if request.param == "memory":
        yield MemoryProfiles()
        return
    servers: Any = request.getfixturevalue("servers")
    unique: str = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    store = MongoProfiles(mongo.database)
    await store.ensure_indexes()
    yield store
    await mongo.close()


def a_profile(
    profile_id: str = "p1",
    version: int | None = None,
    account_id: str = "shop",
    phone: str = PHONE,
    **fields: Any,
) -> Profile:
    updated_at = None if version is None else datetime(2026, 1, version, tzinfo=UTC)
    return Profile(
        account_id=account_id,
        profile_id=profile_id,
        updated_at=updated_at,
        identities=(Identity(type="e164", value=phone),),
        name=f"version {version}",
        **fields,
    )


async def found(profiles: Profiles, key: str = KEY) -> str | None:
    profile = (await profiles.find([key])).get(key)
    return profile.name if profile else None


@pytest.mark.spec("ING 8")
async def test_a_profile_is_found_by_its_identities_within_its_account(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=1, segments=("vip",))]))

    answer = await profiles.find([KEY, f"other|e164:{PHONE}", "shop|e164:+1999"])

    assert answer == {KEY: a_profile(version=1, segments=("vip",))}
    assert await profiles.find([]) == {}


@pytest.mark.spec("ING 8")
async def test_an_older_version_does_not_replace_a_newer_one(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=5)]))
    await profiles.save(changes([a_profile(version=3)]))
    assert await found(profiles) == "version 5"

    await profiles.save(changes([a_profile(version=7), a_profile(version=6)]))
    assert await found(profiles) == "version 7"


@pytest.mark.spec("ING 8")
async def test_a_version_without_a_time_replaces_and_is_replaced(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=5)]))
    await profiles.save(changes([a_profile()]))
    assert await found(profiles) == "version None"

    await profiles.save(changes([a_profile(version=2)]))
    assert await found(profiles) == "version 2"


@pytest.mark.spec("ING 8")
async def test_a_deleted_profile_is_not_found_until_it_is_there_again(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=5)]))
    await profiles.save(changes([Deleted("shop:p1"), Deleted("shop:never")]))
    assert await found(profiles) is None

    await profiles.save(changes([a_profile(version=5), Deleted("shop:p1"), a_profile(version=3)]))
    assert await found(profiles) == "version 3"


@pytest.mark.spec("ING 8")
async def test_deleted_and_made_again_in_one_batch_counts_over_what_was_stored(
    profiles: Profiles,
) -> None:
    await profiles.save(changes([a_profile(version=9)]))
    await profiles.save(changes([Deleted("shop:p1"), a_profile(version=3)]))

    assert await found(profiles) == "version 3"


@pytest.mark.spec("ING 8")
async def test_a_refused_change_does_not_stop_the_others(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=9)]))
    await profiles.save(
        changes(
            [
                a_profile(version=1),
                a_profile("p2", version=1, phone="+393330000002"),
            ]
        )
    )

    assert await found(profiles) == "version 9"
    assert await found(profiles, "shop|e164:+393330000002") == "version 1"


@pytest.mark.spec("ING 8")
async def test_identities_are_compared_in_canonical_form_and_the_smallest_id_counts(
    profiles: Profiles,
) -> None:
    await profiles.save(
        changes(
            [
                a_profile("p2", version=1),
                a_profile("p1", version=2, phone="+39 333 123-4567"),
            ]
        )
    )

    assert await found(profiles) == "version 2"


@pytest.mark.spec("ING 8")
async def test_an_identity_that_a_profile_lost_no_longer_finds_it(profiles: Profiles) -> None:
    await profiles.save(changes([a_profile(version=1)]))
    await profiles.save(changes([a_profile(version=2, phone="+393330000009")]))

    assert await found(profiles) is None
