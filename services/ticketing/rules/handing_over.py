"""The AI agent hands a conversation over: its ticket becomes people's (HND 3)."""

from services.ticketing.rules import slots
from services.ticketing.rules.messages import not_spam
from services.ticketing.rules.ticket import REOPENABLE, Draft, Ticket, thread_entry
from shared.contracts.base import Identity
from shared.contracts.commands import HandOver
from shared.contracts.handoffs import TranscriptLine
from shared.contracts.tickets import (
    NoticeAdded,
    TicketHandedOver,
    TicketMarkedNotSpam,
    TicketOpened,
    TicketReopened,
    TicketWoken,
)
from shared.stores.documents import Applied, Outcome, Released, Target
from shared.values.ids import computed_id

BECAUSE = "HND 3: the AI agent handed the conversation over"
NOTICE = "handoff"
"""The code of the notice that says why the team has it."""

_WHO = {"visitor": "Customer", "ai": "AI agent", "person": "Agent"}


def target_of(command: HandOver) -> Target:
    """A mail's ticket by its id; else whichever a message of that contact or chat would join."""
    if command.channel == "email":
        return Target(command.account_id, id=command.ticket_id or "")
    return Target(command.account_id, slot=slots.slot_of(command.channel, command.party))


def handed_over(ticket: Ticket | None, command: HandOver, number: int) -> Outcome[Ticket]:
    """The ticket waits for an assignee like a new one, and has the transcript.

    It is opened where there is none, with `number`; reopened or woken where it is not open. A web
    chat that was closed gives its place to a new ticket, as it does for a message. An agent who has
    the ticket keeps it. The ticket's customer waits since the last that they said.
    """
    if ticket is None:
        return _applied(_opened(command, number), command)
    if ticket.status == "closed" and ticket.channel not in REOPENABLE:
        return Released(ticket.model_copy(update={"slot": slots.released_slot(ticket)}))
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    opened = {"status": "open", "closed_at": None, "close_reason": None, "snoozed_until": None}
    if ticket.status == "closed":
        draft.happen(TicketReopened, BECAUSE, opened, author=command.author)
    elif ticket.status == "snoozed":
        draft.happen(TicketWoken, BECAUSE, opened, by="agent")
    if ticket.spam and not ticket.spam_by_agent:
        draft.happen(TicketMarkedNotSpam, BECAUSE, not_spam(draft), author=command.author)
    return _applied(draft, command)


def _opened(command: HandOver, number: int) -> Draft:
    ticket = Ticket(
        id=computed_id("ticket", command.account_id, command.id),
        account_id=command.account_id,
        slot=slots.slot_of(command.channel, command.party),
        number=number,
        channel=command.channel,
        address=command.address,
        conversation_id=command.conversation_id,
        contact=command.contact,
        opened_at=command.occurred_at,
    )
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    draft.happen(TicketOpened, BECAUSE)
    return draft


def _applied(draft: Draft, command: HandOver) -> Applied[Ticket]:
    ticket = draft.ticket
    previous = ticket.assignee
    said = [line.at for line in command.transcript if line.who == "visitor"]
    spoke = min(max(said, default=command.occurred_at), command.occurred_at)
    by_ai = ticket.ai_handled or previous is None
    changes: dict[str, object] = {
        "contact": _known(ticket, command),
        "ai_handled": False,
        "unread": True,
        "waiting_epoch": None,
        "last_reply_seq": None,
        "last_customer_at": max(ticket.last_customer_at or spoke, spoke),
        "customer_waits_since": min(ticket.customer_waits_since or spoke, spoke),
    }
    if by_ai:
        changes |= {
            "assignee": None,
            "assignee_epoch": draft.next_seq,
            "unassigned_epoch": None if ticket.spam else draft.next_seq,
        }
    draft.happen(
        TicketHandedOver,
        BECAUSE,
        changes,
        author=command.author,
        handoff_id=command.handoff_id,
        reason=command.reason,
        transcript=command.transcript,
        previous=previous,
    )
    if command.notice:
        draft.happen(NoticeAdded, BECAUSE, code=NOTICE, text=command.notice)
    entry = thread_entry(
        f"{command.account_id}:{command.id}",
        command.account_id,
        "note",
        sent_at=command.occurred_at,
        text=as_text(command.transcript),
        because=BECAUSE,
        author=command.author.model_dump(),
    )
    return draft.applied(entry)


def _known(ticket: Ticket, command: HandOver) -> object:
    """The contact with the address and the profile that the AI agent learned."""
    contact = ticket.contact
    address = (command.email or "").strip().casefold()
    known = {identity.value.casefold() for identity in contact.identities}
    if address and address not in known:
        mail = Identity(type="email", value=address)
        contact = contact.model_copy(update={"identities": (*contact.identities, mail)})
    if command.profile_id and contact.profile_id is None:
        contact = contact.model_copy(update={"profile_id": command.profile_id})
    return contact


def as_text(transcript: tuple[TranscriptLine, ...]) -> str:
    """The transcript for people to read: a line each, with its time (UTC) and who said it."""
    lines = []
    for line in transcript:
        pictures = " ".join(
            f"[{picture.name or 'file'}: {picture.url}]" for picture in line.pictures
        )
        words = f"{line.text} {pictures}".strip()
        lines.append(f"{line.at:%Y-%m-%d %H:%M} {_WHO[line.who]}: {words}")
    return "\n".join(lines)
