"""Whichever of their ids a WhatsApp user writes under, they stay one contact (TKT 5)."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest

from services.ingest import rules
from services.ingest.emit.emitter import Emitted
from services.ingest.store import MongoAliases
from services.ingest.who import whatsapp_ids
from services.ingest.who.whatsapp_ids import Alias, Aliases, Claim
from shared.bus.delivery import Record
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.ingest.builders import (
    PHONE_NUMBER_ID,
    a_record,
    a_table,
    a_whatsapp,
    an_account,
    an_sms,
    settled,
)
from tests.ingest.memory import MemoryAliases

NUMBER, OTHER_NUMBER = "14155550123", "14155550199"
USER, PARENT, OTHER_USER = "US.1349", "US.ENT.77", "US.2222"


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Aliases]:
    if request.param == "memory":
        yield MemoryAliases()
        return
    servers: Any = request.getfixturevalue("servers")
    unique: str = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    yield MongoAliases(mongo.database)
    await mongo.close()


def a_text(*, wamid: str = "wamid.1", **ids: str) -> Record:
    text = {"type": "text", "text": {"body": "hi"}, "id": wamid, "from": ""}
    return a_whatsapp(text | ids)


def a_whatsapp_change(name: str, value: object) -> Record:
    changes = [{"field": name, "value": value}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "waba", "changes": changes}]}
    return a_record("whatsapp", json.dumps(body).encode())


def by_number(number: str = NUMBER, wamid: str = "wamid.n") -> Record:
    return a_text(wamid=wamid, **{"from": number})


def by_user(user: str = USER, wamid: str = "wamid.u") -> Record:
    return a_text(wamid=wamid, from_user_id=user)


def by_both(number: str = NUMBER, user: str = USER, wamid: str = "wamid.b") -> Record:
    return a_text(wamid=wamid, **{"from": number, "from_user_id": user})


def a_change(said: Mapping[str, str], **message: str) -> Record:
    return a_whatsapp({"type": "system", "id": "wamid.s", "system": dict(said), **message})


def said_by(*records: Record) -> list[Emitted]:
    return [body for record in records for body in settled(record).said]


async def contacts(store: Aliases, *records: Record) -> list[str]:
    """Whose each record is, when they come one after the other."""
    found = []
    for record in records:
        (body,) = said_by(record)
        found.append((await whatsapp_ids.settled([body], store))[body.id])
    return found


BY_NUMBER, BY_USER = f"wa_id:{NUMBER}", f"wa_bsuid:{USER}"


@pytest.mark.spec("TKT 5")
async def test_a_contact_known_by_user_id_first_stays_it_once_a_number_comes(
    store: Aliases,
) -> None:
    found = await contacts(store, by_user(), by_both(), by_number())

    assert found == [BY_USER] * 3


@pytest.mark.spec("TKT 5")
async def test_a_contact_known_by_number_first_stays_it_once_the_number_is_hidden(
    store: Aliases,
) -> None:
    found = await contacts(store, by_number(), by_both(), by_user())

    assert found == [BY_NUMBER] * 3


@pytest.mark.spec("TKT 5")
async def test_two_contacts_that_turn_out_to_be_one_go_on_as_the_users(store: Aliases) -> None:
    found = await contacts(store, by_number(), by_user(), by_both(), by_number(), by_user())

    assert found == [BY_NUMBER, BY_USER, BY_USER, BY_USER, BY_USER]


@pytest.mark.spec("TKT 5")
async def test_a_number_that_somebody_else_has_now_leads_to_them(store: Aliases) -> None:
    theirs = f"wa_bsuid:{OTHER_USER}"
    found = await contacts(
        store, by_both(), by_both(user=OTHER_USER), by_number(), by_user(), by_user(OTHER_USER)
    )

    assert found == [BY_USER, theirs, theirs, BY_USER, theirs]


@pytest.mark.spec("TKT 5")
async def test_the_id_in_a_linked_portfolio_leads_to_the_same_contact(store: Aliases) -> None:
    with_parent = a_text(from_user_id=USER, from_parent_user_id=PARENT)
    elsewhere = a_text(from_user_id=OTHER_USER, from_parent_user_id=PARENT)

    assert await contacts(store, with_parent, elsewhere, by_user(OTHER_USER)) == [BY_USER] * 3


@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize(
    "change",
    [
        a_change({"type": "user_changed_number", "wa_id": OTHER_NUMBER}, **{"from": NUMBER}),
        a_change(
            {"type": "user_changed_number", "wa_id": OTHER_NUMBER, "user_id": OTHER_USER},
            **{"from": NUMBER, "from_user_id": USER},
        ),
        a_change(
            {
                "type": "user_changed_user_id",
                "previous_user_id": USER,
                "wa_id": OTHER_NUMBER,
                "user_id": OTHER_USER,
            }
        ),
        a_change(
            {
                "type": "user_changed_user_id",
                "user_id": OTHER_USER,
                "wa_id": OTHER_NUMBER,
                "body": f"User Ann changed from {USER} to {OTHER_USER}",
            },
            **{"from": ""},
        ),
    ],
    ids=["number", "number and id", "id", "id in words"],
)
async def test_who_changed_number_or_id_stays_who_they_were(store: Aliases, change: Record) -> None:
    found = await contacts(store, by_both(), change, by_number(OTHER_NUMBER))

    assert found == [BY_USER] * 3


@pytest.mark.spec("TKT 5")
async def test_an_id_update_leads_the_new_id_to_the_old_contact(store: Aliases) -> None:
    update = {"wa_id": NUMBER, "user_id": {"previous": USER, "current": OTHER_USER}}
    value = {"metadata": {"phone_number_id": PHONE_NUMBER_ID}, "user_id_update": [update]}
    change = a_whatsapp_change("user_id_update", value)

    found = await contacts(store, by_user(), change, by_user(OTHER_USER))

    assert found == [BY_USER] * 3


@pytest.mark.spec("TKT 5")
async def test_a_change_takes_no_id_from_whom_it_belongs_to(store: Aliases) -> None:
    change = a_change({"type": "user_changed_number", "wa_id": OTHER_NUMBER}, **{"from": NUMBER})
    theirs = f"wa_id:{OTHER_NUMBER}"

    found = await contacts(
        store, by_number(), by_number(OTHER_NUMBER), change, by_number(OTHER_NUMBER)
    )

    assert found == [BY_NUMBER, theirs, BY_NUMBER, theirs]


@pytest.mark.spec("TKT 5")
async def test_a_number_that_the_user_shared_is_theirs_and_a_card_of_others_is_not(
    store: Aliases,
) -> None:
    def a_card(origin: str) -> Record:
        card = {"origin": origin, "phones": [{"phone": f"+{NUMBER}", "wa_id": NUMBER}]}
        return a_whatsapp(
            {
                "type": "contacts",
                "id": origin,
                "from": "",
                "from_user_id": USER,
                "contacts": [card],
            }
        )

    assert await contacts(store, a_card("other"), by_number()) == [BY_USER, BY_NUMBER]
    assert await contacts(store, a_card("contact_request"), by_number()) == [BY_USER, BY_USER]


@pytest.mark.spec("TKT 5")
async def test_receipts_ask_who_it_is_and_make_nobody_known(store: Aliases) -> None:
    status = {"id": "wamid.o", "status": "read", "recipient_id": NUMBER}
    receipt = a_whatsapp({}, messages=[], statuses=[status])

    assert await contacts(store, receipt, by_both(), receipt) == [BY_NUMBER, BY_USER, BY_USER]


async def test_aliases_are_an_accounts_own(store: Aliases) -> None:
    await contacts(store, by_number())
    (theirs,) = settled(by_both(), a_table(an_account("other"))).said

    assert (await whatsapp_ids.settled([theirs], store))[theirs.id] == BY_USER


async def test_other_channels_have_none() -> None:
    class Nobody(MemoryAliases):
        async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
            pytest.fail(f"asked for {keys}")

    assert await whatsapp_ids.settled(said_by(an_sms()), Nobody()) == {}


@pytest.mark.spec("TKT 5")
async def test_a_batch_is_decided_in_its_order(store: Aliases) -> None:
    said = said_by(by_number(), by_both(), by_user())

    found = await whatsapp_ids.settled(said, store)

    assert [found[body.id] for body in said] == [BY_NUMBER] * 3
    assert await contacts(store, by_user()) == [BY_NUMBER]


async def test_a_claim_holds_only_against_what_it_saw(store: Aliases) -> None:
    first, second = Alias("a"), Alias("b", "US.1")

    assert await store.claim([])
    assert await store.claim([Claim("k", None, first)])
    assert await store.claim([Claim("k", None, first)])
    assert not await store.claim([Claim("k", None, second), Claim("other", None, first)])
    assert await store.claim([Claim("k", first, second)])
    assert await store.claim([Claim("k", first, second)])
    assert not await store.claim([Claim("k", first, Alias("c"))])
    assert await store.find(["k", "other", "unknown"]) == {"k": second, "other": first}
    assert await store.find([]) == {}


@pytest.mark.spec("TKT 5")
def test_only_the_contacts_id_changes() -> None:
    outcome = settled(by_both())
    (body,) = outcome.said

    (changed,) = rules.with_contacts(outcome, {body.id: BY_NUMBER}).said

    assert body.contact is not None
    assert changed.contact == body.contact.model_copy(update={"id": BY_NUMBER})
    assert (changed.id, changed.correlation_id) == (body.id, body.correlation_id)
    assert rules.with_contacts(outcome, {}) == outcome
