"""What is no message opens nothing, and what comes twice is there once."""

import pytest

from shared.contracts.base import Identity
from shared.contracts.commands import SnoozeTicket
from shared.contracts.profiles import Profile
from shared.topics import PROFILES
from tests.pipeline.stage import Stage, acme


@pytest.mark.spec("ING 3")
async def test_a_keyword_opens_nothing_and_shows_in_an_open_ticket(stage: Stage) -> None:
    await stage.account(acme())
    await stage.sms("STOP", sender="+393339999999")
    await stage.sms("cancel my order")

    await stage.sms("stop.")

    ticket_id, ticket = stage.only_ticket()
    assert ticket.message_count == 1
    assert stage.kinds(ticket_id)[-1] == "NoticeAdded"
    assert [s.keyword_class for s in stage.signals() if s.kind == "keyword"] == ["stop", "stop"]


@pytest.mark.spec("ING 2")
async def test_the_same_provider_message_twice_is_one_message(stage: Stage) -> None:
    await stage.account(acme())
    await stage.sms("Hello", sid="SM1")
    await stage.forward(days=30)

    await stage.sms("Hello", sid="SM1")

    _, ticket = stage.only_ticket()
    assert ticket.message_count == 1


@pytest.mark.spec("TKT 6")
async def test_a_snoozed_ticket_wakes_by_itself_or_by_its_customer(stage: Stage) -> None:
    await stage.account(acme())
    await stage.sms("Call me next week", sender="+393330000001")
    await stage.sms("Call me next week", sender="+393330000002")
    first, second = stage.board
    for ticket_id in (first, second):
        until = stage.clock().replace(day=11)
        await stage.command(SnoozeTicket, ticket_id, until=until)
    snoozed = [ticket.status for ticket in stage.board.values()]

    await stage.sms("No, today!", sender="+393330000002")
    await stage.forward(days=7, seconds=1)

    assert snoozed == ["snoozed", "snoozed"]
    assert [stage.facts(t)[-1].type for t in (first, second)] == ["TicketWoken", "CustomerWrote"]  # type: ignore[attr-defined]
    assert [ticket.status for ticket in stage.board.values()] == ["open", "open"]


@pytest.mark.spec("ASG 5")
@pytest.mark.spec("ING 8")
async def test_a_segment_routes_a_ticket_to_its_team(stage: Stage) -> None:
    routed = {
        "round_robin": True,
        "routing": [{"when": "segment", "is": "VIP", "team_id": "vip"}],
    }
    teams = [{"id": "vip", "name": "VIP", "members": ["bob"]}]
    await stage.account(acme(assignment=routed, teams=teams))
    await stage.online("ann")
    await stage.online("bob")
    carla = Identity(type="email", value="carla@example.com")
    await stage.publish(
        PROFILES,
        Profile(account_id="acme", profile_id="p1", identities=(carla,), segments=("VIP",)),
    )

    await stage.mail("Where is it?")

    _, ticket = stage.only_ticket()
    assert (ticket.team_id, ticket.assignee, ticket.contact.profile_id) == ("vip", "bob", "p1")
