"""Handing over to Zendesk and Gorgias, while all goes well and while it does not (HND 4)."""

from datetime import timedelta
from typing import Any

import pytest

from services.handoff.clients.secrets import Credentials
from services.handoff.rules.letter import LONGEST_COMMENT
from services.handoff.rules.party import external_id
from shared.contracts.base import Identity
from shared.topics import DEAD
from tests.handoff.gorgias import Gorgias
from tests.handoff.standing_in import HARMLESS, StandIn
from tests.handoff.world import World, a_line, an_account, named
from tests.handoff.zendesk import Zendesk

both = pytest.mark.parametrize("method", ["zendesk", "gorgias"])


async def a_world(method: str, faults: tuple[str, ...] = ()) -> tuple[World, StandIn]:
    world = World()
    await world.account(an_account(method))
    other: StandIn = getattr(world, method)
    other.faults = list(faults)
    return world, other


async def until_it_ends(world: World, hours: float = 26) -> Any:
    end = world.clock() + timedelta(hours=hours)
    while not world.ended and world.clock() < end:
        await world.forward(minutes=1)
    return world.only_end()


@pytest.mark.spec("HND 4")
async def test_zendesk_gets_one_ticket_with_all_that_is_known() -> None:
    world, _ = await a_world("zendesk")
    contact = named(
        "1",
        display_name="Anna Rossi",
        identities=(Identity(type="e164", value="+393331112222"),),
        profile_id="profile-7",
    )

    await world.ask(contact=contact, email="anna@example.com", reason="complaint")

    (kept,), end = world.zendesk.tickets, world.only_end()
    said = kept.said
    assert said["external_id"].startswith("helpdesk-")
    assert said["requester"] == {
        "name": "Anna Rossi",
        "email": "anna@example.com",
        "phone": "+393331112222",
    }
    assert said["comment"]["public"] is False
    for words in (
        "[2026-03-04 09:00:00 UTC] Customer: Where is my order?",
        "AI agent: Let me see",
        "Profile: profile-7",
        "a complaint",
    ):
        assert words in said["comment"]["body"]
    assert (end.outcome, end.external_id) == ("handed_over", str(kept.number))
    assert end.external_url == f"https://shop.zendesk.com/agent/tickets/{kept.number}"
    assert [told.text[:9] for told in world.told] == ["Thank you"]
    assert world.handed_over == []


@pytest.mark.spec("HND 4")
async def test_gorgias_gets_one_ticket_with_all_that_is_known() -> None:
    world, _ = await a_world("gorgias")

    await world.ask(channel="webchat", confirmed=True, email="anna@example.com")

    (kept,), end = world.gorgias.tickets, world.only_end()
    (message,) = kept.said["messages"]
    assert kept.said["customer"] == {"name": "anna@example.com", "email": "anna@example.com"}
    assert (message["channel"], message["from_agent"]) == ("email", False)
    assert message["source"]["to"] == [{"address": "help@shop.example"}]
    assert "Customer: Where is my order?" in message["body_text"]
    assert end.external_url == f"https://shop.gorgias.com/app/ticket/{kept.number}"


@pytest.mark.spec("HND 4")
async def test_in_gorgias_an_sms_conversation_stays_one() -> None:
    world, _ = await a_world("gorgias")

    await world.ask(channel="sms", contact={"id": "x", "identities": [_phone("+393331112222")]})

    (kept,) = world.gorgias.tickets
    assert kept.said["channel"] == "sms"
    assert kept.said["messages"][0]["source"] == {
        "type": "sms",
        "from": {"address": "+393331112222", "name": "+393331112222"},
        "to": [{"address": "+390200000001"}],
    }


def _phone(value: str) -> dict[str, str]:
    return {"type": "e164", "value": value}


