"""What can be seen of a pipeline from outside: its topics, folded into one document."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from shared.bus.delivery import DEAD_HEADER_PREFIX, Record
from shared.topic import Topic
from shared.topics import ATTRIBUTIONS, CLICKS, DEAD, HANDOFFS, OUTBOUND, SIGNALS, TICKETS

WATCHED: tuple[Topic[Any], ...] = (
    *(TICKETS, SIGNALS, ATTRIBUTIONS, OUTBOUND, HANDOFFS, CLICKS),
    *DEAD.values(),
)

Json = dict[str, Any]


@dataclass
class Observed:
    """What was seen: facts by ticket and `seq`, dead letters as they come, all else by id.

    So a fact, signal, attribution, reply or rejection that is repeated changes nothing.
    """

    facts: dict[str, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))
    rejections: dict[str, Json] = field(default_factory=dict)
    signals: dict[str, Json] = field(default_factory=dict)
    attributions: dict[str, Json] = field(default_factory=dict)
    outbound: dict[str, Json] = field(default_factory=dict)
    handoffs: dict[str, Json] = field(default_factory=dict)
    clicks: dict[str, Json] = field(default_factory=dict)
    dead_letters: list[Json] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Take note of a record of a watched topic."""
        if record.topic.startswith("helpdesk.dead."):
            self.dead_letters.append(_dead_letter(record))
            return
        body: Json = json.loads(record.value or b"{}")
        if record.topic == SIGNALS.name:
            self.signals.setdefault(body["id"], body)
        elif record.topic == ATTRIBUTIONS.name:
            self.attributions.setdefault(body["id"], body)
        elif record.topic == OUTBOUND.name:
            self.outbound.setdefault(body["id"], body)
        elif record.topic == HANDOFFS.name:
            self.handoffs.setdefault(body["id"], body)
        elif record.topic == CLICKS.name:
            self.clicks.setdefault(body["id"], body)
        elif body["type"] == "CommandRejected":
            self.rejections.setdefault(body["id"], body)
        else:
            self.facts[body["ticket_id"]].setdefault(body["seq"], body)

    def tickets(self, channel: str = "") -> list[Json]:
        """The tickets (of a channel), in the order of their numbers."""
        tickets = [_ticket(ticket_id, facts) for ticket_id, facts in self.facts.items()]
        found = [ticket for ticket in tickets if channel in ("", ticket["channel"])]
        return sorted(found, key=lambda ticket: int(ticket["number"]))

    def document(self) -> Json:
        """All of it, as `make demo JSON=1` prints it."""
        keep = ("kind", "channel", "keyword", "keyword_class", "text")
        signals = sorted(self.signals.values(), key=lambda s: (s["occurred_at"], s["id"]))
        return {
            "tickets": self.tickets(),
            "signals": [{key: signal.get(key) for key in keep} for signal in signals],
            "attributions": [
                {key: fact.get(key) for key in ("message_id", "credit", "revision", "because")}
                for fact in self.attributions.values()
            ],
            "dead_letters": self.dead_letters,
            "rejections": [
                {key: rejection[key] for key in ("command_type", "code", "reason", "ticket_id")}
                for rejection in self.rejections.values()
            ],
            "outbound": list(self.outbound.values()),
        }


def _ticket(ticket_id: str, facts: dict[int, Json]) -> Json:
    """A ticket as its newest fact shows it, with what its facts say of its thread."""
    ordered = [facts[seq] for seq in sorted(facts)]
    ticket = ordered[-1]["ticket"]
    return {
        "id": ticket_id,
        "account": ordered[-1]["account_id"],
        "number": ticket["number"],
        "channel": ticket["channel"],
        "status": ticket["status"],
        "assignee": ticket.get("assignee"),
        "team": ticket.get("team_id"),
        "spam": ticket["spam"],
        "tags": ticket.get("tags", []),
        "contact": ticket["contact"]["id"],
        "segments": ticket["contact"].get("segments", []),
        "subject": ticket.get("subject"),
        "credit": ticket.get("credit"),
        "messages": [
            {"id": f["message_id"], "text": f["text"], "spam": f["spam"]}
            for f in ordered
            if f["type"] == "CustomerWrote"
        ],
        "replies": [f["text"] for f in ordered if f["type"] == "AgentReplied"],
        "notices": [f["text"] for f in ordered if f["type"] == "NoticeAdded"],
        "assigned_automatically_to": [
            f["assignee"]
            for f in ordered
            if f["type"] == "TicketAssigned" and f["author"]["kind"] == "system"
        ],
        "tagged_automatically": [
            tag
            for f in ordered
            if f["type"] == "TicketTagged" and f["author"]["kind"] == "system"
            for tag in f["tags"]
        ],
        "seqs": sorted(facts),
        "events": [f["type"] for f in ordered],
    }


def _dead_letter(record: Record) -> Json:
    notes = {
        name.removeprefix(DEAD_HEADER_PREFIX): (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(DEAD_HEADER_PREFIX)
    }
    keep = ("service", "topic", "partition", "offset", "reason", "text")
    value = (record.value or b"").decode(errors="replace")
    return {**{key: notes.get(key) for key in keep}, "value": value}
