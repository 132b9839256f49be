"""The histories' store, in memory and in MongoDB alike."""

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from services.attribution.erasing import Histories
from services.attribution.rules.decisions import Fact, News, decide
from services.attribution.rules.history import History, history_id
from services.attribution.store import MongoContacts
from shared.contracts.accounts import AttributionSettings
from shared.running.settings import MongoSettings
from shared.stores.documents import Document, Target
from shared.stores.mongo import Mongo
from tests.attribution.memory import MemoryContacts
from tests.attribution.story import DAY, HOUR, MONDAY, PHONE, Ticket, delivered
from tests.attribution.world import World

if TYPE_CHECKING:
    from shared.embedded.servers import Servers

HERE = Target("acme", id=history_id("acme", PHONE))


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def store(request: pytest.FixtureRequest, unique: str) -> AsyncIterator[Histories]:
    if request.param == "memory":
        yield MemoryContacts()
        return
    servers: Servers = request.getfixturevalue("servers")
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    try:
        contacts = MongoContacts(mongo.database)
        await contacts.ensure_indexes()
        await contacts.ensure_indexes()
        yield contacts
    finally:
        await mongo.close()


def a_full_history() -> History:
    ticket = Ticket()
    history: History | None = None
    for fact in _facts(ticket):
        history, _ = decide(history, News(PHONE, fact), AttributionSettings(window=1.5 * DAY))
    assert history is not None
    return history


def _facts(ticket: Ticket) -> Iterator[Fact]:
    yield delivered("s1", MONDAY, source="flow")
    yield ticket.wrote(MONDAY + HOUR)
    yield ticket.wrote(MONDAY + 2 * HOUR, spam=True)
    yield ticket.marked_spam(MONDAY + 3 * HOUR)
    yield ticket.marked_not_spam(MONDAY + 4 * HOUR)


async def test_a_history_is_read_as_it_was_written(store: Histories) -> None:
    history = a_full_history()

    written = await store.write([Document(state=history, revision=0)])
    (found,) = await store.load([HERE])

    assert written == {history.id}
    assert found.state == history
    assert found.revision == 1


async def test_of_two_that_write_first_one_wins(store: Histories) -> None:
    one, other = a_full_history(), History(account_id="acme", phone=PHONE)
    await store.write([Document(state=one, revision=0)])

    written = await store.write([Document(state=other, revision=0)])

    assert written == set()
    assert [document.state for document in await store.load([HERE])] == [one]


@pytest.mark.spec("ATT 5")
async def test_the_service_works_on_it(store: Histories) -> None:
    ticket = Ticket()
    first, second = ticket.wrote(MONDAY + HOUR), ticket.wrote(MONDAY + 2 * HOUR)
    world = World(store)

    await world.happened(second)
    await world.sent(delivered("s1", MONDAY))
    replica = World(store)
    await replica.happened(first, second)

    assert world.credits == {"t1-m2": "s1"}
    assert [fact.revision for fact in replica.facts] == [2, 1]
    assert replica.credits == {"t1-m1": "s1"}
