"""What is said of a run: in words, and as its report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.topics import TICKETS
from tests.chaos import judge
from tests.chaos.history import Finding, History


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one fault went; no recovery: the groups did not catch up in time.

    `crashes` are the services that ended by themselves meanwhile, and were started again.
    """

    name: str
    about: str
    ok: bool
    recovery_s: float | None
    crashes: list[str]


def witnessed(history: History) -> str:
    """What there was to be judged, so that a run in which nothing happened is seen to be one."""
    facts = [fact for facts in history.facts.values() for fact in facts]
    kinds = Counter(fact["type"] for fact in facts)
    silent = sum(fact.get("reason") == "inactivity" for fact in facts)
    repeats = len(history.on(TICKETS.name)) - len(facts) - len(history.rejections)
    return (
        f"{len(facts)} events of {len(history.facts)} tickets and {repeats} repeats of them, "
        f"{len(history.rejections)} refusals, {kinds['TicketAssigned']} assignments, "
        f"{kinds['TicketClosed']} closings ({silent} for silence, "
        f"{kinds['TicketCloseAnnulled']} annulled), {kinds['TicketReopened']} reopenings, "
        f"{kinds['AgentReplied']} replies, {kinds['TicketAttributed']} attributions, "
        f"{kinds['TicketHandedOver']} hand-offs here and {len(history.outside)} outside"
    )


def report_of(
    history: History,
    findings: Sequence[Finding],
    outcomes: Sequence[Outcome],
    **ran: float,
) -> dict[str, Any]:
    """Whether the run went well, how often which promise was broken, and how each fault went.

    `ran` says how the run was: its seed, its pace, and how many processes were killed.
    """
    return {
        "ok": not findings and all(outcome.ok for outcome in outcomes),
        "sent": len(history.said),
        **judge.counted(findings),
        "faults": [asdict(outcome) for outcome in outcomes],
        **ran,
    }
