"""The judge: accounts for every record of the ledger, by the topics and the stores alone.

Pure: from what was sent and what is to be seen afterwards to findings, each with the counter that
it belongs to and words that name the record.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from shared.clock import FAR_FUTURE
from shared.topics import ATTRIBUTIONS, COMMANDS, OUTBOUND, SIGNALS, TICKETS
from tests.chaos.ledger import Asked, Credited, Said

Json = Mapping[str, Any]
Kind = Literal["lost", "doubled", "gaps", "order_broken", "wrongly_closed", "doubly_assigned"]
KINDS: tuple[Kind, ...] = (
    "lost", "doubled", "gaps", "order_broken", "wrongly_closed", "doubly_assigned",
)
ONE_TICKET = ("sms", "whatsapp", "email")
"""Channels on which a conversation of these ledgers has one ticket for ever (TKT 2, 3, 5)."""

_MARKER = re.compile(r"m\d{5}z\d+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was promised."""

    kind: Kind
    what: str


@dataclass
class History:
    """A run, as it can be seen from outside once it is at rest.

    `topics` has the parsed bodies of each topic, in the order in which they lie per partition;
    `dead` the dead letters with their values as text; `stores` the documents of each collection.
    """

    said: Sequence[Said]
    asked: Sequence[Asked] = ()
    credited: Sequence[Credited] = ()
    topics: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    dead: Sequence[Json] = ()
    stores: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    ended_at: datetime = FAR_FUTURE

    def on(self, topic: str) -> Sequence[Json]:
        """All that a topic holds."""
        return self.topics.get(topic, ())

    @cached_property
    def facts(self) -> dict[str, list[Json]]:
        """Every ticket's facts, each once, in the order of their numbers."""
        unique: dict[str, dict[int, Json]] = defaultdict(dict)
        for event in self.on(TICKETS.name):
            if event["type"] != "CommandRejected":
                unique[event["ticket_id"]].setdefault(event["seq"], event)
        return {of: [facts[seq] for seq in sorted(facts)] for of, facts in unique.items()}

    @cached_property
    def rejections(self) -> dict[str, list[Json]]:
        """The rejections of each command, each once."""
        unique = {e["id"]: e for e in self.on(TICKETS.name) if e["type"] == "CommandRejected"}
        found: dict[str, list[Json]] = defaultdict(list)
        for rejection in unique.values():
            found[f"{rejection['account_id']}:{rejection['command_id']}"].append(rejection)
        return found

    @cached_property
    def written(self) -> dict[str, list[Json]]:
        """The `CustomerWrote` of each marker."""
        found: dict[str, list[Json]] = defaultdict(list)
        for facts in self.facts.values():
            for fact in facts:
                if fact["type"] == "CustomerWrote" and (marker := _MARKER.search(fact["text"])):
                    found[marker[0]].append(fact)
        return found

    @cached_property
    def thread(self) -> dict[str, Json]:
        """The ledger of tickets: its entries by their ids."""
        return {entry["_id"]: entry for entry in self.stores.get("thread", ())}


def judge(history: History) -> list[Finding]:
    """Everything that is wrong with a history."""
    found: list[Finding] = []
    for look in (
        _numbers, _messages, _keywords, _dead_letters, _tickets_of_conversations, _order,
        _closings, _assignments, _commands, _replies, _credits, _stores, _turns,
    ):
        found += look(history)
    return found


