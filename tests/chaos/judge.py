"""The judge: accounts for every record of the ledger, by the topics and the stores alone.

Pure: from what was sent and what is to be seen afterwards to findings, each with the counter that
it belongs to and words that name the record.
"""

from collections import Counter
from collections.abc import Iterable

from tests.chaos.checks import effects, messages, tags, tickets, unattended
from tests.chaos.history import KINDS, Finding, History

CHECKS = (
    messages.messages,
    messages.keywords,
    messages.dead_letters,
    messages.tickets_of_conversations,
    messages.order,
    tickets.numbers,
    tickets.closings,
    tickets.assignments,
    tags.tags,
    effects.commands,
    effects.replies,
    effects.credits_,
    unattended.automatic_replies,
    unattended.hand_offs,
    effects.endings,
    effects.left_over,
    effects.turns,
)


def judge(history: History) -> list[Finding]:
    """Everything that is wrong with a history."""
    return [finding for check in CHECKS for finding in check(history)]


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings each counter has."""
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in KINDS}
