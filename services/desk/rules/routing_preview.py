"""Where tickets would have gone by other routing rules (ASG 5), before anybody saves them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.contracts.accounts import AssignmentSettings
from shared.contracts.tickets import TicketSummary


@dataclass(frozen=True, slots=True)
class Would:
    """A ticket, the team that it has and the one that it would have got; None for nobody's.

    `rule` is the place of the rule that decides, None for the default team, or for nothing.
    """

    ticket: TicketSummary
    has: str | None
    team: str | None
    rule: int | None

    @property
    def differs(self) -> bool:
        """Whether it would be another team's."""
        return self.has != self.team


def preview(draft: AssignmentSettings, tickets: Iterable[TicketSummary]) -> Sequence[Would]:
    """What the draft decides for each ticket, by its segments and tags as they are now.

    As assignment decides for new tickets: the first rule that matches, else the default team. What
    an agent decided since shows as a difference.
    """
    return [_decided(draft, ticket) for ticket in tickets]


def _decided(draft: AssignmentSettings, ticket: TicketSummary) -> Would:
    has = {"segment": ticket.contact.segments, "tag": ticket.tags}
    for place, rule in enumerate(draft.routing):
        if rule.is_ in has[rule.when]:
            return Would(ticket, ticket.team_id, rule.team_id, place)
    return Would(ticket, ticket.team_id, draft.default_team, None)
