"""Sends and attributions: which campaign or flow an SMS answered (ATT)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Contract, Envelope, Id, UtcTime, Whole


class SendOutcome(Envelope):
    """What became of one marketing SMS to one recipient. `phone` is E.164."""

    send_id: Id
    source: Literal["campaign", "flow"]
    source_id: Id
    source_name: str | None = None
    phone: str


class SendDelivered(SendOutcome):
    """The recipient has it, since `delivered_at`."""

    type: Literal["SendDelivered"] = "SendDelivered"
    delivered_at: UtcTime


class SendFailed(SendOutcome):
    """It never arrived; it counts for nothing (ATT 3)."""

    type: Literal["SendFailed"] = "SendFailed"


SendEvent = Annotated[SendDelivered | SendFailed, Field(discriminator="type")]


class Credit(Contract):
    """The send that a message is credited to."""

    send_id: str
    source: Literal["campaign", "flow"]
    source_id: str


class MessageAttributed(Envelope):
    """An SMS is credited to a send, or (with `credit` None) to nothing any more.

    `revision` counts 1, 2 … per message; a higher one replaces the fact named by `replaces`.
    """

    type: Literal["MessageAttributed"] = "MessageAttributed"
    ticket_id: Id
    message_id: str
    phone: str
    credit: Credit | None = None
    revision: Whole
    replaces: str | None = None
    because: str = ""
