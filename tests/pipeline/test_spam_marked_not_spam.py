"""A customer taken for spam, and the agent who sees it."""

import pytest

from shared.contracts.commands import MarkNotSpam, MarkSpam, ReplyToTicket
from shared.topics import SCREENED, WEIGHTS
from tests.pipeline.stage import ANN, Stage, acme

SPAM = (
    "CONGRATULATIONS!!! You have won a $1,000,000 crypto prize. Claim your bitcoin now, "
    "limited time offer: https://bit.ly/claim-prize-now"
)


@pytest.mark.spec("SPM 1")
@pytest.mark.spec("SPM 2")
async def test_spam_waits_for_nobody_until_an_agent_marks_it_as_not_spam(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")
    await stage.mail(SPAM, sender="winner@prizes.example")
    ticket_id, flagged = stage.only_ticket()

    await stage.command(MarkNotSpam, ticket_id)

    _, ticket = stage.only_ticket()
    assert (flagged.spam, flagged.assignee) == (True, None)
    assert (ticket.spam, ticket.assignee) == (False, ANN.id)


@pytest.mark.spec("SPM 3")
async def test_whom_an_agent_has_answered_is_not_hidden_by_content(stage: Stage) -> None:
    await stage.account(acme())
    await stage.mail("Where is my parcel?", message_id="one@mail.example.com")
    ticket_id, _ = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="Here it is.")

    await stage.mail(SPAM, subject="Something else")

    assert [ticket.spam for ticket in stage.board.values()] == [False, False]


@pytest.mark.spec("SPM 2")
@pytest.mark.spec("SPM 3")
async def test_what_agents_mark_as_spam_is_found_from_then_on_in_their_account_alone(
    stage: Stage,
) -> None:
    pitch = "We can rank the pages of your shop higher, tell us a good time to talk this week"
    await stage.account(acme())
    for number in range(6):
        sender = f"rank{number}@pitch{number}.example"
        await stage.mail(f"{pitch} ({number})", sender=sender, message_id=f"p{number}@x.example")
    before = [message.verdict for message in stage.bodies(SCREENED) if message.verdict]
    for ticket_id in list(stage.board):
        await stage.command(MarkSpam, ticket_id)

    await stage.mail(pitch, sender="another@pitch.example", message_id="last@x.example")

    after = stage.bodies(SCREENED)[-1].verdict
    weights = stage.bodies(WEIGHTS)
    assert after is not None
    assert after.score > max(verdict.score for verdict in before)
    assert after.model.endswith("+6")
    assert {each.account_id for each in weights} == {"acme"}
    assert weights[-1].marks == 6
