"""What happened on the tickets was allowed to happen."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.topics import COMMANDS, TICKETS
from tests.chaos.history import Finding, History, Json


def numbers(history: History) -> Iterator[Finding]:
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


@dataclass
class _Silence:
    """What a ticket's facts said of its silence so far.

    `silent_at` is when it was closed for silence, `undone` which cause undid such a close of when.
    """

    waits: bool = False
    closed: bool = False
    silent_at: datetime | None = None
    undone: tuple[str, datetime] | None = None

    def after(self, fact: Json) -> str | None:
        """Take the next fact in; what is wrong with it, if anything."""
        wrong = self._wrong(fact)
        match fact["type"]:
            case "AgentReplied":
                self.waits = True
            case "TicketClosed":
                self.waits = False
                if fact["reason"] == "inactivity":
                    self.silent_at = _time(fact["ticket"]["closed_at"])
            case "TicketCloseAnnulled" | "TicketReopened":
                if fact["type"] == "TicketReopened" and self.silent_at:
                    self.undone = fact["cause_id"], self.silent_at
                self.silent_at = None
            case "CustomerWrote" if not fact["spam"]:
                self.waits = False
        self.closed = fact["ticket"]["status"] == "closed"
        return wrong

    def _wrong(self, fact: Json) -> str | None:
        match fact["type"]:
            case "TicketClosed" if fact["reason"] == "inactivity" and not self.waits:
                return "it was closed for silence while the customer waited"
            case "CustomerWrote" if self.closed and not fact["spam"]:
                return "a message is in a closed ticket"
            case "CustomerWrote" if self.undone and self.undone[0] == fact["cause_id"]:
                if _time(fact["received_at"]) < self.undone[1]:
                    return "a message that was received before the automatic close reopened it"
        return None


def closings(history: History) -> Iterator[Finding]:
    """Silence closes nothing on which the customer wrote last (ACL 2, ACL 6)."""
    closed_at: dict[str, datetime] = {}
    for of, facts in history.facts.items():
        silence = _Silence()
        for fact in facts:
            if wrong := silence.after(fact):
                yield Finding("wrongly_closed", f"{fact['id']}: {wrong}")
        if silence.silent_at is not None:
            closed_at[of] = silence.silent_at
    yield from _found_closed(history, closed_at)


def _found_closed(history: History, closed_at: Mapping[str, datetime]) -> Iterator[Finding]:
    """Messages received before a close for silence that had to open another ticket."""
    for conversation, messages in history.conversations.items():
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


def assignments(history: History) -> Iterator[Finding]:
    """Nobody is given a ticket that somebody has, by the round robin or a claim (ASG 8, TKT 11)."""
    claims = {
        f"{asked.account_id}:{asked.id}": asked
        for asked in history.asked
        if asked.seen_assignee is not None
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


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
