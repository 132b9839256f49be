"""The ticket stream: every change of a ticket, as one fact (TKT 9).

`seq` counts 1, 2, 3 … per ticket without a gap, and each event carries the ticket as it was then,
so that a consumer that starts late needs no history.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Author, Channel, Contact, Contract, Envelope, Id, UtcTime, Whole
from shared.contracts.clicks import ShortLink
from shared.contracts.handoffs import HandoffReason, Transcript
from shared.contracts.messages import Attachment

TicketStatus = Literal["open", "snoozed", "closed"]


class TicketCredit(Contract):
    """The send that a message of the ticket is credited to (ATT 7); None: to nothing any more."""

    message_id: str
    revision: Whole
    send_id: str | None = None
    source: Literal["campaign", "flow"] | None = None
    source_id: str | None = None


class TicketSummary(Contract):
    """The ticket as of an event.

    `waiting_epoch` is the seq at which the team began to wait for the customer, None while it
    does not; `last_reply_seq` the seq of the newest reply since then; `assignee_epoch` the seq at
    which the assignee last changed; `unassigned_epoch` the seq since which the ticket is in the
    waiting line, None while it is not. `customer_waits_since` is when the oldest message was
    received that nobody has answered yet, `last_customer_at` when the newest one was, answered or
    not.
    """

    number: Whole
    channel: Channel
    address: str
    conversation_id: str | None = None
    contact: Contact
    status: TicketStatus
    subject: str | None = None
    assignee: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    spam: bool = False
    unread: bool = True
    ai_handled: bool = False
    opened_at: UtcTime
    closed_at: UtcTime | None = None
    snoozed_until: UtcTime | None = None
    waiting_epoch: Whole | None = None
    last_reply_seq: Whole | None = None
    assignee_epoch: Whole = 0
    unassigned_epoch: Whole | None = None
    customer_waits_since: UtcTime | None = None
    last_customer_at: UtcTime | None = None
    message_count: Whole = 0
    credit: TicketCredit | None = None


class TicketFact(Envelope):
    """A change of a ticket. `id` is `<ticket_id>:<seq>`.

    `cause_id` is the message, command or signal that caused it; `because` says in words by which
    rule and evidence.
    """

    ticket_id: Id
    seq: Whole = Field(ge=1)
    cause_id: str
    because: str = ""
    ticket: TicketSummary

    def is_after_a_gap(self, last_seq: int) -> bool:
        """Whether whoever has seen the ticket's events up to `last_seq` (0: none) missed some."""
        return self.seq > last_seq + 1


class TicketOpened(TicketFact):
    """A ticket began with a customer's message; a `CustomerWrote` follows."""

    type: Literal["TicketOpened"] = "TicketOpened"
    related_ticket_id: str | None = None


class CustomerWrote(TicketFact):
    """A customer's message is in the thread. Times as of the message; `spam` as screened.

    `grey`: screening takes it for no spam, but for near it; whoever shows it puts a badge on it.
    """

    type: Literal["CustomerWrote"] = "CustomerWrote"
    message_id: str
    text: str
    sent_at: UtcTime
    received_at: UtcTime
    spam: bool = False
    grey: bool = False
    attachments: Whole = 0


class CustomerEdited(TicketFact):
    """A customer changed a message of the thread; versions only ever grow."""

    type: Literal["CustomerEdited"] = "CustomerEdited"
    message_id: str
    version: Whole
    text: str


class CustomerDeleted(TicketFact):
    """A customer took a message of the thread back. That is final: no edit follows."""

    type: Literal["CustomerDeleted"] = "CustomerDeleted"
    message_id: str


class AgentReplied(TicketFact):
    """An agent, the AI agent or an auto-reply answered; what went out has the id `message_id`.

    `text` is as its author wrote it; of `links`, short ones went out instead (OUT 1). `mailed_to`
    is the customer's mail address where the reply to another channel's ticket went there by mail.
    """

    type: Literal["AgentReplied"] = "AgentReplied"
    message_id: str
    author: Author
    text: str
    attachments: tuple[Attachment, ...] = ()
    auto_reply: bool = False
    links: tuple[ShortLink, ...] = ()
    mailed_to: str | None = None


class DeliveryReported(TicketFact):
    """What became of a reply (TKT 13): the most that is known of it now.

    `message_id` is the outbound message's; `mail_id` an id that its provider gave the mail.
    """

    type: Literal["DeliveryReported"] = "DeliveryReported"
    message_id: str
    status: Literal["sent", "delivered", "read", "failed"]
    mail_id: str | None = None


class DeliveryFailed(TicketFact):
    """A reply did not reach the customer, and why, as far as the provider says (TKT 13)."""

    type: Literal["DeliveryFailed"] = "DeliveryFailed"
    message_id: str
    error: str = ""
    mail_id: str | None = None


class NoteAdded(TicketFact):
    """A private note."""

    type: Literal["NoteAdded"] = "NoteAdded"
    author: Author
    text: str


class NoticeAdded(TicketFact):
    """A line from the system: a keyword, a bounce (ING 3, ING 4)."""

    type: Literal["NoticeAdded"] = "NoticeAdded"
    code: str
    text: str


