"""What a command makes of a ticket, or why it is refused (TKT 11)."""

from services.ticketing.rules import command_effects, deliveries, following_up, replies
from services.ticketing.rules.erasing import GONE
from services.ticketing.rules.handing_over import handed_over
from services.ticketing.rules.replies import Refusal
from services.ticketing.rules.tags import change_tags
from services.ticketing.rules.ticket import Draft, Ticket, ledger_id, thread_entry
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    FollowUpByMail,
    HandOver,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    ReportDelivery,
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
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketReopened,
    TicketRouted,
    TicketSnoozed,
    TicketTagged,
    TicketUnassigned,
    TicketUntagged,
    TicketWoken,
)
from shared.stores.documents import (
    LARGEST_WRITE,
    ROOM_FOR_HEADERS,
    Applied,
    Entry,
    Outcome,
    Target,
)
from shared.topics import TICKETS
from shared.values.ids import computed_id
from shared.values.links import LinkCodes

NO_TICKET = "none"
"""What a rejection names where the command named no ticket."""


def command_given(
    ticket: Ticket | None,
    command: Command,
    settings: AccountSettings,
    token: str | None = None,
    codes: LinkCodes = replies.NO_KEYS,
) -> Applied[Ticket]:
    """The outcome of a command: its events, or one rejection; its entry in any case.

    `token` is the ticket's, for mails that go out (see `shared.values.mail_tokens`); `codes` makes
    those of short links.
    """
    outcome = _decided(ticket, command, settings, token, codes)
    if _is_too_large(outcome):
        of = ticket if outcome.state else None
        refusal = Refusal("too_large", "it has more text than a ticket takes", "too_much_text")
        return _refused(of, command, refusal)
    return outcome


def names_a_stranger(command: Command, settings: AccountSettings | None) -> bool:
    """Whether the command names an agent or a team that these settings do not have (yet).

    Without settings it is always True.
    """
    if settings is None:
        return True
    match command:
        case AssignTicket():
            return not command_effects.has_agent(settings, command)
        case RouteTicket():
            return not command_effects.has_team(settings, command)
    return False


def _is_too_large(outcome: Applied[Ticket]) -> bool:
    """Whether it could not be stored or published (see `shared.stores.aggregates`)."""
    sizes = [len(record.value or b"") for record in outcome.publish]
    return (
        max(sizes) > TICKETS.max_bytes - ROOM_FOR_HEADERS
        or sum(sizes) + (outcome.entry.size if outcome.entry else 0) > LARGEST_WRITE
    )


def _decided(  # noqa: C901, PLR0912  # a case a command
    ticket: Ticket | None,
    command: Command,
    settings: AccountSettings,
    token: str | None,
    codes: LinkCodes,
) -> Applied[Ticket]:
    if ticket is None:
        return _refused(
            None, command, Refusal("unknown_ticket", f"there is no {command.ticket_id}")
        )
    if ticket.account_id != command.account_id:
        why = f"{command.ticket_id} is not of account {command.account_id}"
        return _refused(None, command, Refusal("wrong_account", why))
    if ticket.erased_at is not None:
        return _refused(ticket, command, Refusal("not_open", GONE, "erased"))
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    refusal: Refusal | None
    match command:
        case ReplyToTicket():
            refusal = replies.refusal(ticket, command, settings)
            if refusal is None:
                return replies.reply(ticket, command, settings, token, codes)
        case FollowUpByMail():
            refusal = following_up.refusal(ticket, command)
            if refusal is None:
                return following_up.followed_up(ticket, command, token)
        case AddNote():
            refusal = replies.says_nothing(command)
            if refusal is None:
                return _note(draft, command)
        case AssignTicket():
            refusal = command_effects.assign(draft, command, settings)
        case UnassignTicket():
            refusal = command_effects.unassign(draft, command)
        case RouteTicket():
            refusal = command_effects.route(draft, command, settings)
        case CloseTicket():
            refusal = command_effects.close(draft, command)
        case ReopenTicket():
            refusal = command_effects.reopen(draft, command)
        case SnoozeTicket():
            refusal = command_effects.snooze(draft, command)
        case WakeTicket():
            refusal = command_effects.wake(draft, command)
        case TagTicket() | UntagTicket():
            refusal = change_tags(draft, command)
        case MarkSpam() | MarkNotSpam():
            refusal = command_effects.mark(draft, command)
        case MarkRead():
            refusal = command_effects.read(draft, command)
        case ReportDelivery():
            refusal = deliveries.report(draft, command)
        case _:
            refusal = Refusal("nothing_to_change", f"{type(command).__name__} is not understood")
    if refusal is not None:
        return _refused(ticket, command, refusal)
    return draft.applied(_line(draft, command))


