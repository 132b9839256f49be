"""A ticket and its history, for people and for programs."""

import re
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
    """A ticket, how many tickets its person has, and its history, oldest first.

    `cut` is True if older entries than these are left out.
    """

    ticket: Ticket
    tickets_of_contact: int
    history: Sequence[Mapping[str, Any]]
    cut: bool = False

    def document(self) -> dict[str, Any]:
        """The whole report, in values that JSON has."""
        return {
            "ticket": self.ticket.model_dump(mode="json"),
            "tickets_of_contact": self.tickets_of_contact,
            "history": [{**_plain(line), "by": _who(self.ticket, line)} for line in self.history],
        }


def printed(report: Report) -> Iterator[RenderableType]:
    """The report as tables. What customers wrote cannot steer the terminal."""
    yield _head(report)
    table = Table("when (UTC)", "seq", "who", "what", "why", title="History", expand=True)
    if report.cut:
        table.caption = f"The newest {len(report.history)} entries: --last shows more."
    for line in report.history:
        table.add_row(
            f"{line['received_at']:%Y-%m-%d %H:%M:%S}",
            _seqs(line),
            tame(_who(report.ticket, line)),
            tame(_what(line), _LONGEST),
            tame(_why(line)),
            style=_style(line),
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
        "waiting": _waiting(ticket),
        "assignee": ticket.assignee or "nobody",
        "team": ticket.team_id or "none",
        "tags": ", ".join(ticket.tags),
        "opened": f"{ticket.opened_at:%Y-%m-%d %H:%M:%S}",
        "unread": "yes" if ticket.unread else "no",
        "credited to": _credit(ticket),
        "linked to": ticket.related_ticket_id or "",
        "said STOP": f"{ticket.opted_at:%Y-%m-%d %H:%M:%S}" if ticket.opted_out else "",
    }
    table = Table(title=f"Ticket {ticket.number} of {ticket.account_id}", show_header=False)
    for name, value in facts.items():
        if value:
            table.add_row(name, tame(value))
    return table


def _status(ticket: Ticket) -> str:
    flagged = ", spam" if ticket.spam else ""
    if ticket.closed_at is not None:
        return f"closed ({ticket.close_reason}) at {ticket.closed_at:%Y-%m-%d %H:%M:%S}{flagged}"
    if ticket.snoozed_until is not None:
        return f"snoozed until {ticket.snoozed_until:%Y-%m-%d %H:%M:%S}{flagged}"
    return f"{ticket.status}{flagged}"


def _waiting(ticket: Ticket) -> str:
    """Who waits for whom."""
    if ticket.customer_waits_since is not None:
        return f"the customer, since {ticket.customer_waits_since:%Y-%m-%d %H:%M:%S}"
    return "the team, for the customer" if ticket.waiting_epoch is not None else ""


def _credit(ticket: Ticket) -> str:
    credit = ticket.credit
    return f"{credit.source} {credit.source_id}" if credit and credit.source else ""


def _refused(line: Mapping[str, Any]) -> bool:
    return str(line["because"]).startswith("refused")


def _style(line: Mapping[str, Any]) -> str | None:
    """Yellow for what was refused, dim for what the thread does not show."""
    if _refused(line):
        return "yellow"
    return None if line["shown"] else "dim"


def _seqs(line: Mapping[str, Any]) -> str:
    """The seqs of the entry's events, such as `3-5`; "" if it changed nothing (TKT 9)."""
    seqs = [str(seq) for seq, _, _ in line.get("events", ())]
    return seqs[0] if len(seqs) == 1 else f"{seqs[0]}-{seqs[-1]}" if seqs else ""


def _who(ticket: Ticket, line: Mapping[str, Any]) -> str:
    if author := line.get("author"):
        return f"{author.get('name') or author['id']} ({author['kind']})"
    if line["kind"] in ("message", "edit", "deletion"):
        contact = line.get("message", {}).get("contact", {}).get("id", ticket.contact.id)
        return f"{contact} (customer)"
    return ""


def _what(line: Mapping[str, Any]) -> str:
    happened = ", ".join(_words(kind) for _, kind, _ in line.get("events", ()))
    marks = [
        *(["taken back"] if line.get("deleted") else []),
        *([f"edited, version {line['edited']}"] if "edited" in line else []),
        *([str(line["delivery"])] if "delivery" in line else []),
        *(["spam"] if line.get("spam") else []),
        *(["near spam"] if (line.get("message", {}).get("verdict") or {}).get("grey") else []),
    ]
    said = happened or _words(line.get("command", "")) or line["kind"]
    if _refused(line):
        said = f"{said}: refused"
    elif line["kind"] == "notice" and line["text"]:
        return str(line["text"])
    if marks:
        said = f"{said} ({', '.join(marks)})"
    return "\n".join([said, *filter(None, [line["text"]]), *_attached(line)])


def _attached(line: Mapping[str, Any]) -> list[str]:
    attached = line.get("attachments") or line.get("message", {}).get("attachments", ())
    return [f"[{each.get('kind')}: {each.get('filename') or 'no name'}]" for each in attached]


def _words(name: str) -> str:
    """The name of an event or a command in words: `ticket opened` for `TicketOpened`."""
    return " ".join(re.findall(r"[A-Z][a-z]*", name)).lower()


def _why(line: Mapping[str, Any]) -> str:
    reasons = [because for _, _, because in line.get("events", ())] or [line["because"]]
    return "\n".join(dict.fromkeys([*filter(None, reasons), *_verdict(line)]))


def _verdict(line: Mapping[str, Any]) -> list[str]:
    """Why a message was taken for spam, or near it (SPM 3)."""
    verdict = line.get("message", {}).get("verdict")
    if not verdict or not (verdict["spam"] or verdict.get("grey")):
        return []
    words = "; ".join(reason["words"] for reason in verdict["reasons"]) or "no reason is given"
    score = f"{verdict['score']:.2f}, spam from {verdict['threshold']:.2f} on"
    return [f"SPM 3: its score is {score}: {words}"]


def _plain(value: Any) -> Any:  # noqa: ANN401  # what the database gives
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value
