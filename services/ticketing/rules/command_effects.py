"""What each kind of command changes in a ticket, or why it does not apply (TKT 11)."""

from services.ticketing.rules.messages import not_spam
from services.ticketing.rules.replies import Refusal
from services.ticketing.rules.ticket import REOPENABLE, Draft
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import (
    UNASSIGNED,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    RouteTicket,
    SnoozeTicket,
    UnassignTicket,
    WakeTicket,
)
from shared.contracts.tickets import (
    TicketAssigned,
    TicketClosed,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketRead,
    TicketReopened,
    TicketRouted,
    TicketSnoozed,
    TicketUnassigned,
    TicketWoken,
)

INACTIVITY_NOTICE = "Ticket closed due to inactivity"


def asked(command: Command) -> str:
    """The reason in words where somebody asked for it and no rule decided."""
    return f"{command.author.name or command.author.id} asked for it"


def assign(draft: Draft, command: AssignTicket, settings: AccountSettings) -> Refusal | None:
    """Give the ticket to the assignee. By hand that works at any hour (ASG 4).

    An automatic assignment is refused if the ticket has changed hands since it was decided, or
    waits for nobody. It answers one need: if the ticket was closed and waits again since, somebody
    else's turn answers that, and the turn that came too late is its agent's again.
    """
    ticket = draft.ticket
    automatic = command.assignee_epoch is not None
    if automatic and (
        command.assignee_epoch != ticket.assignee_epoch
        or ticket.unassigned_epoch is None
        or command.unassigned_epoch not in {None, ticket.unassigned_epoch}
    ):
        return Refusal("stale", "the ticket has changed hands or waits for nobody since")
    if command.seen_assignee is not None and command.seen_assignee != (
        ticket.assignee or UNASSIGNED
    ):
        if ticket.assignee is None:
            return Refusal("taken", "nobody has it now", "nobody_has_it")
        named = {"agent": ticket.assignee}
        return Refusal("taken", f"{ticket.assignee} has it now", "has_it", named)
    if not has_agent(settings, command):
        reason = f"{command.assignee} is no agent of the account"
        return Refusal("unknown_agent", reason, "no_agent", {"agent": command.assignee})
    if command.assignee == ticket.assignee:
        reason = f"{command.assignee} has it already"
        return Refusal("nothing_to_change", reason, "has_it_already", {"agent": command.assignee})
    draft.happen(
        TicketAssigned,
        "ASG 1: the next available agent in rotation" if automatic else "ASG 4: by hand",
        {
            "assignee": command.assignee,
            "assignee_epoch": draft.next_seq,
            "unassigned_epoch": None,
            "ai_handled": by_ai(command),
        },
        author=command.author,
        assignee=command.assignee,
        previous=ticket.assignee,
    )
    return None


def by_ai(command: AssignTicket) -> bool:
    """Whether the AI agent takes the ticket itself: it is no agent of the account's."""
    return command.author.kind == "ai" and command.author.id == command.assignee


def has_agent(settings: AccountSettings, command: AssignTicket) -> bool:
    """Whether the assignee that the command names may have tickets of the account."""
    return by_ai(command) or command.assignee in {agent.id for agent in settings.agents}


def has_team(settings: AccountSettings, command: RouteTicket) -> bool:
    """Whether the team that the command names is one of the account's."""
    return command.team_id in {team.id for team in settings.teams}


def unassign(draft: Draft, command: UnassignTicket) -> Refusal | None:
    """Unassigning sets off the round robin only if the command asks for it (ASG 4, ASG 9)."""
    ticket = draft.ticket
    if command.assignee_epoch is not None and command.assignee_epoch != ticket.assignee_epoch:
        return Refusal("stale", "the ticket has changed hands since")
    if ticket.assignee is None:
        return Refusal("nothing_to_change", "nobody has it", "nobody_has_it")
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


def route(draft: Draft, command: RouteTicket, settings: AccountSettings) -> Refusal | None:
    """Set the team that a routing rule, or the command's author, decided (ASG 5).

    A rule's decision is refused where the ticket has an assignee.
    """
    ticket = draft.ticket
    if not has_team(settings, command):
        reason = f"{command.team_id} is no team of the account"
        return Refusal("unknown_team", reason, "no_team", {"team": command.team_id})
    if command.team_id == ticket.team_id:
        reason = f"it belongs to {command.team_id} already"
        return Refusal("nothing_to_change", reason, "team_has_it", {"team": command.team_id})
    if command.author.kind == "system" and ticket.assignee is not None:
        return Refusal("stale", f"{ticket.assignee} has it: rules route it no more")
    draft.happen(
        TicketRouted,
        f"ASG 5: {command.rule or asked(command)}",
        {"team_id": command.team_id},
        author=command.author,
        team_id=command.team_id,
        rule=command.rule,
    )
    return None


