"""Every record of a customer is where it belongs, once, and in order."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from shared.topics import SIGNALS
from tests.chaos.history import MARKER, Finding, History, Json, Kind

ONE_TICKET = ("sms", "whatsapp", "email")
"""Channels on which a conversation of these ledgers has one ticket for ever (TKT 2, 3, 5)."""


def messages(history: History) -> Iterator[Finding]:
    """Every message is one event and one line of that ticket's thread (ING 2, TKT 9)."""
    lines: dict[str, list[Json]] = defaultdict(list)
    for entry in history.thread.values():
        if entry["kind"] == "message" and (marker := MARKER.search(entry["text"])):
            lines[marker[0]].append(entry)
    for said in history.said:
        if said.kind != "message":
            continue
        events, entries = history.written.get(said.marker, []), lines.get(said.marker, [])
        for what, times in (("event", len(events)), ("line of a thread", len(entries))):
            if times != 1:
                kind: Kind = "doubled" if times else "lost"
                yield Finding(kind, f"message {said.marker} is {times} times an {what}")
        if len(events) == len(entries) == 1 and entries[0]["of"] != events[0]["ticket_id"]:
            yield Finding("lost", f"message {said.marker} is in another thread than its event")


def keywords(history: History) -> Iterator[Finding]:
    """Every keyword is one signal, known to ticketing, and no message (ING 3).

    That of a contact who wrote nothing else has no ticket: it waits for one.
    """
    signals: dict[str, set[str]] = defaultdict(set)
    for signal in history.on(SIGNALS.name):
        signals[signal.get("provider_message_id", "")].add(signal["id"])
    for said in history.said:
        if said.kind == "keyword":
            ids = signals.get(said.marker, set())
            waits = not history.conversations.get(said.conversation)
            entries = {f"early:{said.account_id}:{id_}" if waits else id_ for id_ in ids}
            if not ids or not entries <= history.thread.keys():
                yield Finding("lost", f"keyword {said.marker}: no signal, or not on its ticket")
            if len(ids) > 1 or said.marker in history.written:
                yield Finding("doubled", f"keyword {said.marker} is more than one signal")


def dead_letters(history: History) -> Iterator[Finding]:
    """What cannot be understood is dead, each delivery once, and nothing else is (ING 7)."""
    letters: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    broken = {said.marker: said for said in history.said if said.kind == "broken"}
    for letter in history.dead:
        found = MARKER.search(letter["value"])
        if found is None or found[0] not in broken:
            yield Finding("lost", f"a good record is a dead letter: {dict(letter)}")
        else:
            place = (letter["topic"], letter["partition"], letter["offset"])
            letters[found[0]].add(place)
    for marker, said in broken.items():
        times = len(letters[marker])
        if not times:
            yield Finding("lost", f"broken record {marker} is no dead letter")
        if times > said.deliveries or marker in history.written:
            yield Finding("doubled", f"broken record {marker} is dead {times} times")


def tickets_of_conversations(history: History) -> Iterator[Finding]:
    """One ticket per person or thread; elsewhere one that is not closed (TKT 1 to 5, TKT 7)."""
    for conversation, messages in history.conversations.items():
        tickets = {e["ticket_id"] for said in messages for e in history.written[said.marker]}
        if messages[0].channel in ONE_TICKET:
            if len(tickets) > 1:
                yield Finding("doubled", f"{conversation} has {len(tickets)} tickets")
            continue
        open_now = [of for of in tickets if history.facts[of][-1]["ticket"]["status"] != "closed"]
        if len(open_now) > 1:
            yield Finding("doubled", f"{conversation} has {len(open_now)} open tickets")


def order(history: History) -> Iterator[Finding]:
    """A conversation's messages are in its tickets as the channel sent them (TKT 8)."""
    for conversation, messages in history.conversations.items():
        if messages[0].scattered:
            continue
        place = {said.marker: number for number, said in enumerate(messages)}
        tickets: dict[str, list[int]] = defaultdict(list)
        events = [e for said in messages for e in history.written[said.marker]]
        for event in sorted(events, key=lambda event: event["seq"]):
            marker = MARKER.search(event["text"])
            if marker is not None:
                tickets[event["ticket_id"]].append(place[marker[0]])
        shown = [number for of in sorted(tickets.values(), key=min) for number in of]
        for before, after in pairwise(shown):
            if after < before:
                late, early = messages[after].marker, messages[before].marker
                yield Finding("order_broken", f"{conversation}: {late} comes after {early}")
