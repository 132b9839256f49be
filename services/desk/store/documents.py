"""How tickets and lines lie in the database: a body as JSON, and beside it what indexes need."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from services.desk.rules.facets import facets_of
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.rules.views import Order, bound, key, milliseconds

ORDERS: Final[tuple[Order, ...]] = ("waiting", "active", "opened", "number")

_ROWS = TypeAdapter(Row)
_LINES = TypeAdapter(Line)


def row_document(row: Row, revision: int) -> dict[str, Any]:
    """The document of a ticket; it says nothing to lists while `summary` is None."""
    ticket = row.summary
    document: dict[str, Any] = {
        "_id": row.key,
        "rev": revision,
        "account_id": row.account_id,
        "body": _ROWS.dump_json(row, exclude_defaults=True, by_alias=True).decode(),
        "words": sorted(row.words),
    }
    if ticket is None:
        return document
    return document | {
        "spam": ticket.spam,
        "status": ticket.status,
        "assignee": ticket.assignee or "",
        "unread": ticket.unread,
        "channel": ticket.channel,
        "team": ticket.team_id or "",
        "tags": list(ticket.tags),
        "segments": list(ticket.contact.segments),
        "ai": ticket.ai_handled,
        "failed": row.reply.failed,
        "facets": facets_of(row),
        "number": ticket.number,
        "contact": ticket.contact.id,
        "profile": ticket.contact.profile_id or "",
        **{f"by_{order}": key(order, row) for order in ORDERS},
    }


def row_of(document: Mapping[str, Any]) -> Row:
    """The ticket of a document."""
    return _ROWS.validate_json(document["body"])


def line_document(line: Line, revision: int) -> dict[str, Any]:
    """The document of a line; `of` is the ticket whose thread shows it, "" for none yet."""
    shown = line.ticket_id is not None and line.kind is not None
    return {
        "_id": line.key,
        "rev": revision,
        "account_id": line.account_id,
        "of": f"{line.account_id}:{line.ticket_id}" if shown else "",
        "at": line_place(line),
        "seq": line.seq,
        "body": _LINES.dump_json(line, exclude_defaults=True).decode(),
    }


def line_of(document: Mapping[str, Any]) -> Line:
    """The line of a document."""
    return _LINES.validate_json(document["body"])


def line_place(line: Line) -> str:
    """Where the line stands in its thread: by when it was sent, then received (TKT 8)."""
    sent, received = bound(milliseconds(line.sent_at)), bound(milliseconds(line.received_at))
    return f"{sent}:{received}:{line.seq:010d}:{line.id}"
