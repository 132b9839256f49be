"""The hand-off's stores, in memory and in MongoDB alike."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from services.handoff.app import Stores
from services.handoff.rules.outside import claimed
from services.handoff.rules.party import Party
from services.handoff.rules.questions import go_on
from services.handoff.rules.requests import new_party
from services.handoff.store import MongoAgents, MongoParties
from shared.contracts.handoffs import Picture
from shared.running.settings import MongoSettings
from shared.stores.documents import Document, Entry, Target
from shared.stores.mongo import Mongo
from shared.values.attendance import Attendance
from tests.builders import MONDAY, a_contact, minutes
from tests.handoff.memory import memory_stores
from tests.handoff.world import World, a_line, a_request, an_account
from tests.lasting import let_nothing_expire

if TYPE_CHECKING:
    from shared.embedded.servers import Servers


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def stores(request: pytest.FixtureRequest, unique: str) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield memory_stores()
        return
    servers: Servers = request.getfixturevalue("servers")
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    try:
        parties, agents = MongoParties(mongo.database), MongoAgents(mongo.database)
        for store in (parties, agents):
            await store.ensure_indexes()
            await store.ensure_indexes()
        await let_nothing_expire(mongo.database)
        yield Stores(parties, agents)
    finally:
        await mongo.close()


def a_party(name: str = "anna", method: str = "zendesk") -> Party:
    account = an_account(method)
    picture = Picture(url="https://cdn.example/a.png")
    request = a_request(
        MONDAY,
        id=f"handoff-of-{name}",
        contact=a_contact(channel="sms", name=name),
        transcript=(a_line("Where? \x00 語 👩🏽‍🚀", at=MONDAY, pictures=(picture,)),),
    )
    return go_on(new_party(request, account, MONDAY), account, MONDAY).party


async def test_a_party_is_read_as_it_was_written(stores: Stores) -> None:
    party = claimed(a_party(), 1, "token", MONDAY)

    await stores.parties.write([Document(party, 0)])
    (found,) = await stores.parties.load([Target("acme", id=party.id)])

    assert found.state == party


async def test_what_is_due_is_found_by_its_line_the_longest_overdue_first(
    stores: Stores,
) -> None:
    parties = [
        a_party("anna").model_copy(update={"acts_at": minutes(2)}),
        a_party("bruno").model_copy(update={"acts_at": minutes(1)}),
        a_party("carla").model_copy(update={"acts_at": minutes(4)}),
        a_party("dora", "gorgias"),
        a_party("elio", "helpdesk"),
    ]
    await stores.parties.write([Document(party, 0) for party in parties])

    found = await stores.parties.due("zendesk", minutes(2), 10)
    one = await stores.parties.due("zendesk", minutes(2), 1)
    ours = await stores.parties.due("", minutes(2), 10)

    named = [document.state.handoff_id for document in found]
    assert named == ["handoff-of-bruno", "handoff-of-anna"]
    assert [document.state.handoff_id for document in one] == ["handoff-of-bruno"]
    assert [document.state.handoff_id for document in ours] == ["handoff-of-elio"]


async def test_what_has_been_under_way_since_a_while_is_counted_by_method(
    stores: Stores,
) -> None:
    parties = [a_party("anna"), a_party("bruno"), a_party("carla", "helpdesk")]
    await stores.parties.write([Document(party, 0) for party in parties])

    assert await stores.parties.since(MONDAY) == {}
    since = await stores.parties.since(MONDAY + timedelta(milliseconds=1))

    assert dict(since) == {"zendesk": 2, "helpdesk": 1}


async def test_parties_are_found_by_any_of_their_names_and_of_one_account(
    stores: Stores,
) -> None:
    anna, bruno = a_party("anna"), a_party("bruno")
    other = anna.model_copy(update={"account_id": "other"})
    await stores.parties.write([Document(party, 0) for party in (anna, bruno, other)])

    found = await stores.parties.named("acme", {anna.names[0], "email:nobody@example.com"})

    assert [document.state.id for document in found] == [anna.id]


async def test_deleting_and_forgetting_leave_nothing(stores: Stores) -> None:
    party = a_party()
    await stores.parties.write([Document(party, 0)])
    await stores.parties.record([(party.id, Entry("seen", {"at": MONDAY}))])
    (found,) = await stores.parties.load([Target("acme", id=party.id)])

    assert await stores.parties.delete(found)
    await stores.parties.forget_entries(party.id, MONDAY)

    assert await stores.parties.load([Target("acme", id=party.id)]) == []
    assert await stores.parties.applied(["seen"]) == {}


async def test_an_agents_newest_choice_is_kept(stores: Stores) -> None:
    old = Attendance("acme", "ann", online=True, chosen_at=minutes(1), seen_at=minutes(1))
    new = Attendance("acme", "ann", online=False, chosen_at=minutes(2), seen_at=minutes(2))
    bob = Attendance("other", "bob")

    await stores.agents.attend([new, bob])
    await stores.agents.attend([old])

    assert list(await stores.agents.of("acme")) == [new]
    known = await stores.agents.known({("acme", "ann"), ("other", "bob"), ("acme", "nobody")})
    assert dict(known) == {("acme", "ann"): new, ("other", "bob"): bob}


@pytest.mark.spec("HND 4")
async def test_the_service_works_on_it(stores: Stores) -> None:
    world = World(parties=stores.parties, agents=stores.agents)  # type: ignore[arg-type]
    await world.account(an_account("zendesk"))
    world.zendesk.faults = ["", "timeout_after"]

    await world.ask()
    await world.forward(minutes=3)

    assert len(world.zendesk.tickets) == 1
    assert world.only_end().outcome == "handed_over"
