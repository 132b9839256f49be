"""A history made by hand, in which nothing is wrong."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.topics import ATTRIBUTIONS, COMMANDS, HANDOFFS, OUTBOUND, SIGNALS, TICKETS
from tests.chaos.history import History
from tests.chaos.ledger import Asked, Credited, Handed, Said

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CONVERSATION = "shop1:sms:+393330000001"
HELLO, AGAIN, HELP, HALF = "m00001z1", "m00002z1", "m00003z1", "m00004z1"


def said(marker: str, seconds: int, kind: Any = "message") -> Said:
    at = NOON + timedelta(seconds=seconds)
    return Said(marker, kind, "shop1", "sms", CONVERSATION, at, sent_at=at)


def fact(seq: int, kind: str, cause: str, **more: Any) -> dict[str, Any]:
    ticket = {
        "status": "open",
        "channel": "sms",
        "assignee": "ann",
        "opened_at": NOON.isoformat(),
        "waiting_epoch": 4,
    }
    return {
        "type": kind,
        "id": f"t1:{seq}",
        "ticket_id": "t1",
        "account_id": "shop1",
        "seq": seq,
        "cause_id": cause,
        "author": {"kind": "agent", "id": "ann"},
        "ticket": ticket,
        **more,
    }


def written(seq: int, marker: str, seconds: int) -> dict[str, Any]:
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    return fact(
        seq,
        "CustomerWrote",
        f"id-{marker}",
        message_id=f"id-{marker}",
        text=f"Any news? {marker}",
        received_at=at,
        spam=False,
    )


def entry(entry_id: str, kind: str = "hidden", text: str = "") -> dict[str, Any]:
    return {"_id": entry_id, "of": "t1", "kind": kind, "text": text, "account_id": "shop1"}


def offer(command_id: str = "offer", assignee: str = "ann") -> dict[str, Any]:
    return {
        "type": "AssignTicket",
        "id": command_id,
        "account_id": "shop1",
        "ticket_id": "t1",
        "author": {"kind": "system", "id": "assignment"},
        "assignee": assignee,
        "assignee_epoch": 0,
    }


def automatic(command_id: str = "auto-1") -> dict[str, Any]:
    return {
        "type": "ReplyToTicket",
        "id": command_id,
        "account_id": "shop1",
        "ticket_id": "t1",
        "author": {"kind": "system", "id": "replies"},
    }


def handed(of: str, external_id: str | None = None) -> list[dict[str, Any]]:
    return [
        {"type": "VisitorTold", "id": f"told-{of}", "handoff_id": of},
        {"type": "HandoffEnded", "id": f"end-{of}", "handoff_id": of, "external_id": external_id},
    ]


def good() -> History:
    """A conversation: two messages, an assignment, a reply, silence, a keyword, a broken record."""
    assigned = fact(3, "TicketAssigned", "offer", assignee="ann")
    assigned["author"] = {"kind": "system", "id": "assignment"}
    opened = fact(1, "TicketOpened", f"id-{HELLO}")
    opened["ticket"] = {**opened["ticket"], "assignee": None}
    wrote = written(2, HELLO, 0)
    wrote["ticket"] = opened["ticket"]
    closed = fact(6, "TicketClosed", "silence", reason="inactivity")
    ended = {
        "status": "closed",
        "assignee": "ann",
        "opened_at": NOON.isoformat(),
        "closed_at": (NOON + timedelta(seconds=90)).isoformat(),
    }
    closed["ticket"] = ended
    events = [
        opened,
        wrote,
        assigned,
        written(4, AGAIN, 10),
        fact(5, "AgentReplied", "reply-1"),
        closed,
        {
            "type": "CommandRejected",
            "id": "rejected-auto",
            "account_id": "shop1",
            "ticket_id": "t1",
            "command_id": "auto-1",
        },
        {
            "type": "CommandRejected",
            "id": "rejected-1",
            "account_id": "shop1",
            "ticket_id": "t1",
            "command_id": "claim-1",
        },
        deepcopy(opened),
    ]
    credit = {
        "id": "credit-1",
        "message_id": f"id-{HELLO}",
        "revision": 1,
        "credit": {"send_id": "flow-1"},
    }
    silence = {
        "type": "CloseTicket",
        "id": "silence",
        "account_id": "shop1",
        "ticket_id": "t1",
        "reason": "inactivity",
    }
    thread = [
        entry(f"id-{HELLO}", "message", HELLO),
        entry(f"id-{AGAIN}", "message", AGAIN),
        entry("shop1:offer"),
        entry("shop1:silence"),
        entry("shop1:reply-1", "reply"),
        entry("shop1:claim-1"),
        entry("shop1:auto-1"),
        entry("signal-1", "notice"),
        entry("credit-1", "notice"),
    ]
    queues = [{"agents": ["bob", "ann"], "owed": []}]
    state = {"queues": queues, "unanswered": []}
    rotation = {"_id": "shop1", "account_id": "shop1", "outbox": [], "state": state}
    followed = {
        "_id": "shop1:t1",
        "ticket_id": "t1",
        "last_seq": 6,
        "line": "",
        "need": None,
    }
    return History(
        said=[
            said(HELLO, 0),
            said(AGAIN, 10),
            said(HELP, 20, "keyword"),
            said(HALF, 30, "broken"),
        ],
        asked=[
            Asked("reply-1", "shop1", "t1", "ReplyToTicket"),
            Asked("claim-1", "shop1", "t1", "AssignTicket", "unassigned"),
        ],
        credited=[Credited(CONVERSATION, "flow-1")],
        topics={
            TICKETS.name: events,
            COMMANDS.name: [offer(), offer(), silence, automatic(), automatic()],
            SIGNALS.name: [{"id": "signal-1", "provider_message_id": HELP}],
            OUTBOUND.name: [{"id": "o1", "account_id": "shop1", "idempotency_key": "reply-1"}],
            ATTRIBUTIONS.name: [credit, credit],
            HANDOFFS.name: [*handed("h1", "100"), *handed("h2"), *handed("h1", "100")],
        },
        handed=[Handed("h1", "shop1", "zendesk"), Handed("h2", "shop1", "message")],
        outside=[{"id": 100, "external_id": "helpdesk-h1"}],
        dead=[
            {
                "service": "ingest",
                "topic": "helpdesk.inbound.sms",
                "partition": "0",
                "offset": "7",
                "value": f'{{"half": "{HALF}',
            }
        ],
        stores={
            "tickets": [{"_id": "t1", "state": {"seq": 6}, "outbox": []}],
            "thread": thread,
            "autoclose_timers": [
                {
                    "_id": "shop1:t1",
                    "ticket_id": "t1",
                    "last_seq": 6,
                    "due_at": NOON + timedelta(days=900),
                }
            ],
            "assignment_tickets": [followed],
            "assignment_rotations": [rotation],
        },
        ended_at=NOON + timedelta(hours=1),
    )
