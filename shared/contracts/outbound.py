"""What channel gateways deliver (TKT 13)."""

from typing import Literal

from shared.contracts.base import Author, Channel, Contact, Envelope, Id
from shared.contracts.messages import Attachment


class OutboundMessage(Envelope):
    """A reply to be delivered.

    `idempotency_key` is the command's id: the same key twice is one message to the customer.
    For mail, `message_id`, `in_reply_to` and `references` are the headers to set (without angle
    brackets), `reply_to` the address that leads answers back. What no person wrote is an
    `auto_reply`: a mail then goes out with `Auto-Submitted: auto-replied` (RFC 3834), so that no
    other machine answers it.
    """

    type: Literal["OutboundMessage"] = "OutboundMessage"
    ticket_id: Id
    idempotency_key: Id
    channel: Channel
    address: str
    contact: Contact
    conversation_id: str | None = None
    author: Author
    text: str
    subject: str | None = None
    cc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    reply_to: str | None = None
    auto_reply: bool = False
