"""Snapshots: tickets as they are stored, for whoever started after the stream began to forget.

They are published on request (`PublishSnapshots`). A ticket's thread comes in pages, each a record
of its own that carries the whole summary too, so that each is useful whatever came before it.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Author, Contract, Envelope, Id, UtcTime, Whole
from shared.contracts.clicks import ShortLink
from shared.contracts.messages import Attachment, InboundMessage
from shared.contracts.tickets import TicketSummary


class ThreadLine(Contract):
    """A line of a thread as it was shown then: with its edits, its deletion and its delivery.

    One that was erased is `deleted` too.

    `id` is what events call it: the `message_id` of messages and replies, the event's `id` of
    notes and notices. `seq` is the ticket's when the line came. `message` is a customer's message
    with all that its channel said, but for its `text`, which is the line's; it is left out of one
    that was taken back. One of several megabytes has no `html` and no `text_full`, or is left out.
    `links` and `mailed_to` are a reply's.
    """

    id: Id
    seq: Whole
    kind: Literal["message", "reply", "note", "notice"]
    sent_at: UtcTime
    received_at: UtcTime
    text: str = ""
    author: Author | None = None
    message: InboundMessage | None = None
    attachments: tuple[Attachment, ...] = ()
    spam: bool = False
    auto_reply: bool = False
    links: tuple[ShortLink, ...] = ()
    mailed_to: str | None = None
    version: Whole | None = None
    deleted: bool = False
    delivery: Literal["sent", "delivered", "read", "failed"] | None = None
    because: str = ""


class TicketSnapshot(Envelope):
    """The ticket as of `seq`, and some lines of its thread. `id` is `<ticket_id>:<seq>:<page>`.

    A consumer that has seen the ticket's events up to `seq` or further takes only the lines that it
    does not have. Pages count from 0, in no promised order of lines; `last` marks the last one.
    """

    type: Literal["TicketSnapshot"] = "TicketSnapshot"
    ticket_id: Id
    seq: Whole = Field(ge=1)
    ticket: TicketSummary
    related_ticket_id: str | None = None
    page: Whole = 0
    last: bool = True
    lines: tuple[ThreadLine, ...] = ()


class SnapshotsPublished(Envelope):
    """A request is done: so many tickets were published. `request_id` is the command's id.

    It is on a partition of its own choosing: what it speaks of may be read after it.
    """

    type: Literal["SnapshotsPublished"] = "SnapshotsPublished"
    request_id: Id
    tickets: Whole


Snapshot = Annotated[TicketSnapshot | SnapshotsPublished, Field(discriminator="type")]
