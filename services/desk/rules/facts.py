"""What each record says of tickets and their lines."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from shared.clock import EPOCH
from shared.contracts.base import Author
from shared.contracts.clicks import ShortLink
from shared.contracts.messages import Attachment, InboundMessage
from shared.contracts.snapshots import ThreadLine, TicketSnapshot
from shared.contracts.tickets import (
    AgentReplied,
    ContentErased,
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    DeliveryFailed,
    DeliveryReported,
    NoteAdded,
    NoticeAdded,
    TicketAssigned,
    TicketAttributed,
    TicketCloseAnnulled,
    TicketClosed,
    TicketFact,
    TicketHandedOver,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketOpened,
    TicketReopened,
    TicketRouted,
    TicketSnoozed,
    TicketTagged,
    TicketUnassigned,
    TicketUntagged,
    TicketWoken,
)

_NOTICES: Final = (
    NoticeAdded
    | TicketOpened
    | TicketClosed
    | TicketCloseAnnulled
    | TicketReopened
    | TicketSnoozed
    | TicketWoken
    | TicketAssigned
    | TicketUnassigned
    | TicketHandedOver
    | TicketRouted
    | TicketTagged
    | TicketUntagged
    | TicketMarkedSpam
    | TicketMarkedNotSpam
    | TicketAttributed
    | ContentErased
)
_OF_EVERY_FACT: Final = frozenset(
    {
        *("account_id", "id", "occurred_at", "correlation_id", "type", "ticket_id", "seq"),
        *("cause_id", "because", "ticket", "author", "notice", "text", "error", "mail_id"),
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says: of a ticket, and of lines."""

    row: Row | None = None
    lines: tuple[Line, ...] = ()


def of_event(event: TicketFact) -> Said:
    """What an event of the ticket stream says."""
    row = Row(
        account_id=event.account_id,
        ticket_id=event.ticket_id,
        seq=event.seq,
        summary=event.ticket,
        related_ticket_id=event.related_ticket_id if isinstance(event, TicketOpened) else None,
        # Its own line says nothing of the contact.
        erased_seq=event.seq - 1 if isinstance(event, ContentErased) and event.whole else 0,
        woken_seq=event.seq if _woke(event) else 0,
        woken_at=event.occurred_at if _woke(event) else EPOCH,
    )
    return Said(row, tuple(_lines(event)))


def _woke(event: TicketFact) -> bool:
    return isinstance(event, TicketWoken) and event.by == "time"


def _lines(event: TicketFact) -> Iterable[Line]:  # noqa: C901  # a case a kind of event
    match event:
        case CustomerWrote():
            yield replace(
                _line(event, event.message_id),
                kind="message",
                sent_at=event.sent_at,
                received_at=event.received_at,
                text=event.text,
                spam=event.spam,
                grey=event.grey,
            )
        case CustomerEdited():
            yield Line(
                event.account_id,
                event.message_id,
                event.ticket_id,
                text=event.text,
                version=event.version,
            )
        case CustomerDeleted():
            yield Line(event.account_id, event.message_id, event.ticket_id, deleted=True)
        case AgentReplied():
            yield replace(
                _line(event, event.message_id),
                kind="reply",
                text=event.text,
                author=_author(event.author),
                attachments=_models(event.attachments),
                auto_reply=event.auto_reply,
                links=_models(event.links),
                mailed_to=event.mailed_to,
            )
        case DeliveryReported():
            yield Line(event.account_id, event.message_id, event.ticket_id, delivery=event.status)
        case DeliveryFailed():
            yield Line(
                event.account_id,
                event.message_id,
                event.ticket_id,
                delivery="failed",
                error=event.error,
            )
            yield _notice(event)
        case NoteAdded():
            yield replace(
                _line(event, event.id),
                kind="note",
                text=event.text,
                author=_author(event.author),
            )
        case _:
            if isinstance(event, _NOTICES):
                yield _notice(event)
    if isinstance(event, ContentErased):
        for message_id in event.message_ids:
            yield Line(event.account_id, message_id, event.ticket_id, deleted=True)


def _line(event: TicketFact, line_id: str) -> Line:
    return Line(
        account_id=event.account_id,
        id=line_id,
        ticket_id=event.ticket_id,
        seq=event.seq,
        sent_at=event.occurred_at,
        received_at=event.occurred_at,
        because=event.because,
    )


def _notice(event: TicketFact) -> Line:
    said = event.model_dump(mode="json", exclude=set(_OF_EVERY_FACT), exclude_none=True)
    author: Author | None = getattr(event, "author", None)
    code = event.code if isinstance(event, NoticeAdded) else getattr(event, "type", "")
    text = getattr(event, "text", None) or getattr(event, "notice", None) or ""
    if isinstance(event, DeliveryFailed):
        # As its snapshot says it.
        text = f"Not delivered: {event.error or 'no reason given'}"
    return replace(
        _line(event, event.id),
        kind="notice",
        text=text,
        author=_author(author),
        code=code,
        said=said or None,
    )


def of_message(message: InboundMessage) -> Line:
    """What a screened message says of the line that it is, or will be."""
    return Line(
        account_id=message.account_id,
        id=message.id,
        message=message.model_dump(mode="json", exclude={"text"}, exclude_none=True),
    )


def of_snapshot(snapshot: TicketSnapshot) -> Said:
    """What a page of a ticket's snapshot says."""
    row = Row(
        account_id=snapshot.account_id,
        ticket_id=snapshot.ticket_id,
        seq=snapshot.seq,
        summary=snapshot.ticket,
        related_ticket_id=snapshot.related_ticket_id,
    )
    return Said(row, tuple(_of_thread(snapshot, line) for line in snapshot.lines))


def _of_thread(snapshot: TicketSnapshot, line: ThreadLine) -> Line:
    message: dict[str, Any] | None = None
    if line.message is not None:
        message = line.message.model_dump(mode="json", exclude={"text"}, exclude_none=True)
    files = () if line.kind == "message" else line.attachments
    return Line(
        account_id=snapshot.account_id,
        id=line.id,
        ticket_id=snapshot.ticket_id,
        kind=line.kind,
        seq=line.seq,
        sent_at=line.sent_at,
        received_at=line.received_at,
        text="" if line.deleted else line.text,
        version=line.version or 0,
        author=_author(line.author),
        attachments=_models(files),
        spam=line.spam,
        grey=line.message.grey if line.message else False,
        auto_reply=line.auto_reply,
        links=() if line.deleted else _models(line.links),
        mailed_to=None if line.deleted else line.mailed_to,
        deleted=line.deleted,
        delivery=line.delivery,
        message=message,
        because=line.because,
    )


def _models(files: Iterable[Attachment | ShortLink]) -> tuple[Mapping[str, Any], ...]:
    return tuple(each.model_dump(mode="json") for each in files)


def _author(author: Author | None) -> tuple[str, str, str | None] | None:
    return (author.kind, author.id, author.name) if author else None
