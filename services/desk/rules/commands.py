"""What agents ask for at the desk, as commands to ticketing (TKT 11). Pure."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from services.desk.rules.asked import Body
from services.desk.rules.people import Who
from services.desk.rules.rows import Row
from shared.contracts.base import Author, Id, TagName, UtcTime, Whole
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
    WakeTicket,
)
from shared.contracts.messages import Attachment
from shared.values.ids import computed_id

LONGEST_TEXT = 200_000
"""Characters of a reply or a note."""

Kind = Literal[
    "reply",
    "note",
    "assign",
    "unassign",
    "route",
    "close",
    "reopen",
    "snooze",
    "wake",
    "tag",
    "untag",
    "mark_spam",
    "mark_not_spam",
    "mark_read",
]

_NEEDS: dict[str, str] = {
    "reply": "text",
    "note": "text",
    "assign": "assignee",
    "route": "team",
    "snooze": "until",
    "tag": "tags",
    "untag": "tags",
}


class Asked(Body):
    """A command as the page and integrations give it.

    `seen_seq` on a reply is the newest that its author has seen: a colleague's answer after it is
    told before the reply goes out, unless `unseen_ok`. `tags` on a reply are added with it, and
    `then` is what becomes of the ticket after it; both are done once the reply is accepted, and
    not at all if it is refused. With `reopen`, or with `open` for `then`, a closed ticket is opened
    again before the reply, where its channel allows both. `until` is for `snooze`; `wake` means the
    time that the ticket is snoozed until where it names none. `macro` is the one that the text came
    from, if any.
    `uploads` are files that were uploaded for a reply; `attachments` are at addresses that its
    gateway knows.
    """

    type: Kind
    text: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=20)] = ()
    uploads: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    cc: Annotated[tuple[Id, ...], Field(max_length=20)] = ()
    assignee: Id | None = None
    seen_assignee: Id | None = None
    team: Id | None = None
    until: UtcTime | None = None
    tags: Annotated[tuple[TagName, ...], Field(max_length=50)] = ()
    seen_seq: Whole | None = None
    unseen_ok: bool = False
    then: Literal["close", "snooze", "open"] | None = None
    reopen: bool = False
    macro: Id | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Asked":
        needed = _NEEDS.get(self.type)
        files = self.type == "reply" and (self.attachments or self.uploads)
        if needed and not getattr(self, needed) and not files:
            message = f"{self.type} needs {needed}"
            raise ValueError(message)
        if (self.uploads or self.cc) and self.type != "reply":
            message = "only a reply has uploads and cc"
            raise ValueError(message)
        if self.then == "snooze" and self.until is None:
            message = "then snooze needs until"
            raise ValueError(message)
        return self

    @property
    def opens(self) -> bool:
        """Whether a closed ticket is to be opened again before the reply."""
        return self.type == "reply" and (self.reopen or self.then == "open")


def author_of(who: Who) -> Author:
    """Whoever asks, as the author of what they ask for."""
    return Author(kind="agent" if who.is_agent else "integration", id=who.id, name=who.name)


def command_id(who: Who, ticket_id: str, key: str) -> str:
    """The id of the command that was given with that idempotency key: the same again is one."""
    kind = "agent" if who.is_agent else "integration"
    return f"desk-{computed_id('desk', who.account_id, kind, who.id, ticket_id, key)}"


def for_ticket(asked: Asked, row: Row) -> Asked:
    """The command as it is meant of that ticket: waking it is waking it from its present snooze."""
    until = row.summary.snoozed_until if row.summary else None
    if asked.type != "wake" or asked.until is not None or until is None:
        return asked
    return asked.model_copy(update={"until": until})


def reopening(who: Who, row: Row, command: str, now: datetime) -> ReopenTicket:
    """What opens the ticket again before the reply that has that id."""
    return ReopenTicket(**{**_base(who, row.ticket_id, command, now), "id": f"{command}-reopen"})


def commands(who: Who, row: Row, asked: Asked, command: str, now: datetime) -> list[Command]:
    """The commands in the order in which they are to be applied; the first one has that id.

    Where the ticket's status is to be `open` after a reply, a snoozed one is woken; for any other
    there is nothing to do.
    """
    base = _base(who, row.ticket_id, command, now)
    found = [_command(base, asked)]
    if asked.type == "reply":
        if asked.tags:
            found.append(TagTicket(**{**base, "id": f"{command}-tags"}, tags=asked.tags))
        after = {**base, "id": f"{command}-then"}
        snoozed_until = row.summary.snoozed_until if row.summary else None
        if asked.then == "close":
            found.append(CloseTicket(**after))
        elif asked.then == "snooze" and asked.until is not None:
            found.append(SnoozeTicket(**after, until=asked.until))
        elif asked.then == "open" and snoozed_until is not None:
            found.append(WakeTicket(**after, snoozed_until=snoozed_until))
    return found


def _base(who: Who, ticket_id: str, command: str, now: datetime) -> dict[str, Any]:
    return {
        "account_id": who.account_id,
        "id": command,
        "occurred_at": now,
        "correlation_id": command,
        "ticket_id": ticket_id,
        "author": author_of(who),
    }


def _command(base: dict[str, Any], asked: Asked) -> Command:  # noqa: PLR0911  # a case a kind
    match asked.type:
        case "reply":
            return ReplyToTicket(
                **base,
                text=asked.text,
                attachments=asked.attachments,
                cc=asked.cc,
                seen_seq=None if asked.unseen_ok else asked.seen_seq,
            )
        case "note":
            return AddNote(**base, text=asked.text)
        case "assign":
            return AssignTicket(
                **base, assignee=asked.assignee or "", seen_assignee=asked.seen_assignee
            )
        case "unassign":
            return UnassignTicket(**base)
        case "route":
            return RouteTicket(**base, team_id=asked.team or "")
        case "snooze":
            return SnoozeTicket(**base, until=asked.until or base["occurred_at"])
        case "wake":
            until = asked.until or base["occurred_at"] + timedelta(0)
            return WakeTicket(**base, snoozed_until=until)
        case "tag":
            return TagTicket(**base, tags=asked.tags)
        case "untag":
            return UntagTicket(**base, tags=asked.tags)
        case _:
            plain: dict[str, type[Command]] = {
                "close": CloseTicket,
                "reopen": ReopenTicket,
                "mark_spam": MarkSpam,
                "mark_not_spam": MarkNotSpam,
                "mark_read": MarkRead,
            }
            return plain[asked.type](**base)
