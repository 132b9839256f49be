"""What a ticket looks like as a snapshot (VWS 9). Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from services.ticketing.rules.thread_lines import Line
from services.ticketing.rules.ticket import Ticket
from shared.contracts.commands import PublishSnapshots
from shared.contracts.messages import InboundMessage
from shared.contracts.snapshots import SnapshotsPublished, ThreadLine, TicketSnapshot
from shared.contracts.tickets import TicketSummary
from shared.stores.documents import Entry, Pending
from shared.values.ids import computed_id

PAGE: Final = 100
"""Lines of a page, at most."""

_LARGEST: Final = 1024 * 1024
"""Bytes of a page's lines; a longer line has a page of its own."""

_LARGEST_LINE: Final = 3 * 1024 * 1024
"""Bytes of a line that has everything: beside it a record has room for the ticket."""

_SUMMARY: Final = set(TicketSummary.model_fields)


def is_wanted(ticket: Ticket, since: datetime | None) -> bool:
    """Whether the ticket is not closed, or was not before `since`; None: whether there is one."""
    return since is None or ticket.closed_at is None or ticket.closed_at >= since


def owed_lines(
    ticket_id: str, outbox: Sequence[Pending], stored: Iterable[Line]
) -> tuple[list[Line], list[Line]]:
    """What an outbox still owes to the thread: lines that are not `stored`, and later entries.

    The ticket was written with it already; the thread may get it any moment.
    """
    there = {line["_id"] for line in stored}
    entries: list[Line] = [
        {**owed.body, "_id": owed.id, "of": ticket_id}
        for owed in (pending.owed for pending in outbox)
        if isinstance(owed, Entry)
    ]
    lines = [entry for entry in entries if entry["shown"] and entry["_id"] not in there]
    return lines, [entry for entry in entries if "message_id" in entry]


def lines_of(ticket: Ticket, lines: Iterable[Line]) -> list[ThreadLine]:
    """The lines as contracts have them. Those that came after the ticket was read are left out."""
    return [_line(ticket.id, line) for line in lines if line["seq"] <= ticket.seq]


def cut(lines: Iterable[ThreadLine]) -> list[list[ThreadLine]]:
    """The lines in parts that fit into a record each; a single empty part where there are none."""
    parts: list[list[ThreadLine]] = [[]]
    size = 0
    for line in map(_small_enough, lines):
        more = _bytes(line)
        if parts[-1] and size + more > _LARGEST:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += more
    return parts


def snapshot(
    request: PublishSnapshots,
    ticket: Ticket,
    lines: Sequence[ThreadLine],
    now: datetime,
    *,
    page: int,
    last: bool,
) -> TicketSnapshot:
    """A page of the ticket's snapshot."""
    return TicketSnapshot(
        account_id=ticket.account_id,
        id=f"{ticket.id}:{ticket.seq}:{page}",
        occurred_at=now,
        correlation_id=request.correlation_id,
        ticket_id=ticket.id,
        seq=ticket.seq,
        ticket=TicketSummary.model_validate(ticket.model_dump(include=_SUMMARY)),
        related_ticket_id=ticket.related_ticket_id,
        page=page,
        last=last,
        lines=tuple(lines),
    )


def published(request: PublishSnapshots, tickets: int, now: datetime) -> SnapshotsPublished:
    """What says that a request is done."""
    return SnapshotsPublished(
        account_id=request.account_id,
        id=computed_id("snapshots", request.account_id, request.id),
        occurred_at=now,
        correlation_id=request.correlation_id,
        request_id=request.id,
        tickets=tickets,
    )


def _small_enough(line: ThreadLine) -> ThreadLine:
    """The line; of an enormous message without its HTML, or else with its text alone.

    Its text always fits: it was in a record of the ticket stream, the ticket beside it.
    """
    if line.message is None or _bytes(line) <= _LARGEST_LINE:
        return line
    lighter = line.message.model_copy(update={"html": None, "text_full": None})
    line = line.model_copy(update={"message": lighter})
    return line if _bytes(line) <= _LARGEST_LINE else line.model_copy(update={"message": None})


def _bytes(line: ThreadLine) -> int:
    return len(line.model_dump_json(exclude_none=True).encode())


def _line(ticket_id: str, line: Line) -> ThreadLine:
    message = line.get("message")
    return ThreadLine(
        id=_name(ticket_id, line),
        seq=line["seq"],
        kind=line["kind"],
        sent_at=line["sent_at"],
        received_at=line["received_at"],
        text=line["text"],
        author=line.get("author"),
        message=InboundMessage.model_validate(message) if message else None,
        attachments=tuple(line.get("attachments") or (message or {}).get("attachments") or ()),
        spam=line.get("spam", False),
        auto_reply=line.get("auto_reply", False),
        links=tuple(line.get("links") or ()),
        mailed_to=line.get("mailed_to"),
        version=line.get("edited"),
        deleted=line.get("deleted", False) or line.get("erased", False),
        delivery=line.get("delivery") if line["kind"] == "reply" else None,
        because=line.get("because", ""),
    )


def _name(ticket_id: str, line: Line) -> str:
    """What events call the line."""
    if line["kind"] == "message":
        return str(line["_id"])
    return str(line.get("outbound_id") or f"{ticket_id}:{line['seq']}")
