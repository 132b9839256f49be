"""What assignment knows of a ticket, from the ticket stream (ASG 1, ASG 5, ASG 6, ASG 9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.assignment.rules import commands, routing
from services.assignment.rules.lines import line_for
from shared.clock import EPOCH
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import RouteTicket, UnassignTicket
from shared.contracts.tickets import (
    CommandRejected,
    TicketAssigned,
    TicketCloseAnnulled,
    TicketFact,
    TicketMarkedNotSpam,
    TicketOpened,
    TicketReopened,
    TicketRouted,
    TicketStatus,
    TicketTagged,
)

_REMEMBERED = 8
"""For how many needs that have ended a ticket remembers the offer that may still be out.

Ticketing answers in seconds, so never more than one or two of them are out. The others were never
made.
"""


class Followed(NamedTuple):
    """A ticket as of `last_seq`, and what assignment has under way for it.

    `need` is the seq since which the ticket wants an assignee of the round robin, None while it
    wants none; `attempt` counts the offers for that need which ticketing refused. `unanswered` are
    the ids of AssignTickets for needs that have ended in another way, the newest last: each may be
    out, or was never given.
    `route_id` is the id of the RouteTicket that is out, which asks for `route_team`. `line` is the
    waiting line in which the ticket stands, "" for none. `revision` is 0 for a ticket that is not
    stored yet.
    """

    account_id: str
    ticket_id: str
    last_seq: int
    status: TicketStatus
    assignee: str | None
    assignee_epoch: int
    team_id: str | None
    ai_handled: bool
    need: int | None
    waiting_since: datetime
    correlation_id: str
    attempt: int = 0
    unanswered: tuple[str, ...] = ()
    route_id: str = ""
    route_team: str | None = None
    line: str = ""
    revision: int = 0

    @property
    def id(self) -> str:
        """The ticket, among all accounts'."""
        return f"{self.account_id}:{self.ticket_id}"

    @property
    def holder(self) -> str:
        """The assignee, among all accounts'; "" if there is none or the ticket is closed."""
        if self.assignee is None or self.status == "closed":
            return ""
        return f"{self.account_id}:{self.assignee}"

    @property
    def offer_id(self) -> str:
        """The id of the AssignTicket for its need at this attempt; "" where it has no need."""
        if self.need is None:
            return ""
        return commands.assign_id(self.account_id, self.ticket_id, self.need, self.attempt)

    @property
    def future_team(self) -> str | None:
        """Its team once the RouteTicket that is out has been carried out."""
        return self.route_team if self.route_id else self.team_id


@dataclass(frozen=True, slots=True)
class Replayed:
    """A ticket after some events, and what is to be asked for because of them.

    `returned` are the ids of refused AssignTickets whose agents get their turn back; `gaps` is how
    often the ticket's next event was missing.
    """

    ticket: Followed | None
    routes: tuple[RouteTicket, ...]
    returned: tuple[str, ...]
    gaps: int


def replay(
    before: Followed | None,
    events: Iterable[TicketFact | CommandRejected],
    settings: AccountSettings | None,
    now: datetime,
) -> Replayed:
    """What is known after `events`, in order; an event that is known already changes nothing.

    Facts that were lost need not be found again: the next one tells how the ticket is. A fact that
    is dated after `now` is of a clock that is ahead, and its ticket counts as waiting since `now`.
    """
    ticket = before
    routes: list[RouteTicket] = []
    returned: list[str] = []
    gaps = 0
    for event in events:
        if isinstance(event, CommandRejected):
            if not _is_ours(event):
                continue
            if event.command_type == "AssignTicket" and event.code != "unknown_agent":
                returned.append(event.command_id)
            ticket = ticket and _after_refusal(ticket, event)
        elif ticket is None or event.seq > ticket.last_seq:
            gaps += event.is_after_a_gap(ticket.last_seq if ticket else 0)
            route = _route(ticket, event, settings)
            ticket = _after(ticket, event, route, now)
            routes += [route] if route else []
    return Replayed(ticket and placed(ticket, settings), tuple(routes), tuple(returned), gaps)


def placed(ticket: Followed, settings: AccountSettings | None) -> Followed:
    """The ticket in the line where it has to wait, or in none.

    It waits while it needs an assignee, also when an offer is out: the rotation knows that. A
    ticket that the AI agent handles is left to the AI agent (ASG 1).
    """
    waits = ticket.need is not None and not ticket.ai_handled
    line = "" if settings is None or not waits else line_for(settings, ticket.future_team)
    return ticket if line == ticket.line else ticket._replace(line=line)


def left_behind(
    ticket: Followed, settings: AccountSettings | None, now: datetime
) -> UnassignTicket | None:
    """The command that unassigns the ticket if its assignee has left the account (ASG 9), or None.

    The AI agent is not one of the account's agents, and keeps what it handles.
    """
    if settings is None or not ticket.holder or ticket.ai_handled:
        return None
    if ticket.assignee in {agent.id for agent in settings.agents}:
        return None
    return commands.unassign_removed(
        account_id=ticket.account_id,
        ticket_id=ticket.ticket_id,
        assignee_epoch=ticket.assignee_epoch,
        now=now,
    )