def hand_over_given(
    target: Target, ticket: Ticket | None, command: HandOver, number: int
) -> Outcome[Ticket]:
    """The outcome of a hand-over (HND 3), which may open a ticket; a rejection where it cannot."""
    if ticket is None and target.slot is None:
        named = command.ticket_id or "a mail conversation without its ticket"
        return _refused(None, command, Refusal("unknown_ticket", f"there is no {named}"))
    if ticket is not None and ticket.account_id != command.account_id:
        why = f"{command.ticket_id} is not of account {command.account_id}"
        return _refused(None, command, Refusal("wrong_account", why))
    if ticket is not None and ticket.erased_at is not None:
        return _refused(ticket, command, Refusal("not_open", GONE, "erased"))
    outcome = handed_over(ticket, command, number)
    if isinstance(outcome, Applied) and _is_too_large(outcome):
        reason = "its transcript is more than a ticket takes"
        return _refused(ticket, command, Refusal("too_large", reason))
    return outcome


def _refused(
    ticket: Ticket | None, command: Command | HandOver, refusal: Refusal
) -> Applied[Ticket]:
    """A rejection, and a hidden entry: when the command is replayed, it stays refused."""
    code, reason, why, named = refusal
    rejected = CommandRejected.model_validate(
        {
            "account_id": command.account_id,
            "id": computed_id("rejected", command.account_id, command.id),
            "occurred_at": command.occurred_at,
            "correlation_id": command.correlation_id,
            "ticket_id": command.ticket_id or NO_TICKET,
            "command_id": command.id,
            "command_type": type(command).__name__,
            "author": command.author,
            "code": code,
            "reason": reason,
            "why": why,
            "named": named,
        }
    )
    kept = code != "too_large" and not (ticket and ticket.erased_at)
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "hidden",
        sent_at=command.occurred_at,
        # The author of a reply that was not sent may want its text back.
        text="" if not kept else getattr(command, "text", ""),
        because=f"refused ({code}): {reason}",
        author=command.author.model_dump(),
        seq=ticket.seq if ticket else None,
        command=type(command).__name__,
    )
    return Applied(ticket, entry, (TICKETS.record(rejected),))


_SHOWN: dict[type[TicketFact], str] = {
    TicketReopened: "Ticket reopened",
    TicketWoken: "Ticket woken",
    TicketMarkedSpam: "Marked as spam",
    TicketMarkedNotSpam: "Marked as not spam",
}


def _line(draft: Draft, command: Command) -> Entry:
    """The entry of a command that applied: a notice, or hidden where there is no text for it."""
    if isinstance(command, ReportDelivery):
        return deliveries.line(draft, command)
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
        case TicketSnoozed(until=until):
            text = f"Ticket snoozed until {until:%Y-%m-%d %H:%M} UTC"
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
    draft.happen(
        NoteAdded, "TKT 11: never sent to the customer", author=command.author, text=command.text
    )
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "note",
        sent_at=command.occurred_at,
        text=command.text,
        author=command.author.model_dump(),
    )
    return draft.applied(entry)