def close(draft: Draft, command: CloseTicket) -> Refusal | None:
    """Close the ticket.

    A close for inactivity is refused if the customer or the team wrote since its timer was set
    (ACL 6).
    """
    ticket = draft.ticket
    if ticket.status == "closed":
        return Refusal("already_closed", "it is closed already")
    silent = command.reason == "inactivity"
    if silent and (
        command.waiting_epoch is None
        or command.waiting_epoch != ticket.waiting_epoch
        or command.last_reply_seq not in (None, ticket.last_reply_seq)
    ):
        return Refusal("stale", "the customer wrote, or the team did, since the timer was set")
    draft.happen(
        TicketClosed,
        "ACL 3: the customer fell silent" if silent else f"TKT 11: {asked(command)}",
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


def reopen(draft: Draft, command: ReopenTicket) -> Refusal | None:
    """Only mail, SMS and WhatsApp tickets can be opened again (TKT 1, TKT 4)."""
    ticket = draft.ticket
    if ticket.status != "closed":
        return Refusal("not_closed", "it is not closed")
    if ticket.channel not in REOPENABLE:
        reason = f"a closed {ticket.channel} ticket is reopened by nobody"
        return Refusal("cannot_reopen", reason)
    waits = ticket.assignee is None and not ticket.spam
    draft.happen(
        TicketReopened,
        f"TKT 11: {asked(command)}",
        {
            "status": "open",
            "closed_at": None,
            "close_reason": None,
            "unassigned_epoch": draft.next_seq if waits else None,
        },
        author=command.author,
    )
    return None


def snooze(draft: Draft, command: SnoozeTicket) -> Refusal | None:
    """A ticket that is not closed is hidden until a time after the command's (TKT 6)."""
    if draft.ticket.status == "closed":
        return Refusal("not_open", "it is closed")
    if command.until <= command.occurred_at:
        reason = f"{command.until.isoformat()} is not after the command"
        return Refusal("in_the_past", reason)
    draft.happen(
        TicketSnoozed,
        f"TKT 6: {asked(command)}",
        {"status": "snoozed", "snoozed_until": command.until},
        author=command.author,
        until=command.until,
    )
    return None


def wake(draft: Draft, command: WakeTicket) -> Refusal | None:
    """A snoozed ticket is open again, unless it was snoozed anew since (TKT 6)."""
    ticket = draft.ticket
    if ticket.status != "snoozed" or ticket.snoozed_until != command.snoozed_until:
        return Refusal("stale", "it is not snoozed until then any more", "not_snoozed")
    by_time = command.author.kind == "system"
    draft.happen(
        TicketWoken,
        "TKT 6: the chosen time has come" if by_time else f"TKT 6: {asked(command)}",
        {"status": "open", "snoozed_until": None},
        by="time" if by_time else "agent",
    )
    return None


def mark(draft: Draft, command: MarkSpam | MarkNotSpam) -> Refusal | None:
    """Mark a ticket as spam or not spam; one that is not goes through what a new one does (SPM 2).

    An agent may mark even a ticket that is flagged already, if it was not an agent who flagged it.
    """
    ticket = draft.ticket
    by_agent = command.author.kind == "agent"
    because = f"SPM 2: {asked(command)}"
    if isinstance(command, MarkNotSpam):
        if not ticket.spam:
            return Refusal("nothing_to_change", "it is not flagged", "not_flagged")
        draft.happen(TicketMarkedNotSpam, because, not_spam(draft), author=command.author)
        return None
    if ticket.spam and (ticket.spam_by_agent or not by_agent):
        return Refusal("nothing_to_change", "it is flagged already", "flagged_already")
    draft.happen(
        TicketMarkedSpam,
        because,
        {"spam": True, "spam_by_agent": by_agent, "unassigned_epoch": None},
        author=command.author,
    )
    return None


def read(draft: Draft, command: MarkRead) -> Refusal | None:
    """The ticket is not unread any more (TKT 10)."""
    if not draft.ticket.unread:
        return Refusal("nothing_to_change", "it was read already", "read_already")
    draft.happen(TicketRead, f"TKT 10: {asked(command)}", {"unread": False}, author=command.author)
    return None
