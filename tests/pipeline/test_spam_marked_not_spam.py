"""A customer taken for spam, and the agent who sees it."""

import pytest

from shared.contracts.commands import MarkNotSpam, ReplyToTicket
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
