"""Ticketing that signs its mail: what comes back by a token, and what only pretends to."""

from services.ticketing.app import wire
from services.ticketing.rules.ticket import Ticket
from shared.contracts.commands import ReplyToTicket
from shared.contracts.outbound import OutboundMessage
from shared.values.mail_tokens import MailTokens, found_in
from tests.builders import a_command, an_inbound_mail, minutes
from tests.ticketing.world import World

KEYS = MailTokens({"1": b"the secret of this test"})
ROOT = "anna-1@example.com"
"""The id of Anna's mail."""


class Desk(World):
    """Ticketing with a key for tokens."""

    def __init__(self) -> None:
        super().__init__()
        wire(self, self.wired_store(), self.wired_requests(), self.clock, tokens=KEYS)

    @property
    def annas(self) -> Ticket:
        """The first ticket."""
        return self.tickets[0]

    @property
    def answer(self) -> OutboundMessage:
        """The first mail that went out."""
        return self.sent[0]

    @property
    def token(self) -> str:
        """The token in the address at which that mail is answered."""
        (token,) = found_in(self.answer.reply_to or "")
        return token


async def an_answered_desk() -> Desk:
    """Build a desk with a ticket of Anna's, who wrote to Bob too, and which Ada has answered."""
    desk = Desk()
    await desk.happen(an_inbound_mail(mail_id=ROOT, subject="Refund", cc=("bob@example.com",)))
    reply = a_command(ReplyToTicket, ticket_id=desk.annas.id, text="Done.", at=minutes(1))
    await desk.happen(reply)
    return desk
