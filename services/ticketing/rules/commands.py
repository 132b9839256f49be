"""What a command makes of a ticket, or why it is refused (TKT 11)."""

from services.ticketing.rules import replies
from services.ticketing.rules.messages import not_spam
from services.ticketing.rules.replies import Refusal
from services.ticketing.rules.ticket import REOPENABLE, Draft, Ticket, ledger_id, thread_entry
from shared.aggregates import LARGEST_WRITE, ROOM_FOR_HEADERS, Applied, Entry
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
    WakeTicket,
)
from shared.contracts.tickets import (
    CommandRejected,
    NoteAdded,
    TicketAssigned,
    TicketClosed,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketRead,
    TicketReopened,
    TicketRouted,
    TicketSnoozed,
    TicketTagged,
    TicketUnassigned,
    TicketUntagged,
    TicketWoken,
)
from shared.ids import computed_id
from shared.topics import TICKETS

INACTIVITY_NOTICE = "Ticket closed due to inactivity"

MOST_TAGS = 200
"""Tags of one ticket: every event shows them all."""


def command_given(
    ticket: Ticket | None, command: Command, settings: AccountSettings, token: str | None = None
) -> Applied[Ticket]:
    """The outcome of a command: its events, or one rejection; its entry in any case.

    `token` is the ticket's, for mails that go out (see `shared.mail_tokens`).
    """
    outcome = _decided(ticket, command, settings, token)
    if _is_too_large(outcome):
        of = ticket if outcome.state else None
        return _refused(of, command, ("too_large", "it has more text than a ticket takes"))
    return outcome


def _is_too_large(outcome: Applied[Ticket]) -> bool:
    """Whether it could not be stored or published (see `shared.aggregates`)."""
    sizes = [len(record.value or b"") for record in outcome.publish]
    return (
        max(sizes) > TICKETS.max_bytes - ROOM_FOR_HEADERS
        or sum(sizes) + outcome.entry.size > LARGEST_WRITE
    )


def _decided(  # noqa: C901, PLR0912  # a case a command
    ticket: Ticket | None, command: Command, settings: AccountSettings, token: str | None
) -> Applied[Ticket]:
    if ticket is None:
        return _refused(None, command, ("unknown_ticket", f"there is no {command.ticket_id}"))
    if ticket.account_id != command.account_id:
        why = f"{command.ticket_id} is not of account {command.account_id}"
        return _refused(None, command, ("wrong_account", why))
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    refusal: Refusal | None
    match command:
        case ReplyToTicket():
            refusal = replies.refusal(ticket, command, settings)
            if refusal is None:
                return replies.reply(ticket, command, token)
        case AddNote():
            return _note(draft, command)
        case AssignTicket():
            refusal = _assign(draft, command, settings)
        case UnassignTicket():
            refusal = _unassign(draft, command)
        case RouteTicket():
            refusal = _route(draft, command, settings)
        case CloseTicket():
            refusal = _close(draft, command)
        case ReopenTicket():
            refusal = _reopen(draft, command)
        case SnoozeTicket():
            refusal = _snooze(draft, command)
        case WakeTicket():
            refusal = _wake(draft, command)
        case TagTicket() | UntagTicket():
            refusal = _tags(draft, command)
        case MarkSpam() | MarkNotSpam():
            refusal = _mark(draft, command)
        case MarkRead():
            refusal = _read(draft, command)
        case _:
            refusal = ("nothing_to_change", f"{type(command).__name__} is not understood")
    if refusal is not None:
        return _refused(ticket, command, refusal)
    return draft.applied(_line(draft, command))


def _refused(ticket: Ticket | None, command: Command, refusal: Refusal) -> Applied[Ticket]:
    """A rejection, and a hidden entry, so that a replay refuses it again."""
    code, reason = refusal
    rejected = CommandRejected.model_validate(
        {
            "account_id": command.account_id,
            "id": computed_id("rejected", command.account_id, command.id),
            "occurred_at": command.occurred_at,
            "correlation_id": command.correlation_id,
            "ticket_id": command.ticket_id,
            "command_id": command.id,
            "command_type": type(command).__name__,
            "author": command.author,
            "code": code,
            "reason": reason,
        }
    )
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "hidden",
        sent_at=command.occurred_at,
        because=f"refused ({code}): {reason}",
        command=type(command).__name__,
    )
    return Applied(ticket, entry, (TICKETS.record(rejected),))


_SHOWN = {
    TicketReopened: "Ticket reopened",
    TicketSnoozed: "Ticket snoozed",
    TicketWoken: "Ticket woken",
    TicketMarkedSpam: "Marked as spam",
    TicketMarkedNotSpam: "Marked as not spam",
}


