"""The commands that assignment gives. Each id is computed from what the command rests on."""

from datetime import datetime

from services.assignment.rules.routing import Route
from shared.contracts.base import Author
from shared.contracts.commands import AssignTicket, RouteTicket, UnassignTicket
from shared.contracts.tickets import TicketFact
from shared.values.ids import computed_id

AUTHOR = Author(kind="system", id="assignment")


def assign_id(account_id: str, ticket_id: str, need: int, attempt: int) -> str:
    """The id of the one command that answers a ticket's need (its seq) at an attempt (ASG 8)."""
    return computed_id("assign", account_id, ticket_id, str(need), str(attempt))


def route(event: TicketFact, decided: Route) -> RouteTicket:
    """The command that sets the team that the rules decided because of `event`."""
    return RouteTicket(
        account_id=event.account_id,
        id=computed_id("route", event.account_id, event.id),
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        ticket_id=event.ticket_id,
        author=AUTHOR,
        team_id=decided.team_id,
        rule=decided.rule,
    )


def assign(  # noqa: PLR0913  # the fields of a command
    *,
    account_id: str,
    ticket_id: str,
    need: int,
    attempt: int,
    assignee: str,
    assignee_epoch: int,
    correlation_id: str,
    now: datetime,
) -> AssignTicket:
    """The command that gives the ticket to the agent whose turn it is."""
    return AssignTicket(
        account_id=account_id,
        id=assign_id(account_id, ticket_id, need, attempt),
        occurred_at=now,
        correlation_id=correlation_id,
        ticket_id=ticket_id,
        author=AUTHOR,
        assignee=assignee,
        assignee_epoch=assignee_epoch,
        unassigned_epoch=need,
    )


def unassign_removed(
    *, account_id: str, ticket_id: str, assignee_epoch: int, now: datetime
) -> UnassignTicket:
    """The command that takes the ticket from an agent who left the account (ASG 9)."""
    command_id = computed_id("unassign", account_id, ticket_id, str(assignee_epoch))
    return UnassignTicket(
        account_id=account_id,
        id=command_id,
        occurred_at=now,
        correlation_id=command_id,
        ticket_id=ticket_id,
        author=AUTHOR,
        share_again=True,
        assignee_epoch=assignee_epoch,
    )
