"""Contacts' standings are kept alike in memory and in MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from services.spam.handlers import Contacts
from services.spam.rules.verdict import ContactRef, Standing
from services.spam.store import MongoContacts
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.spam.memory import MemoryContacts
from tests.spam.samples import MONDAY

HOUR = timedelta(hours=1)
ANNA, BERTA, CARLA = (ContactRef("acme", name) for name in ("anna", "berta", "carla"))
THEIRS = ContactRef("zeta", "anna")


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.connected)])
async def contacts(request: pytest.FixtureRequest) -> AsyncIterator[Contacts]:
    if request.param == "memory":
        yield MemoryContacts()
        return
    url = request.getfixturevalue("servers").mongo
    unique = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings(url=SecretStr(url), database=unique))
    yield MongoContacts(mongo.database)
    await mongo.close()


async def test_what_is_kept_of_a_contact_comes_back(contacts: Contacts) -> None:
    kept = {
        ANNA: Standing(known_at=MONDAY),
        BERTA: Standing(known_at=MONDAY, spam_at=MONDAY + HOUR),
        THEIRS: Standing(spam_at=MONDAY),
    }
    await contacts.add(kept)
    assert await contacts.load({ANNA, BERTA, CARLA, THEIRS}) == kept
    assert await contacts.load(set()) == {}


@pytest.mark.spec("SPM 3")
async def test_the_later_time_stays_in_whatever_order_they_come(contacts: Contacts) -> None:
    await contacts.add({ANNA: Standing(known_at=MONDAY + HOUR), BERTA: Standing(spam_at=MONDAY)})
    await contacts.add({ANNA: Standing(known_at=MONDAY, spam_at=MONDAY)})
    await contacts.add({BERTA: Standing(known_at=MONDAY), CARLA: Standing(known_at=MONDAY)})
    await contacts.add({})
    assert await contacts.load({ANNA, BERTA, CARLA}) == {
        ANNA: Standing(known_at=MONDAY + HOUR, spam_at=MONDAY),
        BERTA: Standing(known_at=MONDAY, spam_at=MONDAY),
        CARLA: Standing(known_at=MONDAY),
    }


@pytest.mark.spec("SPM 3")
async def test_replicas_that_write_at_once_lose_nothing(contacts: Contacts) -> None:
    await asyncio.gather(
        *(contacts.add({ANNA: Standing(known_at=MONDAY + hour * HOUR)}) for hour in range(8)),
        *(contacts.add({ANNA: Standing(spam_at=MONDAY + hour * HOUR)}) for hour in range(5)),
    )
    assert await contacts.load({ANNA}) == {
        ANNA: Standing(known_at=MONDAY + 7 * HOUR, spam_at=MONDAY + 4 * HOUR)
    }
