"""The stream of events over HTTP: what pages are told, and when it ends (VWS 8)."""

import asyncio

import pytest

from services.desk.web.api import events
from tests.desk.http import Served

pytestmark = pytest.mark.connected


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams look every moment whether their session is over."""
    monkeypatch.setattr(events, "COMMENT_EVERY", 0.2)


async def test_a_new_message_is_told_with_its_row_and_counts(served: Served) -> None:
    sue = await served.browser("sue")
    async with sue.stream() as stream:
        before = await stream.next("counts")
        ticket = await served.ticketing.write()

        told, after = await stream.each("tickets", "counts")

    (row,) = told.data["rows"]
    assert (row["id"], row["in"]) == (ticket.id, ["unassigned", "all"])
    assert f'id="row-{ticket.id}"' in row["html"]
    assert set(row["keys"]) == {"waiting", "active", "opened", "number"}
    assert before.data["views"]["unassigned"] == 0
    assert after.data["views"]["unassigned"] == 1
    assert after.data["badge"] == 1
    assert after.data == (await sue.get("/api/v1/counts")).json()


async def test_what_one_gives_is_told_with_its_command_and_in_whose_views_it_is(
    served: Served,
) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    ticket = await served.ticketing.write()
    async with sue.stream() as sues, max_.stream() as maxs:
        await sues.next("counts")
        await maxs.next("counts")
        given = await max_.command(ticket.id, {"type": "assign", "assignee": "sue"})

        id_ = given.json()["command_id"]
        for stream in (sues, maxs):
            await stream.until(lambda stream=stream: id_ in stream.commands())

    rows = [[row for e in each.told for row in e.data.get("rows", ())] for each in (sues, maxs)]
    assert [each[-1]["in"] for each in rows] == [["inbox", "all"], ["all"]]
    assert sues.commands()[id_]["seq"] == given.json()["event"]["seq"]


async def test_whoever_looks_at_a_ticket_is_shown_to_the_others_and_not_to_themself(
    served: Served,
) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    ticket = await served.ticketing.write()
    async with sue.stream() as sues, max_.stream() as maxs:
        await sues.next("counts")
        await maxs.next("counts")
        path = f"/api/v1/tickets/{ticket.id}/here"
        answer = await max_.post(path, {"state": "writing"})

        to_sue, to_max = await sues.next("here"), await maxs.next("here")
        await served.ticketing.write()
        rows = [(await each.next("tickets")).data["rows"][0]["html"] for each in (sues, maxs)]

    assert answer.json() == {"others": []}
    assert [each["agent"] for each in to_sue.data["others"]] == ["max"]
    assert to_max.data["others"] == []
    assert ["Max" in html for html in rows] == [True, False]


async def test_a_page_that_comes_back_is_told_what_one_that_stayed_was_told(two: Served) -> None:
    sue, max_ = await two.browser("sue"), await two.browser("max")
    max_.replica = two.replicas[1]
    async with max_.stream() as stayed:
        await stayed.next("counts")
        async with sue.stream() as first:
            await first.next("counts")
            one = await two.ticketing.write("one")
            await first.until(lambda: first.rows().get(one.id))
            since = first.last_id
        await two.replicas[0].die()
        for name in ("two", "three"):
            await two.ticketing.write(name)
        last = await two.ticketing.write("one")
        sue.replica = two.replicas[1]
        async with sue.stream(since) as back:
            await back.until(lambda: [e for e in back.told if e.type == "counts"])
            newest = two.ticketing.world.now_is(last).seq
            await stayed.until(lambda: stayed.rows().get(last.id) == newest)

            assert back.rows() == stayed.rows()
            assert "reload" not in [event.type for event in back.told]
            assert back.last_id == stayed.last_id


@pytest.mark.usefixtures("often")
async def test_a_stream_ends_with_its_session(served: Served) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    assert sue.session is not None
    async with sue.stream() as sues, max_.stream() as maxs:
        await sues.next("counts")
        await served.people.end("acme", session_id=sue.session.id)

        # Whatever happens meanwhile keeps it open no longer.
        async with asyncio.timeout(20):
            while not sues.is_over:
                await served.ticketing.write()
                await asyncio.sleep(0.05)
        await maxs.until(lambda: maxs.comments > 2)
        assert not maxs.is_over


@pytest.mark.usefixtures("often")
async def test_the_stream_of_an_integration_lasts_as_long_as_its_token(served: Served) -> None:
    reader = await served.integration("tickets:read")
    async with reader.stream() as stream:
        await stream.until(lambda: stream.comments > 2)
        ticket = await served.ticketing.write()
        await stream.until(lambda: ticket.id in stream.rows())
        assert not stream.is_over

        await served.people.end_token("acme", reader.token.id)

        await stream.until(lambda: stream.is_over)


async def test_an_accounts_stream_says_nothing_of_another_account(served: Served) -> None:
    sue, zoe = await served.browser("sue"), await served.browser("zoe", "zeta")
    async with sue.stream() as sues, zoe.stream() as zoes:
        await sues.next("counts")
        theirs = await served.ticketing.write(account_id="zeta")
        await zoes.until(lambda: theirs.id in zoes.rows())
        mine = await served.ticketing.write()
        await sues.until(lambda: mine.id in sues.rows())

    assert theirs.id not in sues.rows()
    assert mine.id not in zoes.rows()


async def test_a_custom_view_is_counted_and_named_for_those_who_see_it(served: Served) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    private = await sue.post("/api/v1/views", {"name": "Mine", "filters": {"channel": ["sms"]}})
    shared = await max_.post("/api/v1/views", {"name": "Ours", "shared": True})
    private_id, shared_id = private.json()["id"], shared.json()["id"]
    async with sue.stream() as sues, max_.stream() as maxs:
        await sues.next("counts")
        await maxs.next("counts")
        await served.ticketing.write()

        told, counted = await sues.each("tickets", "counts")
        max_in = (await maxs.next("tickets")).data["rows"][0]["in"]

    (row,), counts = told.data["rows"], counted.data["views"]
    assert set(row["in"]) == {"unassigned", "all", private_id, shared_id}
    assert set(max_in) == {"unassigned", "all", shared_id}
    assert (counts[private_id], counts[shared_id]) == (1, 1)
