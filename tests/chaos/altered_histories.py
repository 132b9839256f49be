"""What can be wrong with a history, one thing each, and the counter that it belongs to."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.topics import ATTRIBUTIONS, COMMANDS, HANDOFFS, OUTBOUND, SIGNALS, TICKETS
from tests.chaos.good_history import AGAIN, HELLO, NOON, automatic, entry, fact, handed, written
from tests.chaos.history import History

Alter = Callable[[History], None]


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
    _events(history).append({**written(7, AGAIN, 10), "id": "t1:7"})


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
    _events(history).append({**written(7, AGAIN, 10), "id": "t1:7", "ticket": closed})


def _reopened_by_an_older_message(history: History) -> None:
    cause = f"id-{AGAIN}"
    opened = [fact(7, "TicketReopened", cause), {**written(8, AGAIN, 10), "id": "t1:8"}]
    _events(history).extend(opened)


def _given_away_twice(history: History) -> None:
    again = {**deepcopy(_events(history)[2]), "id": "t1:7", "seq": 7, "assignee": "bob"}
    _events(history).append(again)


def _claimed_though_taken(history: History) -> None:
    claimed = fact(7, "TicketAssigned", "claim-1", assignee="bob")
    _events(history).append(claimed)


def _offered_to_two(history: History) -> None:
    history.topics[COMMANDS.name][1]["assignee"] = "bob"  # type: ignore[index]


def _uneven(history: History) -> None:
    rotation: Any = history.stores["assignment_rotations"][0]
    rotation["state"]["queues"][0]["owed"] = ["ann"]


def _uneven_by_a_turn_that_is_out(history: History) -> None:
    rotation: Any = history.stores["assignment_rotations"][0]
    out = {"command_id": "never-given", "agent": "ann", "returned": False}
    rotation["state"]["unanswered"] = [out]


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
    thread.append(entry("another id", "message", HELLO))


def _commands(history: History) -> list[Any]:
    commands = history.topics[COMMANDS.name]
    assert isinstance(commands, list)
    return commands


def _not_answered_automatically(history: History) -> None:
    commands = _commands(history)
    commands[:] = [each for each in commands if each["id"] != "auto-1"]


def _answered_automatically_twice(history: History) -> None:
    _commands(history).append(automatic("auto-2"))


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
    _told(history).append({**handed("h1", "100")[1], "id": "another end"})


def _visitor_told_twice(history: History) -> None:
    _told(history).append({"type": "VisitorTold", "id": "again", "handoff_id": "h2"})


def _two_tickets_outside(history: History) -> None:
    outside: Any = history.outside
    outside.append({"id": 101, "external_id": "helpdesk-h1"})


def _no_ticket_outside(history: History) -> None:
    outside: Any = history.outside
    outside.clear()


def _handed_over_here_too(history: History) -> None:
    _events(history).append(fact(7, "TicketHandedOver", "h1", handoff_id="h1"))


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
    ("doubly_assigned", _uneven_by_a_turn_that_is_out),
]
