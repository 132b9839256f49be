"""Which team a ticket belongs to (ASG 5)."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.contracts.accounts import AccountSettings, RoutingRule
from shared.contracts.tickets import TicketSummary


@dataclass(frozen=True, slots=True)
class Route:
    """The team that was decided, and by which rule, in words."""

    team_id: str
    rule: str


def route_new(settings: AccountSettings, ticket: TicketSummary) -> Route | None:
    """The team of a new ticket: the first rule that matches, else the default team, if any."""
    rule = _first_match(settings, ticket)
    if rule is not None:
        return Route(rule.team_id, _in_words(rule))
    default = settings.assignment.default_team
    return Route(default, "default team") if default is not None else None


def route_tagged(
    settings: AccountSettings, ticket: TicketSummary, added: Collection[str]
) -> Route | None:
    """The team that tags `added` later decide (ASG 9), None where they decide nothing.

    They decide only where the first rule that matches the ticket is about one of them. So what an
    earlier rule decided stands. A team that an agent chose stands too, unless such a tag is added.
    """
    rule = _first_match(settings, ticket)
    if rule is None or rule.when != "tag" or rule.is_ not in added:
        return None
    return Route(rule.team_id, _in_words(rule))


def _first_match(settings: AccountSettings, ticket: TicketSummary) -> RoutingRule | None:
    has = {"segment": ticket.contact.segments, "tag": ticket.tags}
    return next((rule for rule in settings.assignment.routing if rule.is_ in has[rule.when]), None)


def _in_words(rule: RoutingRule) -> str:
    return f"{rule.when} is {rule.is_}"