def _line(draft: Draft, command: Command) -> Entry:
    """What the thread shows of a command that applied."""
    event = draft.events[-1]
    match event:
        case TicketClosed(notice=str() as notice):
            text = notice
        case TicketClosed():
            text = "Ticket closed"
        case TicketAssigned(assignee=assignee):
            text = f"Assigned to {assignee}"
        case TicketUnassigned(previous=previous):
            text = f"Unassigned from {previous}"
        case TicketRouted(team_id=team):
            text = f"Routed to {team}"
        case TicketTagged(tags=tags):
            text = f"Tagged {', '.join(tags)}"
        case TicketUntagged(tags=tags):
            text = f"Untagged {', '.join(tags)}"
        case _:
            text = _SHOWN.get(type(event), "")
    return thread_entry(
        ledger_id(command),
        command.account_id,
        "notice" if text else "hidden",
        sent_at=command.occurred_at,
        text=text,
        because=event.because,
        author=command.author.model_dump(),
    )


def _note(draft: Draft, command: AddNote) -> Applied[Ticket]:
    draft.happen(NoteAdded, "TKT 11", author=command.author, text=command.text)
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "note",
        sent_at=command.occurred_at,
        text=command.text,
        author=command.author.model_dump(),
    )
    return draft.applied(entry)


def _assign(draft: Draft, command: AssignTicket, settings: AccountSettings) -> Refusal | None:
    """Manual assignment works at any hour, to anyone of the team (ASG 4)."""
    ticket = draft.ticket
    automatic = command.assignee_epoch is not None
    if automatic and (
        command.assignee_epoch != ticket.assignee_epoch or ticket.unassigned_epoch is None
    ):
        return "stale", "the ticket has changed hands or waits for nobody since"
    if command.seen_assignee is not None and command.seen_assignee != (
        ticket.assignee or UNASSIGNED
    ):
        return "taken", f"{ticket.assignee or 'nobody'} has it now"
    by_ai = command.author.kind == "ai" and command.author.id == command.assignee
    if not by_ai and command.assignee not in {agent.id for agent in settings.agents}:
        return "unknown_agent", f"{command.assignee} is no agent of the account"
    if command.assignee == ticket.assignee:
        return "nothing_to_change", f"{command.assignee} has it already"
    draft.happen(
        TicketAssigned,
        "ASG 1: the next available agent in rotation" if automatic else "ASG 4: by hand",
        {
            "assignee": command.assignee,
            "assignee_epoch": draft.next_seq,
            "unassigned_epoch": None,
            "ai_handled": by_ai,
        },
        author=command.author,
        assignee=command.assignee,
        previous=ticket.assignee,
    )
    return None


def _unassign(draft: Draft, command: UnassignTicket) -> Refusal | None:
    """Unassigning does not set off the round robin, unless it is asked to (ASG 4, ASG 9)."""
    ticket = draft.ticket
    if command.assignee_epoch is not None and command.assignee_epoch != ticket.assignee_epoch:
        return "stale", "the ticket has changed hands since"
    if ticket.assignee is None:
        return "nothing_to_change", "nobody has it"
    again = command.share_again and ticket.status != "closed" and not ticket.spam
    draft.happen(
        TicketUnassigned,
        "ASG 9: its agent is gone" if command.share_again else "ASG 4: by hand",
        {
            "assignee": None,
            "assignee_epoch": draft.next_seq,
            "unassigned_epoch": draft.next_seq if again else None,
            "ai_handled": False,
        },
        author=command.author,
        previous=ticket.assignee,
    )
    return None


def _route(draft: Draft, command: RouteTicket, settings: AccountSettings) -> Refusal | None:
    """A routing rule, or somebody, decided the team (ASG 5)."""
    ticket = draft.ticket
    if command.team_id not in {team.id for team in settings.teams}:
        return "unknown_team", f"{command.team_id} is no team of the account"
    if command.team_id == ticket.team_id:
        return "nothing_to_change", f"it belongs to {command.team_id} already"
    if command.author.kind == "system" and ticket.assignee is not None:
        return "stale", f"{ticket.assignee} has it: rules route it no more"
    draft.happen(
        TicketRouted,
        f"ASG 5: {command.rule}" if command.rule else "ASG 5",
        {"team_id": command.team_id},
        author=command.author,
        team_id=command.team_id,
        rule=command.rule,
    )
    return None


