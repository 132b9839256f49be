"""Commands: what agents, the AI agent, integrations and the services ask of ticketing (TKT 11).

Each has an author and an id that its sender computes: the same command sent twice is one command.
One that cannot apply is answered by a `CommandRejected` on the ticket stream, never dropped.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Author, Channel, Contact, Envelope, Id, TagName, UtcTime, Whole
from shared.contracts.handoffs import HandoffReason, Transcript
from shared.contracts.messages import Attachment
from shared.contracts.replying import MailAddress

UNASSIGNED = "unassigned"
"""What a claim names as `seen_assignee` when it saw nobody."""


class Command(Envelope):
    """A request to change one ticket."""

    ticket_id: Id
    author: Author


class ReplyToTicket(Command):
    """Send `text` to the customer. `auto_reply` marks what no person wrote (ACL 2).

    An agent may name the newest `seq` that they have seen: the reply is refused if somebody has
    answered the customer since (VWS 6).
    """

    type: Literal["ReplyToTicket"] = "ReplyToTicket"
    text: str
    attachments: tuple[Attachment, ...] = ()
    auto_reply: bool = False
    cc: tuple[str, ...] = ()
    seen_seq: Whole | None = None


class FollowUpByMail(Command):
    """Send a web chat's visitor, who has left, one mail from the account's mailbox (ARP 3).

    Their answer by mail goes into the ticket. `missed_seq` is the reply that they have not read:
    the mail is refused where they have written since.
    """

    type: Literal["FollowUpByMail"] = "FollowUpByMail"
    mailbox: MailAddress
    to: MailAddress
    subject: str
    text: str
    missed_seq: Whole


class AddNote(Command):
    """Keep a private note in the thread; it is never sent to the customer."""

    type: Literal["AddNote"] = "AddNote"
    text: str


class AssignTicket(Command):
    """Make `assignee` own the ticket.

    A service names the `assignee_epoch` and the `unassigned_epoch` that its decision rests on, an
    agent may name the assignee they saw; either is refused when it is no longer so.
    """

    type: Literal["AssignTicket"] = "AssignTicket"
    assignee: Id
    assignee_epoch: Whole | None = None
    unassigned_epoch: Whole | None = None
    seen_assignee: str | None = None


class UnassignTicket(Command):
    """Return the ticket to Unassigned (ASG 4).

    `share_again` asks for a new assignee at once, as for an agent removed from the account
    (ASG 9); otherwise the ticket waits for nobody.
    """

    type: Literal["UnassignTicket"] = "UnassignTicket"
    share_again: bool = False
    assignee_epoch: Whole | None = None


class HandOver(Envelope):
    """Give a conversation that the AI agent had to people (HND 3).

    Its ticket, the one that a message of that contact or web chat would join, is opened or reopened
    where that is needed, gets the transcript, and waits for an assignee like a new one. `ticket_id`
    is of a ticket that is known. `email` and `profile_id` are the contact's, where they are known.
    """

    type: Literal["HandOver"] = "HandOver"
    author: Author
    handoff_id: Id
    channel: Channel
    address: Id
    contact: Contact
    conversation_id: str | None = None
    ticket_id: Id | None = None
    reason: HandoffReason = "other"
    transcript: Transcript = ()
    email: str | None = None
    profile_id: str | None = None
    notice: str = ""

    @property
    def party(self) -> str:
        """The contact, on web chat the conversation."""
        if self.channel == "webchat" and self.conversation_id:
            return self.conversation_id
        return self.contact.id


class RouteTicket(Command):
    """Set the ticket's team, as a routing rule or an agent decided (ASG 5)."""

    type: Literal["RouteTicket"] = "RouteTicket"
    team_id: Id
    rule: str = ""


class CloseTicket(Command):
    """Close the ticket.

    For `inactivity`, `waiting_epoch` and `last_reply_seq` name what the timer rested on; the
    close is refused when the customer wrote since, and annulled by a message received before it.
    """

    type: Literal["CloseTicket"] = "CloseTicket"
    reason: Literal["done", "inactivity"] = "done"
    waiting_epoch: Whole | None = None
    last_reply_seq: Whole | None = None


class ReopenTicket(Command):
    """Open a closed ticket again, where its channel allows that (TKT 1 to 5)."""

    type: Literal["ReopenTicket"] = "ReopenTicket"


class SnoozeTicket(Command):
    """Hide the ticket until a time to come (TKT 6)."""

    type: Literal["SnoozeTicket"] = "SnoozeTicket"
    until: UtcTime


class WakeTicket(Command):
    """Wake a snoozed ticket: its time has come. Refused when it was snoozed anew since."""

    type: Literal["WakeTicket"] = "WakeTicket"
    snoozed_until: UtcTime


class TagTicket(Command):
    """Add tags.

    Those that somebody removed are not added again by the system, only by a person or an
    integration (TAG 2). `reason` says in words why the system does it.
    """

    type: Literal["TagTicket"] = "TagTicket"
    tags: tuple[TagName, ...]
    reason: str = ""


class UntagTicket(Command):
    """Remove tags."""

    type: Literal["UntagTicket"] = "UntagTicket"
    tags: tuple[TagName, ...]


class MarkSpam(Command):
    """Flag the ticket as spam (SPM 2)."""

    type: Literal["MarkSpam"] = "MarkSpam"


class MarkNotSpam(Command):
    """Lift the flag: the ticket goes through what a new one goes through (SPM 2)."""

    type: Literal["MarkNotSpam"] = "MarkNotSpam"


class MarkRead(Command):
    """Note that an agent has seen the ticket."""

    type: Literal["MarkRead"] = "MarkRead"


class ReportDelivery(Command):
    """Tell what became of a reply, as the channel's provider says (TKT 13).

    `outbound_id` is the outbound message's id or its idempotency key. `mail_id` is the id that
    the provider put on a mail instead of ours, so that answers to it find the thread (TKT 2).
    Reports may come in any order: what says less than is known already changes nothing.
    """

    type: Literal["ReportDelivery"] = "ReportDelivery"
    outbound_id: Id
    status: Literal["sent", "delivered", "read", "failed"]
    error: str | None = None
    mail_id: str | None = None


class PublishSnapshots(Envelope):
    """Publish the account's tickets as they are stored on `helpdesk.snapshots` (VWS 9).

    With `since`, those alone that are not closed, or were not before then. The same id asked twice
    is one request; its end is a `SnapshotsPublished`.
    """

    type: Literal["PublishSnapshots"] = "PublishSnapshots"
    author: Author
    since: UtcTime | None = None


TicketCommand = Annotated[
    ReplyToTicket
    | FollowUpByMail
    | AddNote
    | AssignTicket
    | UnassignTicket
    | HandOver
    | RouteTicket
    | CloseTicket
    | ReopenTicket
    | SnoozeTicket
    | WakeTicket
    | TagTicket
    | UntagTicket
    | MarkSpam
    | MarkNotSpam
    | MarkRead
    | ReportDelivery
    | PublishSnapshots,
    Field(discriminator="type"),
]