def is_for_want_of_settings(event: TicketFact | CommandRejected) -> bool:
    """Whether ticketing refused our command because it does not know the agent whom we chose.

    Its settings may then be newer than ours.
    """
    return isinstance(event, CommandRejected) and event.code == "unknown_agent" and _is_ours(event)


def may_answer_a_turn(event: TicketFact | CommandRejected) -> bool:
    """Whether it may be what became of an AssignTicket of ours."""
    return isinstance(event, TicketAssigned) or (
        isinstance(event, CommandRejected) and _is_ours(event)
    )


def _is_ours(event: CommandRejected) -> bool:
    return (event.author.kind, event.author.id) == (commands.AUTHOR.kind, commands.AUTHOR.id)


def _after(
    before: Followed | None, event: TicketFact, route: RouteTicket | None, now: datetime
) -> Followed:
    """The ticket as of `event`, newer than all before; `route` is asked for because of it."""
    ticket = event.ticket
    settled = ticket.status == "closed" or ticket.spam or ticket.assignee is not None
    need = None if settled else ticket.unassigned_epoch
    after = Followed(
        account_id=event.account_id,
        ticket_id=event.ticket_id,
        last_seq=event.seq,
        status=ticket.status,
        assignee=ticket.assignee,
        assignee_epoch=ticket.assignee_epoch,
        team_id=ticket.team_id,
        ai_handled=ticket.ai_handled,
        need=need,
        waiting_since=EPOCH if need is None else min(_since(event, need), now),
        correlation_id=event.correlation_id,
    )
    if before is not None:
        after = after._replace(revision=before.revision)
        if not event.is_after_a_gap(before.last_seq):
            after = _with_what_is_out(after, before, event)
        if need is not None and need == before.need:
            after = after._replace(
                waiting_since=before.waiting_since,
                correlation_id=before.correlation_id,
                attempt=before.attempt,
            )
    if route is not None:
        after = after._replace(route_id=route.id, route_team=route.team_id)
    return after


def _with_what_is_out(after: Followed, before: Followed, event: TicketFact) -> Followed:
    """The ticket with the commands that were out before `event` and that it doesn't answer.

    When a need ends, an offer for it may be out, or a replica that read the ticket before may still
    make one. The offer's id is remembered, so that its agent gets the turn
    back when ticketing refuses it.
    """
    ended = (before.offer_id,) if before.need is not None and before.need != after.need else ()
    carried_out = event.cause_id if isinstance(event, TicketAssigned) else None
    out = tuple(id_ for id_ in (*before.unanswered, *ended) if id_ != carried_out)
    after = after._replace(unanswered=out[-_REMEMBERED:])
    if not (isinstance(event, TicketRouted) and event.cause_id == before.route_id):
        after = after._replace(route_id=before.route_id, route_team=before.route_team)
    return after


def _since(event: TicketFact, need: int) -> datetime:
    return event.ticket.opened_at if need == 1 else event.occurred_at


def _after_refusal(ticket: Followed, refusal: CommandRejected) -> Followed:
    """The ticket once one of our commands was refused.

    If the ticket still has the need that the refused offer was for, there will be another offer:
    the agent may have left the account, for example. The offer was not stale then, since the event
    that makes an offer stale comes before the refusal, and ends the need. A ticket that ticketing
    does not know loses its need, or it would be offered for ever.
    """
    if refusal.code in ("unknown_ticket", "wrong_account"):
        return ticket._replace(need=None, unanswered=(), route_id="", route_team=None)
    if refusal.command_id == ticket.route_id:
        return ticket._replace(route_id="", route_team=None)
    if refusal.command_id == ticket.offer_id:
        return ticket._replace(attempt=ticket.attempt + 1)
    left = tuple(id_ for id_ in ticket.unanswered if id_ != refusal.command_id)
    return ticket._replace(unanswered=left)


def _route(
    before: Followed | None, event: TicketFact, settings: AccountSettings | None
) -> RouteTicket | None:
    """The team that the rules decide because of `event`, if it is not the ticket's already.

    Spam, closed tickets and those that somebody has are left as they are (ASG 9).
    """
    ticket = event.ticket
    if settings is None or ticket.spam or ticket.status == "closed" or ticket.assignee is not None:
        return None
    decided = _decided(before, event, settings)
    if decided is None:
        return None
    out = before is not None and before.route_id and not event.is_after_a_gap(before.last_seq)
    team_id = before.route_team if before is not None and out else ticket.team_id
    return commands.route(event, decided) if decided.team_id != team_id else None


def _decided(
    before: Followed | None, event: TicketFact, settings: AccountSettings
) -> routing.Route | None:
    ticket = event.ticket
    teamless = ticket.team_id is None
    missed = event.is_after_a_gap(before.last_seq if before else 0)
    match event:
        case TicketOpened() | TicketMarkedNotSpam():
            return routing.route_new(settings, ticket)
        case TicketTagged() if not missed:
            return routing.route_tagged(settings, ticket, event.tags)
        case TicketReopened() | TicketCloseAnnulled() if teamless:
            return routing.route_new(settings, ticket)
        case _ if missed and teamless:
            return routing.route_new(settings, ticket)
    return None
