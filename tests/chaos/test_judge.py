"""The judge, on histories made by hand: it finds nothing in a good one, and each wrong in a bad."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.topics import ATTRIBUTIONS, COMMANDS, HANDOFFS, OUTBOUND, SIGNALS, TICKETS
from tests.chaos.history import History
from tests.chaos.judge import counted, judge
from tests.chaos.ledger import Asked, Credited, Handed, Said

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
CONVERSATION = "shop1:sms:+393330000001"
HELLO, AGAIN, HELP, HALF = "m00001z1", "m00002z1", "m00003z1", "m00004z1"
Alter = Callable[[History], None]


def _said(marker: str, seconds: int, kind: Any = "message") -> Said:
    at = NOON + timedelta(seconds=seconds)
    return Said(marker, kind, "shop1", "sms", CONVERSATION, at, sent_at=at)


def _fact(seq: int, kind: str, cause: str, **more: Any) -> dict[str, Any]:
    ticket = {"status": "open", "assignee": "ann", "opened_at": NOON.isoformat()}
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


def _wrote(seq: int, marker: str, seconds: int) -> dict[str, Any]:
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    return _fact(
        seq,
        "CustomerWrote",
        f"id-{marker}",
        message_id=f"id-{marker}",
        text=f"Any news? {marker}",
        received_at=at,
        spam=False,
    )


def _entry(entry_id: str, kind: str = "hidden", text: str = "") -> dict[str, Any]:
    return {"_id": entry_id, "of": "t1", "kind": kind, "text": text, "account_id": "shop1"}


def _offer(command_id: str = "offer", assignee: str = "ann") -> dict[str, Any]:
    return {
        "type": "AssignTicket",
        "id": command_id,
        "account_id": "shop1",
        "ticket_id": "t1",
        "assignee": assignee,
        "assignee_epoch": 0,
    }


def _automatic(command_id: str = "auto-1") -> dict[str, Any]:
    return {
        "type": "ReplyToTicket",
        "id": command_id,
        "account_id": "shop1",
        "ticket_id": "t1",
        "author": {"kind": "system", "id": "replies"},
    }


def _handed(of: str, external_id: str | None = None) -> list[dict[str, Any]]:
    return [
        {"type": "VisitorTold", "id": f"told-{of}", "handoff_id": of},
        {"type": "HandoffEnded", "id": f"end-{of}", "handoff_id": of, "external_id": external_id},
    ]


def good() -> History:
    """A conversation: two messages, an assignment, a reply, silence, a keyword, a broken record."""
    assigned = _fact(3, "TicketAssigned", "offer", assignee="ann")
    assigned["author"] = {"kind": "system", "id": "assignment"}
    opened = _fact(1, "TicketOpened", f"id-{HELLO}")
    opened["ticket"] = {**opened["ticket"], "assignee": None}
    wrote = _wrote(2, HELLO, 0)
    wrote["ticket"] = opened["ticket"]
    closed = _fact(6, "TicketClosed", "silence", reason="inactivity")
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
        _wrote(4, AGAIN, 10),
        _fact(5, "AgentReplied", "reply-1"),
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
        _entry(f"id-{HELLO}", "message", HELLO),
        _entry(f"id-{AGAIN}", "message", AGAIN),
        _entry("shop1:offer"),
        _entry("shop1:silence"),
        _entry("shop1:reply-1", "reply"),
        _entry("shop1:claim-1"),
        _entry("shop1:auto-1"),
        _entry("signal-1", "notice"),
        _entry("credit-1", "notice"),
    ]
    turn = {"_id": "t1:1:0", "account_id": "shop1", "agent": "ann", "line": "l"}
    queues = [{"agents": ["bob", "ann"], "owed": []}]
    rotation = {"_id": "shop1", "account_id": "shop1", "outbox": [], "state": {"queues": queues}}
    followed = {
        "_id": "shop1:t1",
        "ticket_id": "t1",
        "last_seq": 6,
        "line": "",
        "offered": "",
        "need": None,
    }
    return History(
        said=[
            _said(HELLO, 0),
            _said(AGAIN, 10),
            _said(HELP, 20, "keyword"),
            _said(HALF, 30, "broken"),
        ],
        asked=[
            Asked("reply-1", "shop1", "t1", "ReplyToTicket"),
            Asked("claim-1", "shop1", "t1", "AssignTicket", "unassigned"),
        ],
        credited=[Credited(CONVERSATION, "flow-1")],
        topics={
            TICKETS.name: events,
            COMMANDS.name: [_offer(), _offer(), silence, _automatic(), _automatic()],
            SIGNALS.name: [{"id": "signal-1", "provider_message_id": HELP}],
            OUTBOUND.name: [{"id": "o1", "account_id": "shop1", "idempotency_key": "reply-1"}],
            ATTRIBUTIONS.name: [credit, credit],
            HANDOFFS.name: [*_handed("h1", "100"), *_handed("h2"), *_handed("h1", "100")],
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
            "assignment_turns": [turn],
        },
        ended_at=NOON + timedelta(hours=1),
    )


def _events(history: History) -> list[Any]:
    events = history.topics[TICKETS.name]
    assert isinstance(events, list)
    return events


def _without(collection: str, entry_id: str) -> Alter:
    def alter(history: History) -> None:
        rows: Any = history.stores[collection]
        rows[:] = [row for row in rows if row["_id"] != entry_id]

    return alter


def _event_lost(history: History) -> None:
    del _events(history)[3]


def _event_twice_with_two_numbers(history: History) -> None:
    _events(history).append({**_wrote(7, AGAIN, 10), "id": "t1:7"})


def _two_events_of_one_number(history: History) -> None:
    _events(history).append({**_events(history)[4], "text": "another reply"})


def _events_swapped(history: History) -> None:
    events = _events(history)
    events[3], events[4] = events[4], events[3]


def _messages_swapped(history: History) -> None:
    events = _events(history)
    events[1]["text"], events[3]["text"] = events[3]["text"], events[1]["text"]


def _second_ticket(history: History) -> None:
    event = {**_events(history)[3], "ticket_id": "t2", "id": "t2:1", "seq": 1}
    _events(history)[3] = event


def _closed_while_the_customer_waited(history: History) -> None:
    _events(history)[4]["type"] = "NoteAdded"


def _written_into_a_closed_ticket(history: History) -> None:
    closed = {**_events(history)[5]["ticket"]}
    _events(history).append({**_wrote(7, AGAIN, 10), "id": "t1:7", "ticket": closed})


def _reopened_by_an_older_message(history: History) -> None:
    cause = f"id-{AGAIN}"
    opened = [_fact(7, "TicketReopened", cause), {**_wrote(8, AGAIN, 10), "id": "t1:8"}]
    _events(history).extend(opened)


def _given_away_twice(history: History) -> None:
    again = {**deepcopy(_events(history)[2]), "id": "t1:7", "seq": 7, "assignee": "bob"}
    _events(history).append(again)


def _claimed_though_taken(history: History) -> None:
    claimed = _fact(7, "TicketAssigned", "claim-1", assignee="bob")
    _events(history).append(claimed)


def _offered_to_two(history: History) -> None:
    history.topics[COMMANDS.name][1]["assignee"] = "bob"  # type: ignore[index]


def _uneven(history: History) -> None:
    turn: Any = history.stores["assignment_turns"]
    turn.append({**turn[0], "_id": "t2:1:0"})


def _command_unanswered(history: History) -> None:
    _events(history)[6]["command_id"] = "another"


def _reply_twice(history: History) -> None:
    out: Any = history.topics[OUTBOUND.name]
    out.append({**out[0], "id": "o2"})


def _reply_lost(history: History) -> None:
    history.topics[OUTBOUND.name].clear()  # type: ignore[attr-defined]


def _credit_taken_away(history: History) -> None:
    credits_: Any = history.topics[ATTRIBUTIONS.name]
    credits_.append({**credits_[0], "revision": 2, "credit": None})


def _second_credited(history: History) -> None:
    credits_: Any = history.topics[ATTRIBUTIONS.name]
    credits_.append({**credits_[0], "message_id": f"id-{AGAIN}"})


def _good_record_dead(history: History) -> None:
    dead: Any = history.dead
    dead.append({**dead[0], "value": HELLO})


def _dead_twice(history: History) -> None:
    dead: Any = history.dead
    dead.append({**dead[0], "offset": "8"})


def _keyword_twice(history: History) -> None:
    signals: Any = history.topics[SIGNALS.name]
    signals.append({**signals[0], "id": "signal-2"})


def _stored(collection: str, **fields: Any) -> Alter:
    def alter(history: History) -> None:
        history.stores[collection][0].update(fields)  # type: ignore[attr-defined]

    return alter


def _line_twice(history: History) -> None:
    thread: Any = history.stores["thread"]
    thread.append(_entry("another id", "message", HELLO))


def _commands(history: History) -> list[Any]:
    commands = history.topics[COMMANDS.name]
    assert isinstance(commands, list)
    return commands


def _not_answered_automatically(history: History) -> None:
    commands = _commands(history)
    commands[:] = [each for each in commands if each["id"] != "auto-1"]


def _answered_automatically_twice(history: History) -> None:
    _commands(history).append(_automatic("auto-2"))


def _answered_automatically_after_a_day(history: History) -> None:
    said: Any = history.said
    said[:] = [replace(each, sent_at=each.received_at + timedelta(days=2)) for each in said]


def _told(history: History) -> list[Any]:
    told = history.topics[HANDOFFS.name]
    assert isinstance(told, list)
    return told


def _hand_off_without_end(history: History) -> None:
    told = _told(history)
    told[:] = [body for body in told if body["id"] != "end-h2"]


def _hand_off_with_two_ends(history: History) -> None:
    _told(history).append({**_handed("h1", "100")[1], "id": "another end"})


def _visitor_told_twice(history: History) -> None:
    _told(history).append({"type": "VisitorTold", "id": "again", "handoff_id": "h2"})


def _two_tickets_outside(history: History) -> None:
    outside: Any = history.outside
    outside.append({"id": 101, "external_id": "helpdesk-h1"})


def _no_ticket_outside(history: History) -> None:
    outside: Any = history.outside
    outside.clear()


def _handed_over_here_too(history: History) -> None:
    _events(history).append(_fact(7, "TicketHandedOver", "h1", handoff_id="h1"))


WRONG: list[tuple[str, Alter]] = [
    ("lost", _event_lost),
    ("gaps", _event_lost),
    ("lost", _without("thread", f"id-{HELLO}")),
    ("lost", _without("thread", "shop1:claim-1")),
    ("lost", _without("thread", "signal-1")),
    ("lost", _without("thread", "credit-1")),
    ("lost", _without("tickets", "t1")),
    ("lost", lambda history: history.dead.clear()),  # type: ignore[attr-defined]
    ("lost", _good_record_dead),
    ("lost", _command_unanswered),
    ("lost", _reply_lost),
    ("lost", _credit_taken_away),
    ("lost", _not_answered_automatically),
    ("lost", _hand_off_without_end),
    ("lost", _no_ticket_outside),
    ("doubled", _hand_off_with_two_ends),
    ("doubled", _visitor_told_twice),
    ("doubled", _two_tickets_outside),
    ("doubled", _handed_over_here_too),
    ("doubled", _answered_automatically_twice),
    ("doubled", _answered_automatically_after_a_day),
    ("lost", _stored("tickets", outbox=[{"id": "7.0"}])),
    ("lost", _stored("autoclose_timers", last_seq=5)),
    ("lost", _stored("autoclose_timers", due_at=NOON)),
    ("lost", _stored("assignment_tickets", last_seq=5)),
    ("lost", _stored("assignment_tickets", line="shop1:")),
    ("doubled", _event_twice_with_two_numbers),
    ("doubled", _two_events_of_one_number),
    ("doubled", _second_ticket),
    ("doubled", _reply_twice),
    ("doubled", _second_credited),
    ("doubled", _dead_twice),
    ("doubled", _keyword_twice),
    ("doubled", _line_twice),
    ("order_broken", _events_swapped),
    ("order_broken", _messages_swapped),
    ("wrongly_closed", _closed_while_the_customer_waited),
    ("wrongly_closed", _written_into_a_closed_ticket),
    ("wrongly_closed", _reopened_by_an_older_message),
    ("doubly_assigned", _given_away_twice),
    ("doubly_assigned", _claimed_though_taken),
    ("doubly_assigned", _offered_to_two),
    ("doubly_assigned", _uneven),
]


@pytest.mark.parametrize(("entry", "lost"), [("early:shop1:signal-1", 0), ("signal-1", 1)])
def test_the_keyword_of_who_wrote_nothing_else_has_to_wait_for_a_ticket(
    entry: str, lost: int
) -> None:
    history = good()
    said: Any = history.said
    said[2] = replace(said[2], conversation="shop1:sms:somebody")
    thread: Any = history.stores["thread"]
    thread[7] = {**thread[7], "_id": entry, "kind": "early"}

    assert counted(judge(history))["lost"] == lost


def test_a_good_history_with_repeats_has_nothing_wrong() -> None:
    assert judge(good()) == []


@pytest.mark.parametrize(("kind", "alter"), WRONG)
def test_what_is_wrong_is_found(kind: str, alter: Alter) -> None:
    history = good()
    alter(history)
    assert counted(judge(history))[kind] > 0
