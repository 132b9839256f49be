"""How tickets and lines lie in the database: a body as JSON, and beside it what indexes need."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from services.desk.rules.facets import facets_of
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.rules.views import Order, bound, key, milliseconds
from shared.clock import FAR_FUTURE
from shared.contracts.messages import InboundMessage

WAITS: Final = timedelta(days=60)
"""For so long after it was received a message is kept that has joined no ticket: for longer than a
topic keeps it, and so for longer than ticketing can be behind."""

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
    """The document of a line.

    `of` is its ticket, "" for none yet; `at` its place in the thread, "" if it is not shown. One
    that has no ticket is gone at `until`; `from` names whom it is from.
    """
    joined = line.ticket_id is not None
    waiting = (
        InboundMessage.model_validate({**line.message, "text": ""})
        if (line.message and not joined)
        else None
    )
    return {
        "_id": line.key,
        "rev": revision,
        "account_id": line.account_id,
        "of": line.of if joined else "",
        "at": line_place(line) if joined and line.kind is not None else "",
        "seq": line.seq,
        "until": min(waiting.occurred_at, FAR_FUTURE - WAITS) + WAITS if waiting else None,
        "from": _names(waiting) if waiting else [],
        "body": _LINES.dump_json(line, exclude_defaults=True).decode(),
    }


def _names(message: InboundMessage) -> list[str]:
    contact = message.contact
    named = dict.fromkeys([contact.id, *(each.key for each in contact.identities)])
    return [f"{message.account_id}:{name}" for name in named]


def line_of(document: Mapping[str, Any]) -> Line:
    """The line of a document."""
    return _LINES.validate_json(document["body"])


def line_place(line: Line) -> str:
    """Where the line stands in its thread: by when it was sent, then received (TKT 8)."""
    sent, received = bound(milliseconds(line.sent_at)), bound(milliseconds(line.received_at))
    return f"{sent}:{received}:{line.seq:010d}:{line.id}"