def counted(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings each counter has."""
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in KINDS}


def _numbers(history: History) -> Iterator[Finding]:
    """Seqs are 1, 2, 3 …, each of one event, first occurrences in order (TKT 9)."""
    bodies: dict[str, Json] = {}
    newest: dict[str, int] = defaultdict(int)
    for event in history.on(TICKETS.name):
        known = bodies.setdefault(event["id"], event)
        if known is not event:
            if known != event:
                yield Finding("doubled", f"two different events {event['id']}")
        elif event["type"] != "CommandRejected":
            of, seq = event["ticket_id"], event["seq"]
            if seq < newest[of]:
                yield Finding("order_broken", f"{event['id']} first came after {newest[of]}")
            newest[of] = max(newest[of], seq)
    for of, facts in history.facts.items():
        seqs = {fact["seq"] for fact in facts}
        for seq in sorted(set(range(1, max(seqs) + 1)) - seqs):
            yield Finding("gaps", f"ticket {of} has no event {seq}")


def _messages(history: History) -> Iterator[Finding]:
    """Every message is one event and one line of that ticket's thread (ING 2, TKT 9)."""
    lines: dict[str, list[Json]] = defaultdict(list)
    for entry in history.thread.values():
        if entry["kind"] == "message" and (marker := _MARKER.search(entry["text"])):
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


def _keywords(history: History) -> Iterator[Finding]:
    """Every keyword is one signal, known to ticketing, and no message (ING 3)."""
    signals: dict[str, set[str]] = defaultdict(set)
    for signal in history.on(SIGNALS.name):
        signals[signal.get("provider_message_id", "")].add(signal["id"])
    for said in history.said:
        if said.kind == "keyword":
            ids = signals.get(said.marker, set())
            if not ids or not ids <= history.thread.keys():
                yield Finding("lost", f"keyword {said.marker}: no signal, or not on its ticket")
            if len(ids) > 1 or said.marker in history.written:
                yield Finding("doubled", f"keyword {said.marker} is more than one signal")


def _dead_letters(history: History) -> Iterator[Finding]:
    """What cannot be understood is dead, each delivery once, and nothing else is (ING 7)."""
    letters: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    broken = {said.marker: said for said in history.said if said.kind == "broken"}
    for letter in history.dead:
        marker = _MARKER.search(letter["value"])
        if marker is None or marker[0] not in broken:
            yield Finding("lost", f"a good record is a dead letter: {dict(letter)}")
        else:
            place = (letter["topic"], letter["partition"], letter["offset"])
            letters[marker[0]].add(place)
    for marker, said in broken.items():
        if not letters[marker]:
            yield Finding("lost", f"broken record {marker} is no dead letter")
        if len(letters[marker]) > said.deliveries or marker in history.written:
            yield Finding("doubled", f"broken record {marker} is dead {len(letters[marker])} times")


def _conversations(history: History) -> dict[str, list[Said]]:
    """The messages of each conversation, as the channel sent them."""
    found: dict[str, list[Said]] = defaultdict(list)
    for said in history.said:
        if said.kind == "message":
            found[said.conversation].append(said)
    return found


def _tickets_of_conversations(history: History) -> Iterator[Finding]:
    """One ticket per person or thread; elsewhere one that is not closed (TKT 1 to 5, TKT 7)."""
    for conversation, messages in _conversations(history).items():
        tickets = {e["ticket_id"] for said in messages for e in history.written[said.marker]}
        if messages[0].channel in ONE_TICKET:
            if len(tickets) > 1:
                yield Finding("doubled", f"{conversation} has {len(tickets)} tickets")
            continue
        open_now = [of for of in tickets if history.facts[of][-1]["ticket"]["status"] != "closed"]
        if len(open_now) > 1:
            yield Finding("doubled", f"{conversation} has {len(open_now)} open tickets")


def _order(history: History) -> Iterator[Finding]:
    """A conversation's messages are in its tickets as the channel sent them (TKT 8)."""
    for conversation, messages in _conversations(history).items():
        if messages[0].scattered:
            continue
        place = {said.marker: number for number, said in enumerate(messages)}
        tickets: dict[str, list[int]] = defaultdict(list)
        events = [e for said in messages for e in history.written[said.marker]]
        for event in sorted(events, key=lambda event: event["seq"]):
            marker = _MARKER.search(event["text"])
            if marker is not None:
                tickets[event["ticket_id"]].append(place[marker[0]])
        shown = [number for of in sorted(tickets.values(), key=min) for number in of]
        for before, after in zip(shown, shown[1:], strict=False):
            if after < before:
                late, early = messages[after].marker, messages[before].marker
                yield Finding("order_broken", f"{conversation}: {late} comes after {early}")


def _closings(history: History) -> Iterator[Finding]:
    """Silence closes nothing on which the customer wrote last (ACL 2, ACL 6)."""
    closed_at: dict[str, datetime] = {}
    for of, facts in history.facts.items():
        waits, status, silent_at = False, "open", None
        for fact in facts:
            match fact["type"]:
                case "AgentReplied":
                    waits = True
                case "TicketClosed":
                    if fact["reason"] == "inactivity":
                        silent_at = _time(fact["ticket"]["closed_at"])
                        if not waits:
                            yield Finding("wrongly_closed", f"{fact['id']}: the customer waited")
                    waits = False
                case "TicketCloseAnnulled":
                    silent_at = None
                case "TicketReopened":
                    if silent_at and (why := _reopened_too_late(facts, fact, silent_at)):
                        yield Finding("wrongly_closed", why)
                    silent_at = None
                case "CustomerWrote" if not fact["spam"]:
                    if status == "closed":
                        yield Finding("wrongly_closed", f"{fact['id']} is in a closed ticket")
                    waits = False
            status = fact["ticket"]["status"]
        if silent_at is not None:
            closed_at[of] = silent_at
    for conversation, messages in _conversations(history).items():
        if messages[0].scattered:
            continue
        events = [e for said in messages for e in history.written[said.marker]]
        for of in {event["ticket_id"] for event in events} & closed_at.keys():
            began = _time(history.facts[of][0]["ticket"]["opened_at"])
            for event in events:
                received = _time(event["received_at"])
                if event["ticket_id"] != of and began <= received < closed_at[of]:
                    text = f"{conversation}: {event['id']} was received before {of} was closed"
                    yield Finding("wrongly_closed", text)


def _reopened_too_late(facts: Sequence[Json], reopened: Json, silent_at: datetime) -> str | None:
    """What is wrong where a message reopened what it should have found open."""
    for fact in facts:
        if fact["type"] == "CustomerWrote" and fact["cause_id"] == reopened["cause_id"]:
            if _time(fact["received_at"]) < silent_at:
                return f"{reopened['id']}: the message was received before the automatic close"
    return None


def _assignments(history: History) -> Iterator[Finding]:
    """Nobody is given a ticket that somebody has, by the round robin or a claim (ASG 8, TKT 11)."""
    claims = {
        f"{asked.account_id}:{asked.id}": asked
        for asked in history.asked if asked.seen_assignee is not None
    }
    for facts in history.facts.values():
        holder: str | None = None
        for fact in facts:
            if fact["type"] == "TicketAssigned":
                claim = claims.get(f"{fact['account_id']}:{fact['cause_id']}")
                if holder is not None and (claim or fact["author"]["kind"] == "system"):
                    text = f"{fact['id']} gives {holder}'s ticket to {fact['assignee']}"
                    yield Finding("doubly_assigned", text)
            holder = fact["ticket"].get("assignee")
    offers: dict[str, Json] = {}
    for command in history.on(COMMANDS.name):
        if command["type"] == "AssignTicket" and command.get("assignee_epoch") is not None:
            known = offers.setdefault(command["id"], command)
            if known["assignee"] != command["assignee"]:
                text = f"offer {command['id']} names {known['assignee']} and {command['assignee']}"
                yield Finding("doubly_assigned", text)


def _commands(history: History) -> Iterator[Finding]:
    """Every command has one outcome, and one entry in the ledger of tickets (TKT 11)."""
    ids = {f"{asked.account_id}:{asked.id}" for asked in history.asked}
    ids |= {f"{command['account_id']}:{command['id']}" for command in history.on(COMMANDS.name)}
    events = Counter(
        f"{fact['account_id']}:{fact['cause_id']}"
        for facts in history.facts.values() for fact in facts
    )
    for command_id in sorted(ids):
        outcomes = events[command_id] + len(history.rejections.get(command_id, ()))
        if outcomes != 1 or command_id not in history.thread:
            kind: Kind = "doubled" if outcomes > 1 else "lost"
            yield Finding(kind, f"command {command_id} has {outcomes} outcomes")


def _replies(history: History) -> Iterator[Finding]:
    """Every reply goes out as one message (TKT 13)."""
    out: dict[str, set[str]] = defaultdict(set)
    for message in history.on(OUTBOUND.name):
        out[f"{message['account_id']}:{message['idempotency_key']}"].add(message["id"])
    replies = {
        f"{fact['account_id']}:{fact['cause_id']}"
        for facts in history.facts.values() for fact in facts if fact["type"] == "AgentReplied"
    }
    for key in sorted(replies | out.keys()):
        if len(out[key]) != (key in replies):
            kind: Kind = "doubled" if out[key] else "lost"
            yield Finding(kind, f"reply {key} went out as {len(out[key])} messages")


def _credits(history: History) -> Iterator[Finding]:
    """The first SMS after a send is credited to it, and no other (ATT 1 to 5)."""
    latest: dict[str, Json] = {}
    for fact in history.on(ATTRIBUTIONS.name):
        known = latest.setdefault(fact["message_id"], fact)
        if fact["revision"] > known["revision"]:
            latest[fact["message_id"]] = fact
        if fact["id"] not in history.thread:
            yield Finding("lost", f"attribution {fact['id']} is not on its ticket")
    given = {fact["message_id"]: fact["credit"]["send_id"] for fact in latest.values()
             if fact.get("credit")}
    conversations = _conversations(history)
    expected: dict[str, str] = {}
    for credited in history.credited:
        if messages := conversations.get(credited.conversation):
            first = min(messages, key=lambda said: said.received_at)
            for event in history.written[first.marker][:1]:
                expected[event["message_id"]] = credited.send_id
    for message_id in sorted(expected.keys() | given.keys()):
        wanted, there = expected.get(message_id), given.get(message_id)
        if wanted != there:
            kind: Kind = "lost" if wanted else "doubled"
            yield Finding(kind, f"{message_id} is credited to {there}, not to {wanted}")


def _stores(history: History) -> Iterator[Finding]:
    """What is stored has seen every event, and owes nothing any more."""
    stores = history.stores
    ends = {of: facts[-1] for of, facts in history.facts.items()}
    tickets = {row["_id"]: row["state"] for row in stores.get("tickets", ())}
    for of in sorted(tickets.keys() | ends.keys()):
        if of not in tickets or of not in ends or tickets[of]["seq"] != ends[of]["seq"]:
            yield Finding("lost", f"ticket {of}: the store and the events do not end alike")
    for collection in ("autoclose_timers", "assignment_tickets"):
        heard = {row["ticket_id"]: row["last_seq"] for row in stores.get(collection, ())}
        for of, end in ends.items():
            if heard.get(of) != end["seq"]:
                yield Finding("lost", f"{collection} heard {heard.get(of)} of {end['id']}")
    for collection, rows in stores.items():
        for row in rows:
            if row.get("outbox"):
                yield Finding("lost", f"{collection} still owes what {row['_id']} did")
    for timer in stores.get("autoclose_timers", ()):
        if timer["due_at"] < history.ended_at:
            yield Finding("lost", f"{timer['_id']} was due and is not closed")
    for ticket in stores.get("assignment_tickets", ()):
        if ticket["line"] or (ticket["offered"] and ticket["need"] is not None):
            yield Finding("lost", f"{ticket['_id']} waits though agents are there")


def _turns(history: History) -> Iterator[Finding]:
    """Among agents who were there all the time, turns differ by one at most (ASG 7)."""
    offers = {command["id"]: command for command in history.on(COMMANDS.name)}
    turns: dict[str, Counter[str]] = defaultdict(Counter)
    for rotation in history.stores.get("assignment_rotations", ()):
        for queue in rotation["state"]["queues"]:
            turns[rotation["account_id"]].update(dict.fromkeys(queue["agents"], 0))
            turns[rotation["account_id"]].update(queue["owed"])
    for entry in history.stores.get("assignment_turns", ()):
        if "agent" in entry:
            turns[entry["account_id"]][entry["agent"]] += 1
        elif offer := offers.get(entry["_id"].removeprefix("back:")):
            turns[offer["account_id"]][offer["assignee"]] -= 1
    for account_id, counts in turns.items():
        if max(counts.values()) - min(counts.values()) > 1:
            yield Finding("doubly_assigned", f"{account_id}'s turns are uneven: {dict(counts)}")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
