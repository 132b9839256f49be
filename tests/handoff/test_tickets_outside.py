"""What Zendesk and Gorgias get of a conversation, and that it is one ticket (HND 4)."""

import pytest

from services.handoff.rules.letter import LONGEST_COMMENT
from services.handoff.rules.party import external_id
from shared.contracts.base import Identity
from tests.handoff.gorgias import Gorgias
from tests.handoff.others import a_phone, a_world, until_it_ends
from tests.handoff.world import a_line, named
from tests.handoff.zendesk import Zendesk


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

    await world.ask(channel="sms", contact={"id": "x", "identities": [a_phone("+393331112222")]})

    (kept,) = world.gorgias.tickets
    assert kept.said["channel"] == "sms"
    assert kept.said["messages"][0]["source"] == {
        "type": "sms",
        "from": {"address": "+393331112222", "name": "+393331112222"},
        "to": [{"address": "+390200000001"}],
    }


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
