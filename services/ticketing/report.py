"""A ticket and its history, for people and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from services.ticketing.rules.ticket import Ticket
from shared.cli.plain import tame

_LONGEST = 500
"""Characters of a text in the table; the JSON has all of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A ticket, how many its person has, and its history, oldest first."""

    ticket: Ticket
    tickets_of_contact: int
    history: Sequence[Mapping[str, Any]]

    def document(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {
            "ticket": self.ticket.model_dump(mode="json"),
            "tickets_of_contact": self.tickets_of_contact,
            "history": [{**_plain(line), "by": _who(self.ticket, line)} for line in self.history],
        }


def printed(report: Report) -> Iterator[RenderableType]:
    """The report as tables. What customers wrote cannot steer the terminal."""
    yield _head(report)
    table = Table("when (UTC)", "seq", "who", "what", "why", title="History", expand=True)
    for line in report.history:
        table.add_row(
            f"{line['received_at']:%Y-%m-%d %H:%M:%S}",
            str(line.get("seq", "")),
            tame(_who(report.ticket, line)),
            tame(_what(line), _LONGEST),
            tame(_why(line)),
            style=None if line["shown"] else "dim",
        )
    yield table


def _head(report: Report) -> Table:
    ticket = report.ticket
    facts = {
        "id": ticket.id,
        "channel": f"{ticket.channel}, {ticket.address}",
        "contact": f"{ticket.contact.display_name or ''} {ticket.contact.id}".strip(),
        "tickets of theirs": str(report.tickets_of_contact),
        "subject": ticket.subject or "",
        "status": _status(ticket),
        "assignee": ticket.assignee or "nobody",
        "team": ticket.team_id or "none",
        "tags": ", ".join(ticket.tags),
        "opened": f"{ticket.opened_at:%Y-%m-%d %H:%M:%S}",
        "unread": "yes" if ticket.unread else "no",
    }
    table = Table(title=f"Ticket {ticket.number} of {ticket.account_id}", show_header=False)
    for name, value in facts.items():
        table.add_row(name, tame(value))
    return table


def _status(ticket: Ticket) -> str:
    flagged = ", spam" if ticket.spam else ""
    if ticket.closed_at is not None:
        return f"closed ({ticket.close_reason}) at {ticket.closed_at:%Y-%m-%d %H:%M:%S}{flagged}"
    if ticket.snoozed_until is not None:
        return f"snoozed until {ticket.snoozed_until:%Y-%m-%d %H:%M:%S}{flagged}"
    return f"{ticket.status}{flagged}"


def _who(ticket: Ticket, line: Mapping[str, Any]) -> str:
    if author := line.get("author"):
        return f"{author.get('name') or author['id']} ({author['kind']})"
    if line["kind"] in ("message", "edit", "deletion"):
        contact = line.get("message", {}).get("contact", {}).get("id", ticket.contact.id)
        return f"{contact} (customer)"
    return ""


def _what(line: Mapping[str, Any]) -> str:
    happened = ", ".join(kind for _, kind, _ in line.get("events", ()))
    marks = [
        *(["taken back"] if line.get("deleted") else []),
        *([f"edited, version {line['edited']}"] if "edited" in line else []),
        *([str(line["delivery"])] if "delivery" in line else []),
        *(["spam"] if line.get("spam") else []),
    ]
    said = line.get("command") or happened or line["kind"]
    if marks:
        said = f"{said} ({', '.join(marks)})"
    return f"{said}\n{line['text']}" if line["text"] else said


def _why(line: Mapping[str, Any]) -> str:
    reasons = [because for _, _, because in line.get("events", ())] or [line["because"]]
    return "\n".join(dict.fromkeys(reason for reason in reasons if reason))


def _plain(value: Any) -> Any:  # noqa: ANN401  # what the database gives
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value
