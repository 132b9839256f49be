"""One command for many tickets: fixed when asked for, answered one by one (VWS 6)."""

import asyncio
from typing import Any

import pytest

from services.desk.web import jobs as jobs_module
from shared.errors import Transient
from tests.desk.http import Asks, Served, a_key

pytestmark = pytest.mark.connected

CLOSE = {"type": "close"}


async def tickets(served: Served, count: int, **more: Any) -> list[str]:
    return [(await served.ticketing.write(f"by{n}", **more)).id for n in range(count)]


async def begun(asks: Asks, body: dict[str, Any], key: str | None = None) -> str:
    answer = await asks.ask("POST", "/api/v1/bulk", json=body, key=key or a_key())
    assert answer.status_code == 202, answer.text
    id_: str = answer.json()["job_id"]
    assert answer.headers["location"] == f"/api/v1/bulk/{id_}"
    return id_


async def job(asks: Asks, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = (await asks.get(f"/api/v1/bulk/{id_}")).json()
    return found


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step waits for no answers."""
    monkeypatch.setattr(jobs_module, "_PATIENCE", 0.0)


async def test_each_ticket_is_answered_with_what_happened_or_the_refusal(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 3)
    await sue.command(ids[1], CLOSE)
    number = (await sue.get(f"/api/v1/tickets/{ids[1]}")).json()["row"]["number"]

    id_ = await begun(sue, {"command": CLOSE, "ids": [*ids, "no-such-ticket", ids[0]]})
    await served.replica.jobs.sweep()

    found = await job(sue, id_)
    assert (found["total"], found["done"], found["finished"]) == (4, 4, True)
    refused = {each["ticket_id"]: each for each in found["refused"]}
    assert set(refused) == {ids[1], "no-such-ticket"}
    assert refused[ids[1]]["code"] == "already_closed"
    assert refused[ids[1]]["number"] == number
    assert refused["no-such-ticket"]["code"] == "unknown_ticket"
    assert all(each["reason"] for each in refused.values())


async def test_a_whole_view_is_what_it_held_when_it_was_asked_for(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 3)
    body = {"command": CLOSE, "view": "unassigned", "filters": {"channel": ["sms"]}}
    counted = await sue.post("/api/v1/bulk", {**body, "dry_run": True})
    key = a_key()

    id_ = await begun(sue, body, key)
    later = (await served.ticketing.write("late")).id
    again = await begun(sue, body, key)
    await served.replica.jobs.sweep()

    assert (counted.status_code, counted.json()) == (200, {"count": 3})
    assert again == id_
    assert (await job(sue, id_))["total"] == 3
    states = {t: (await sue.get(f"/api/v1/tickets/{t}")).json()["row"]["status"] for t in ids}
    assert set(states.values()) == {"closed"}
    assert (await sue.get(f"/api/v1/tickets/{later}")).json()["row"]["status"] == "open"


async def test_a_dry_run_changes_nothing(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)

    answer = await sue.post("/api/v1/bulk", {"command": CLOSE, "ids": ids, "dry_run": True})
    await served.replica.jobs.sweep()

    assert answer.json() == {"count": 2}
    assert served.ticketing.given == []


async def test_a_key_that_came_with_another_request_is_refused(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)
    key = a_key()
    await begun(sue, {"command": CLOSE, "ids": ids[:1]}, key)

    path, body = "/api/v1/bulk", {"command": CLOSE, "ids": ids}
    answer = await sue.ask("POST", path, json=body, key=key)

    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"command": CLOSE}, "no_tickets", "ids"),
        ({"command": CLOSE, "ids": []}, "no_tickets", "ids"),
        ({"command": CLOSE, "ids": ["a"], "view": "inbox"}, "no_tickets", "ids"),
        ({"command": CLOSE, "ids": ["a"], "filters": {"q": "x"}}, "no_view", "view"),
        ({"command": CLOSE, "view": "inbox", "filter": {}}, "invalid", "filter"),
        (
            {"command": CLOSE, "view": "inbox", "filters": {"statu": ["open"]}},
            "unknown_filter",
            "statu",
        ),
        (
            {"command": CLOSE, "view": "inbox", "filters": {"status": "open"}},
            "invalid_filter",
            "status",
        ),
        ({"command": {"type": "close", "txt": ""}, "ids": ["a"]}, "invalid", "command.txt"),
        ({"command": CLOSE, "ids": ["a"] * 10_001}, "invalid", "ids"),
    ],
)
async def test_what_may_mean_other_tickets_than_were_meant_is_refused(
    served: Served, body: dict[str, Any], code: str, field: str
) -> None:
    sue = await served.browser("sue")

    answer = await sue.post("/api/v1/bulk", body)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, code, field)


async def test_another_accounts_tickets_are_refused_as_those_that_are_not_there(
    served: Served,
) -> None:
    sue = await served.browser("sue")
    (foreign,) = await tickets(served, 1, account_id="zeta")

    id_ = await begun(sue, {"command": CLOSE, "ids": [foreign, "nowhere"]})
    await served.replica.jobs.sweep()

    one, other = (await job(sue, id_))["refused"]
    assert {**one, "ticket_id": ""} == {**other, "ticket_id": ""}
    assert served.ticketing.given == []


async def test_a_job_is_nobody_elses_account_to_see(served: Served) -> None:
    sue, zoe = await served.browser("sue"), await served.browser("zoe", "zeta")
    id_ = await begun(sue, {"command": CLOSE, "ids": ["a"]})

    foreign = await zoe.get(f"/api/v1/bulk/{id_}")
    unknown = await zoe.get("/api/v1/bulk/desk-none")

    assert (foreign.status_code, foreign.text) == (404, unknown.text)


async def test_what_a_reply_leaves_open_is_filled_in_for_each_ticket(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)
    text = "Hello {{ticket.number}}: {{agent.name}} here. {{contact.name}}"
    named = await served.ticketing.write("by0")
    contact = named.contact.model_copy(update={"display_name": "Anna Bo"})
    third = (await served.ticketing.write("anna", contact=contact)).id

    id_ = await begun(sue, {"command": {"type": "reply", "text": text}, "ids": [ids[1], third]})
    await served.replica.jobs.sweep()

    (sent,) = served.ticketing.world.sent
    number = (await sue.get(f"/api/v1/tickets/{third}")).json()["row"]["number"]
    assert sent.text == f"Hello {number}: Sue here. Anna Bo"
    (refused,) = (await job(sue, id_))["refused"]
    assert (refused["ticket_id"], refused["code"]) == (ids[1], "placeholder")


@pytest.mark.usefixtures("hasty")
@pytest.mark.spec("MAC 1")
async def test_a_reply_to_many_opens_those_that_are_closed_and_take_one(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)
    ids += [(await served.ticketing.write("carl", channel="webchat")).id]
    for id_ in ids[1:]:
        await sue.command(id_, CLOSE)

    command = {"type": "reply", "text": "We are back.", "then": "open"}
    id_ = await begun(sue, {"command": command, "ids": ids})
    await served.replica.jobs.sweep()

    refused = (await job(sue, id_))["refused"]
    assert [(each["ticket_id"], each["code"]) for each in refused] == [(ids[2], "not_open")]
    shown = [(await sue.get(f"/api/v1/tickets/{each}")).json()["row"]["status"] for each in ids]
    assert shown == ["open", "open", "closed"]


async def test_what_is_not_answered_yet_is_not_told_as_refused(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 3)
    served.ticketing.held = True
    id_ = await begun(sue, {"command": CLOSE, "ids": ids})
    await served.replica.jobs.sweep()

    before = await job(sue, id_)
    await served.ticketing.go_on()
    served.ticketing.later(seconds=3)
    await served.replica.jobs.sweep()
    after = await job(sue, id_)

    assert (before["done"], before["refused"], before["finished"]) == (0, [], False)
    assert (after["done"], after["refused"], after["finished"]) == (3, [], True)


@pytest.mark.usefixtures("hasty")
async def test_a_late_refusal_counts_too(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)
    served.ticketing.held = True
    id_ = await begun(sue, {"command": {"type": "reopen"}, "ids": ids})
    await served.replica.jobs.sweep()
    await served.ticketing.go_on()
    served.ticketing.later(hours=5)

    await served.replica.jobs.sweep()

    found = await job(sue, id_)
    assert found["finished"]
    assert {each["code"] for each in found["refused"]} == {"not_closed"}


@pytest.mark.usefixtures("hasty")
async def test_a_job_whose_replica_died_is_taken_on_by_another(
    two: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "AT_ONCE", 2)
    sue = await two.browser("sue")
    ids = await tickets(two, 5)
    id_ = await begun(sue, {"command": {"type": "note", "text": "outage"}, "ids": ids})
    two.ticketing.failing.append(RuntimeError("killed"))
    with pytest.raises(RuntimeError, match="killed"):
        await two.replicas[0].jobs.sweep()

    await two.replicas[1].jobs.sweep()
    at_once = await job(sue, id_)
    two.ticketing.later(minutes=1, seconds=1)
    await two.replicas[1].jobs.sweep()
    two.ticketing.later(seconds=3)
    await two.replicas[1].jobs.sweep()

    assert at_once["done"] == 0
    found = await job(sue, id_)
    assert (found["done"], found["refused"], found["finished"]) == (5, [], True)
    assert len(two.ticketing.given) == len({c.id for c in two.ticketing.given}) == 5


async def test_two_replicas_give_each_command_once(
    two: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "AT_ONCE", 2)
    sue = await two.browser("sue")
    ids = await tickets(two, 6)
    id_ = await begun(sue, {"command": {"type": "tag", "tags": ["outage"]}, "ids": ids})

    await asyncio.gather(*(replica.jobs.sweep() for replica in two.replicas))
    await two.replicas[0].jobs.sweep()

    assert (await job(sue, id_))["finished"]
    assert sorted(c.ticket_id for c in two.ticketing.given) == sorted(ids)


async def test_while_the_brokers_are_away_a_job_waits(served: Served) -> None:
    sue = await served.browser("sue")
    ids = await tickets(served, 2)
    id_ = await begun(sue, {"command": CLOSE, "ids": ids})
    served.ticketing.failing.append(Transient("no broker"))
    with pytest.raises(Transient):
        await served.replica.jobs.sweep()
    served.ticketing.later(minutes=2)

    await served.replica.jobs.sweep()

    assert (await job(sue, id_))["finished"]


async def test_how_far_it_is_is_told_to_whoever_asked_for_it(served: Served) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    ids = await tickets(served, 2)
    async with sue.stream() as sues, max_.stream() as maxs:
        await sues.next("counts")
        await maxs.next("counts")
        id_ = await begun(sue, {"command": {"type": "note", "text": "n"}, "ids": ids})
        await served.replica.jobs.sweep()

        told = await sues.next("job")
        await maxs.next("tickets")

    assert told.data == await job(sue, id_)
    assert "job" not in [event.type for event in maxs.told]
