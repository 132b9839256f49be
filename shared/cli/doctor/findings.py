"""What the doctor says: findings, and the exit code that they come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from shared.cli.doctor.failures import Failure

Status = Literal["ok", "warning", "wrong", "not looked at"]
Check = Literal[
    "kafka",
    "brokers",
    "topics",
    "partitions",
    "rights",
    "groups",
    "lag",
    "dead-letters",
    "accounts",
    "mongo",
    "durability",
    "indexes",
    "redis",
    "memory",
    "clocks",
]
CHECKS: tuple[Check, ...] = get_args(Check)
STATUSES: tuple[Status, ...] = ("ok", "warning", "wrong", "not looked at")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and, unless it is well, what to do."""

    check: Check
    status: Status
    text: str
    advice: str = ""

    @property
    def see(self) -> str:
        """The section of the documentation about it."""
        return f"docs/doctor.md#{self.check}"


def unseen(check: Check, failure: Failure, what: str, advice: str = "") -> Finding:
    """The finding that something could not be looked at; `what` is what was asked about."""
    otherwise = "mend what is wrong above, then look again"
    mend = {
        "unasked": otherwise,
        "rights": "let this user describe it, to have it looked at",
        "unknown": "nothing, if the server is meant to be one that does not know it",
        "time-out": "look again; if it stays so, the server is overloaded or a part of it is away",
    }.get(failure.kind, "look at the server's log")
    return Finding(check, "not looked at", f"{what}: {failure.text}", advice or mend)


def exit_code(findings: Sequence[Finding], *, strict: bool = False) -> int:
    """0 if nothing is wrong, else 1; with `strict`, a warning is wrong too."""
    bad = {"wrong", "warning"} if strict else {"wrong"}
    return int(any(finding.status in bad for finding in findings))


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON has them."""
    counts = Counter(finding.status for finding in findings)
    return {
        "ok": not counts["wrong"],
        "counts": {status: counts[status] for status in STATUSES},
        "findings": [{**asdict(finding), "see": finding.see} for finding in findings],
    }


def some(names: Sequence[str], most: int = 5) -> str:
    """The names with commas between; of many, the first ones and how many more there are."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"