def _close(draft: Draft, command: CloseTicket) -> Refusal | None:
    """A close for inactivity holds only while the team still waits as it did (ACL 6)."""
    ticket = draft.ticket
    if ticket.status == "closed":
        return "already_closed", "it is closed already"
    silent = command.reason == "inactivity"
    if silent and (
        command.waiting_epoch is None
        or command.waiting_epoch != ticket.waiting_epoch
        or command.last_reply_seq not in (None, ticket.last_reply_seq)
    ):
        return "stale", "the customer wrote, or the team did, since the timer was set"
    draft.happen(
        TicketClosed,
        "ACL 3: the customer fell silent" if silent else "TKT 11",
        {
            "status": "closed",
            "closed_at": command.occurred_at,
            "close_reason": command.reason,
            "snoozed_until": None,
            "waiting_epoch": None,
            "last_reply_seq": None,
            "unassigned_epoch": None,
            "customer_waits_since": None,
        },
        author=command.author,
        reason=command.reason,
        notice=INACTIVITY_NOTICE if silent else None,
    )
    return None


def _reopen(draft: Draft, command: ReopenTicket) -> Refusal | None:
    """Only mail, SMS and WhatsApp tickets can be opened again (TKT 1, TKT 4)."""
    ticket = draft.ticket
    if ticket.status != "closed":
        return "not_closed", "it is not closed"
    if ticket.channel not in REOPENABLE:
        return "cannot_reopen", f"a closed {ticket.channel} ticket is reopened by nobody"
    waits = ticket.assignee is None and not ticket.spam
    draft.happen(
        TicketReopened,
        "TKT 11",
        {
            "status": "open",
            "closed_at": None,
            "close_reason": None,
            "unassigned_epoch": draft.next_seq if waits else None,
        },
        author=command.author,
    )
    return None


def _snooze(draft: Draft, command: SnoozeTicket) -> Refusal | None:
    if draft.ticket.status == "closed":
        return "not_open", "it is closed"
    if command.until <= command.occurred_at:
        return "in_the_past", f"{command.until.isoformat()} is not after the command"
    draft.happen(
        TicketSnoozed,
        "TKT 6",
        {"status": "snoozed", "snoozed_until": command.until},
        author=command.author,
        until=command.until,
    )
    return None


def _wake(draft: Draft, command: WakeTicket) -> Refusal | None:
    ticket = draft.ticket
    if ticket.status != "snoozed" or ticket.snoozed_until != command.snoozed_until:
        return "stale", "it is not snoozed until then any more"
    by_time = command.author.kind == "system"
    draft.happen(
        TicketWoken,
        "TKT 6: the chosen time has come" if by_time else "TKT 6",
        {"status": "open", "snoozed_until": None},
        by="time" if by_time else "agent",
    )
    return None


def _tags(draft: Draft, command: TagTicket | UntagTicket) -> Refusal | None:
    ticket = draft.ticket
    if isinstance(command, TagTicket):
        new = tuple(tag for tag in dict.fromkeys(command.tags) if tag not in ticket.tags)
        if not new:
            return "nothing_to_change", "it has these tags already"
        if len(ticket.tags) + len(new) > MOST_TAGS:
            return "too_large", f"a ticket has {MOST_TAGS} tags at most"
        changes = {"tags": (*ticket.tags, *new)}
        draft.happen(TicketTagged, "TKT 11", changes, author=command.author, tags=new)
        return None
    gone = tuple(tag for tag in ticket.tags if tag in command.tags)
    if not gone:
        return "nothing_to_change", "it has none of these tags"
    changes = {"tags": tuple(tag for tag in ticket.tags if tag not in gone)}
    draft.happen(TicketUntagged, "TKT 11", changes, author=command.author, tags=gone)
    return None


def _mark(draft: Draft, command: MarkSpam | MarkNotSpam) -> Refusal | None:
    """An agent's mark; a ticket marked as not spam goes through what a new one does (SPM 2)."""
    ticket = draft.ticket
    by_agent = command.author.kind == "agent"
    if isinstance(command, MarkNotSpam):
        if not ticket.spam:
            return "nothing_to_change", "it is not flagged"
        draft.happen(TicketMarkedNotSpam, "SPM 2", not_spam(draft), author=command.author)
        return None
    if ticket.spam and (ticket.spam_by_agent or not by_agent):
        return "nothing_to_change", "it is flagged already"
    draft.happen(
        TicketMarkedSpam,
        "SPM 2",
        {"spam": True, "spam_by_agent": by_agent, "unassigned_epoch": None},
        author=command.author,
    )
    return None


def _read(draft: Draft, command: MarkRead) -> Refusal | None:
    if not draft.ticket.unread:
        return "nothing_to_change", "it was read already"
    draft.happen(TicketRead, "TKT 10", {"unread": False}, author=command.author)
    return None