class TicketClosed(TicketFact):
    """The ticket is done. `notice` is what the thread shows, if anything (ACL 3)."""

    type: Literal["TicketClosed"] = "TicketClosed"
    author: Author
    reason: Literal["done", "inactivity"]
    notice: str | None = None


class TicketCloseAnnulled(TicketFact):
    """A message received before an automatic close undid it (ACL 6)."""

    type: Literal["TicketCloseAnnulled"] = "TicketCloseAnnulled"
    message_id: str


class TicketReopened(TicketFact):
    """A closed ticket is open again: by the customer's message, or by `author`."""

    type: Literal["TicketReopened"] = "TicketReopened"
    author: Author | None = None


class TicketSnoozed(TicketFact):
    """The ticket is hidden until `until`."""

    type: Literal["TicketSnoozed"] = "TicketSnoozed"
    author: Author
    until: UtcTime


class TicketWoken(TicketFact):
    """A snoozed ticket is open again (TKT 6)."""

    type: Literal["TicketWoken"] = "TicketWoken"
    by: Literal["customer", "time", "agent"]


class TicketAssigned(TicketFact):
    """The ticket has an assignee; `previous` had it before."""

    type: Literal["TicketAssigned"] = "TicketAssigned"
    author: Author
    assignee: str
    previous: str | None = None


class TicketUnassigned(TicketFact):
    """The ticket is in Unassigned again; `previous` had it."""

    type: Literal["TicketUnassigned"] = "TicketUnassigned"
    author: Author
    previous: str


class TicketHandedOver(TicketFact):
    """The AI agent handed the conversation over to people (HND 3); what it said is `transcript`.

    The ticket is nobody's and waits like a new one.
    """

    type: Literal["TicketHandedOver"] = "TicketHandedOver"
    author: Author
    handoff_id: str
    reason: HandoffReason
    transcript: Transcript = ()
    previous: str | None = None


class TicketRouted(TicketFact):
    """The ticket belongs to a team."""

    type: Literal["TicketRouted"] = "TicketRouted"
    author: Author
    team_id: str
    rule: str = ""


class TicketTagged(TicketFact):
    """Tags were added: those that were not there before."""

    type: Literal["TicketTagged"] = "TicketTagged"
    author: Author
    tags: tuple[str, ...]


class TicketUntagged(TicketFact):
    """Tags were removed: those that were there."""

    type: Literal["TicketUntagged"] = "TicketUntagged"
    author: Author
    tags: tuple[str, ...]


class TicketMarkedSpam(TicketFact):
    """The ticket is in the Spam view only."""

    type: Literal["TicketMarkedSpam"] = "TicketMarkedSpam"
    author: Author


class TicketMarkedNotSpam(TicketFact):
    """The flag is gone: an agent marked it, or a legitimate message followed (SPM 2)."""

    type: Literal["TicketMarkedNotSpam"] = "TicketMarkedNotSpam"
    author: Author


class TicketRead(TicketFact):
    """An agent has seen the ticket."""

    type: Literal["TicketRead"] = "TicketRead"
    author: Author


class TicketAttributed(TicketFact):
    """An SMS of the thread was credited to a send, or no longer is (ATT 7)."""

    type: Literal["TicketAttributed"] = "TicketAttributed"
    credit: TicketCredit


class ContentErased(TicketFact):
    """What a contact wrote is erased, and whoever keeps any of it erases theirs.

    `whole`: the ticket was the contact's. It is closed for good, its contact is named
    `erased:<ticket>`, and nothing that its thread said is left. Else it is somebody else's, or the
    contact has written anew, and only these messages of it are without content. A notice of a
    keyword of theirs is among them by its event's id.
    """

    type: Literal["ContentErased"] = "ContentErased"
    whole: bool
    message_ids: tuple[str, ...] = ()


class CommandRejected(Envelope):
    """A command could not apply, and why. It changes nothing and has no seq.

    `reason` is in English, for people. Where one code has several reasons, or they name something,
    `why` is a code of the reason itself, and `named` what it names: the id of an `agent` or `team`,
    a `number`, an `address`, `hours`.
    """

    type: Literal["CommandRejected"] = "CommandRejected"
    ticket_id: Id
    command_id: str
    command_type: str
    author: Author
    code: Literal[
        "unknown_ticket",
        "wrong_account",
        "not_open",
        "already_closed",
        "not_closed",
        "cannot_reopen",
        "stale",
        "taken",
        "in_the_past",
        "no_consent",
        "window_over",
        "cannot_receive",
        "unknown_agent",
        "unknown_team",
        "nothing_to_change",
        "too_large",
    ]
    reason: str
    why: str | None = None
    named: dict[str, str] | None = None


TicketEvent = Annotated[
    TicketOpened
    | CustomerWrote
    | CustomerEdited
    | CustomerDeleted
    | AgentReplied
    | DeliveryReported
    | DeliveryFailed
    | NoteAdded
    | NoticeAdded
    | TicketClosed
    | TicketCloseAnnulled
    | TicketReopened
    | TicketSnoozed
    | TicketWoken
    | TicketAssigned
    | TicketUnassigned
    | TicketHandedOver
    | TicketRouted
    | TicketTagged
    | TicketUntagged
    | TicketMarkedSpam
    | TicketMarkedNotSpam
    | TicketRead
    | TicketAttributed
    | ContentErased
    | CommandRejected,
    Field(discriminator="type"),
]
