"""A chat about a return: tagged by what the customer wrote, routed by the tag, and corrected."""

import pytest

from shared.contracts.commands import MarkNotSpam, TagTicket, UntagTicket
from shared.contracts.tickets import TicketFact, TicketTagged
from shared.topics import COMMANDS, LESSONS, WEIGHTS
from tests.pipeline.stage import ANN, Stage, acme
from tests.pipeline.test_spam_marked_not_spam import SPAM

RETURN = "Hi, I would like to return my shoes and get a refund please"
TEAMS = [{"id": "returns", "name": "Returns", "members": ["bob"]}]
BY_TAG = {
    "round_robin": True,
    "routing": [{"when": "tag", "is": "Returns", "team_id": "returns"}],
}


@pytest.mark.spec("TAG 1", "ASG 5")
async def test_a_new_ticket_is_tagged_and_its_tag_routes_it(stage: Stage) -> None:
    await stage.account(acme(teams=TEAMS, assignment=BY_TAG))
    await stage.chat("hi")
    ticket_id, before = stage.only_ticket()
    await stage.chat(RETURN)

    _, ticket = stage.only_ticket()
    tagged = [event for event in stage.facts(ticket_id) if isinstance(event, TicketTagged)]
    assert "Returns" not in before.tags
    assert "Returns" in ticket.tags
    assert ticket.team_id == "returns"
    assert {event.author.kind for event in tagged} == {"system"}
    assert "return" in tagged[-1].because


@pytest.mark.spec("TAG 2")
async def test_a_tag_that_an_agent_removed_does_not_come_back(stage: Stage) -> None:
    await stage.account(acme())
    await stage.chat(RETURN)
    ticket_id, before = stage.only_ticket()
    await stage.command(UntagTicket, ticket_id, tags=before.tags)

    await stage.chat("I want to return them, how do I send the shoes back for a refund?")

    _, ticket = stage.only_ticket()
    assert "Returns" in before.tags
    assert "Returns" not in ticket.tags
    assert all(isinstance(event, TicketFact) for event in stage.events[:-1])


@pytest.mark.spec("TAG 2")
async def test_what_agents_add_is_given_from_then_on_in_their_account_alone(stage: Stage) -> None:
    said = "my zorble flickers when I plug the wimble in"
    own = {"own": [{"name": "Zorbles", "examples": ["the zorble is broken"]}]}
    await stage.account(acme(tags=own))
    for number in range(4):
        await stage.sms(f"{said} ({number})", sender=f"+39333111220{number}")
    before = [ticket.tags for ticket in stage.board.values()]
    for ticket_id, ticket in list(stage.board.items()):
        if "Loyalty" not in ticket.tags:
            await stage.command(TagTicket, ticket_id, tags=("Loyalty", "not a known tag"))

    await stage.sms(said, sender="+393331112299")

    assert not any("Loyalty" in tags for tags in before)
    assert "Loyalty" in list(stage.board.values())[-1].tags
    assert {label.name for lesson in stage.bodies(LESSONS) for label in lesson.labels} == {
        "Loyalty"
    }
    assert {(each.account_id, each.subject) for each in stage.bodies(WEIGHTS)} == {("acme", "tags")}


@pytest.mark.spec("TAG 1", "SPM 2")
async def test_spam_has_no_tags_until_it_is_none(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")
    await stage.mail(f"{RETURN}\n{SPAM}", sender="winner@prizes.example", subject=SPAM)
    ticket_id, flagged = stage.only_ticket()
    await stage.command(MarkNotSpam, ticket_id)
    _, ticket = stage.only_ticket()

    assert (flagged.spam, flagged.tags) == (True, ())
    assert (ticket.spam, ticket.assignee) == (False, ANN.id)


@pytest.mark.spec("TAG 2")
async def test_an_account_may_have_them_off_all_or_some(stage: Stage) -> None:
    await stage.account(acme(tags={"off": ["Returns"]}))
    await stage.chat(RETURN)
    await stage.account(acme(tags={"enabled": False}))
    await stage.chat(RETURN, conversation="chat-2", visitor="v2")

    assert not any("Returns" in ticket.tags for ticket in stage.board.values())
    assert stage.board.popitem()[1].tags == ()
    assert len(stage.bodies(COMMANDS)) <= 1
