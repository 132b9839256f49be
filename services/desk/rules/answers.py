"""What becomes of commands that are given at the desk. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.commands import ReplyToTicket
from shared.contracts.tickets import CommandRejected, TicketFact

OURS: Final = "desk-"
"""What the ids of commands begin with that were given at the desk."""

UNSEEN: Final = "unseen"
"""The code of a reply whose author has not seen what a colleague answered meanwhile (VWS 6)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a command: the event that it led to, or why it was refused."""

    account_id: str
    command_id: str
    ticket_id: str
    event: Mapping[str, Any] | None = None
    code: str | None = None
    reason: str | None = None
    why: str | None = None
    named: Mapping[str, str] | None = None


def answer_of(event: TicketFact | CommandRejected) -> Answered | None:
    """The answer that the event is to a command that was given here, if it is one."""
    cause = event.command_id if isinstance(event, CommandRejected) else event.cause_id
    if not cause.startswith(OURS):
        return None
    if isinstance(event, CommandRejected):
        unseen = event.code == "stale" and event.command_type == ReplyToTicket.__name__
        code = UNSEEN if unseen else event.code
        return Answered(
            event.account_id,
            cause,
            event.ticket_id,
            code=code,
            reason=event.reason,
            why=event.why,
            named=event.named,
        )
    told = {"type": getattr(event, "type", ""), "seq": event.seq, "ticket_id": event.ticket_id}
    if (message_id := getattr(event, "message_id", None)) is not None:
        told["message_id"] = message_id
    return Answered(event.account_id, cause, event.ticket_id, event=told)


def told_of(answer: Answered) -> dict[str, Any]:
    """What open pages are told of the answer."""
    return {
        "command_id": answer.command_id,
        "ticket_id": answer.ticket_id,
        "seq": (answer.event or {}).get("seq"),
        "code": answer.code,
        "reason": answer.reason,
        "why": answer.why,
        "named": answer.named,
    }