@pytest.mark.spec("HND 4")
@both
@pytest.mark.parametrize(
    "fault",
    [
        *sorted(HARMLESS),
        "reset_before",
        "reset_after",
        "timeout_before",
        "timeout_after",
        "late",
        "garbage",
        "huge",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_whatever_a_request_meets_there_is_one_ticket_in_the_end(
    method: str, fault: str, place: int
) -> None:
    world, other = await a_world(method, ("",) * place + (fault,))

    await world.ask()
    end = await until_it_ends(world)

    assert len([kept for kept in other.tickets if kept.status == "open"]) == 1
    assert end.outcome == "handed_over"
    assert end.external_id == str(other.tickets[0].number)
    assert world.handed_over == []
    assert len(world.told) == 1


@pytest.mark.spec("HND 4")
async def test_who_asks_to_be_left_alone_for_a_while_is() -> None:
    world, _ = await a_world("zendesk", ("429",))
    await world.ask()
    asked = len(world.zendesk.asked)

    await world.forward(seconds=92)
    assert len(world.zendesk.asked) == asked
    await world.forward(seconds=2)

    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 4")
@both
async def test_after_an_attempt_that_may_have_made_it_the_next_one_is_two_minutes_later(
    method: str,
) -> None:
    world, other = await a_world(method, ("", "timeout_before"))
    await world.ask()
    asked = len(other.asked)

    await world.forward(seconds=119)
    assert len(other.asked) == asked
    await world.forward(seconds=2)

    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 4")
@both
async def test_while_it_is_away_it_is_tried_for_a_day_and_then_the_team_has_it(
    method: str,
) -> None:
    world, other = await a_world(method, ("503",) * 10_000)
    started = world.clock()

    await world.ask()
    end = await until_it_ends(world)

    (command,) = world.handed_over
    assert end.outcome == "fell_back"
    assert command.notice.startswith(f"{method.title()} did not take it: it was tried for a day")
    assert timedelta(days=1) <= world.clock() - started <= timedelta(days=1, minutes=5)
    assert command.transcript
    assert other.tickets == []
    assert world.told == []
    assert 50 < len(other.asked) < 300


@pytest.mark.spec("HND 4")
async def test_a_ticket_that_is_found_on_the_last_day_is_not_made_a_second_time_here() -> None:
    world, other = await a_world("zendesk", ("", "timeout_after", *("401",) * 1_000))

    await world.ask()
    while world.clock() < world.only_party().deadline - timedelta(minutes=1):
        await world.forward(minutes=1)
    other.faults = []
    end = await until_it_ends(world)

    assert (end.outcome, len(other.tickets)) == ("handed_over", 1)
    assert world.handed_over == []


@pytest.mark.spec("HND 4")
@both
async def test_what_is_refused_is_tried_once_more_with_less_and_then_the_team_has_it(
    method: str,
) -> None:
    world, other = await a_world(method, ("", "422", "", "400"))
    contact = {"id": "x", "identities": [_phone("+393331112222")]}

    await world.ask(contact=contact)
    end = await until_it_ends(world, hours=1)

    assert end.outcome == "fell_back"
    assert "Record validation errors" in world.handed_over[0].notice
    assert [line for line in other.asked if line.startswith("POST")] == [other.asked[1]] * 2
    assert other.tickets == []


@pytest.mark.spec("HND 4")
async def test_with_less_it_may_be_taken() -> None:
    world, _ = await a_world("zendesk", ("", "422"))
    contact = {"id": "x", "identities": [_phone("+393331112222")]}

    await world.ask(contact=contact)
    end = await until_it_ends(world, hours=1)

    assert end.outcome == "handed_over"
    assert "phone" not in world.zendesk.tickets[0].said["requester"]
    assert "Phone: +393331112222" in world.zendesk.tickets[0].said["comment"]["body"]


@pytest.mark.spec("HND 4")
@both
async def test_credentials_that_the_operator_mends_within_the_day_are_good_enough(
    method: str,
) -> None:
    world, other = await a_world(method)
    good = world.secrets[f"{method}-shop"]
    world.secrets[f"{method}-shop"] = Credentials(good.user, "wrong")
    await world.ask()
    await world.forward(hours=1)
    assert set(world.counts.attempts) == {(method, "denied")}
    assert world.ended == []

    world.secrets[f"{method}-shop"] = good
    end = await until_it_ends(world, hours=1)

    assert (end.outcome, len(other.tickets)) == ("handed_over", 1)


@pytest.mark.spec("HND 4")
async def test_settings_that_are_gone_are_like_wrong_credentials() -> None:
    world, _ = await a_world("zendesk", ("503",))
    await world.ask()

    await world.account(an_account("helpdesk", zendesk=None))
    await world.forward(minutes=5)
    assert ("zendesk", "denied") in world.counts.attempts
    await world.account(an_account("zendesk"))
    end = await until_it_ends(world, hours=2)

    assert (end.method, end.outcome) == ("zendesk", "handed_over")


@pytest.mark.spec("HND 4")
async def test_of_two_tickets_in_gorgias_the_oldest_is_kept_and_the_other_closed() -> None:
    world, other = await a_world("gorgias", ("503",))
    await world.ask()
    for number in range(2):
        kept = other.keep(
            {"external_id": external_id("acme", "handoff-1"), "subject": str(number)}, late=False
        )
        assert kept.number == 100 + number

    end = await until_it_ends(world)

    assert end.external_id == "100"
    assert [kept.status for kept in other.tickets] == ["open", "closed"]


@pytest.mark.spec("HND 4")
@pytest.mark.parametrize("faults", [(), ("", "", "503"), ("", "", "", "timeout_before")])
async def test_a_ticket_that_gorgias_got_twice_at_once_is_closed_again(
    faults: tuple[str, ...],
) -> None:
    world, other = await a_world("gorgias", faults)
    assert isinstance(other, Gorgias)
    other.twice = True

    await world.ask()
    end = await until_it_ends(world)

    assert (end.outcome, end.external_id) == ("handed_over", "100")
    assert [kept.status for kept in other.tickets] == ["open", "closed"]


@pytest.mark.spec("HND 4")
async def test_a_gorgias_that_does_not_filter_gives_nobody_elses_ticket() -> None:
    world, other = await a_world("gorgias")
    assert isinstance(other, Gorgias)
    other.filters = False
    other.keep({"external_id": "theirs", "subject": "theirs"}, late=False)

    await world.ask()

    assert world.only_end().external_id == "101"
    assert [kept.status for kept in other.tickets] == ["open", "open"]


@pytest.mark.spec("HND 4")
async def test_a_long_transcript_lies_beside_the_comment_whole() -> None:
    world, other = await a_world("zendesk")
    assert isinstance(other, Zendesk)
    lines = tuple(a_line(f"line {n} " + "x" * 100, at=world.clock()) for n in range(2_000))

    await world.ask(transcript=lines)

    comment = other.tickets[0].said["comment"]
    assert len(comment["body"].encode()) <= LONGEST_COMMENT
    assert "line 1999 " in comment["body"]
    assert "line 3 " not in comment["body"]
    assert comment["uploads"] == ["upload-0"]
    assert other.uploads["upload-0"].decode().count("Customer: line") == 2_000


@pytest.mark.spec("HND 4")
async def test_in_gorgias_a_long_transcript_is_several_messages() -> None:
    world, other = await a_world("gorgias")
    lines = tuple(a_line(f"line {n} " + "x" * 100, at=world.clock()) for n in range(2_000))

    await world.ask(transcript=lines)

    texts = [message["body_text"] for message in other.tickets[0].said["messages"]]
    assert all(len(text.encode()) <= LONGEST_COMMENT for text in texts)
    assert "\n".join(texts[1:]).count("Customer: line") == 2_000


@pytest.mark.spec("HND 4")
@both
async def test_nothing_becomes_a_dead_letter_and_a_repeat_makes_nothing(method: str) -> None:
    world, other = await a_world(method)
    await world.ask()

    world.bus.rewind()
    await world.forward(days=2)

    assert len(other.tickets) == 1
    assert not world.log.records[DEAD["handoff"].name]
    assert len(world.ended) == 1
