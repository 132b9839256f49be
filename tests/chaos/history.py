"""What was sent in a run, and what is to be seen of it afterwards."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from shared.clock import FAR_FUTURE
from shared.topics import TICKETS
from tests.chaos.ledger import Asked, Credited, Handed, Said

Json = Mapping[str, Any]
Kind = Literal["lost", "doubled", "gaps", "order_broken", "wrongly_closed", "doubly_assigned"]
KINDS: tuple[Kind, ...] = (
    "lost",
    "doubled",
    "gaps",
    "order_broken",
    "wrongly_closed",
    "doubly_assigned",
)
MARKER = re.compile(r"m\d{5}z\d+")


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
    `outside` are the tickets that were made in another helpdesk.
    """

    said: Sequence[Said]
    asked: Sequence[Asked] = ()
    credited: Sequence[Credited] = ()
    topics: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    dead: Sequence[Json] = ()
    stores: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    ended_at: datetime = FAR_FUTURE
    handed: Sequence[Handed] = ()
    outside: Sequence[Json] = ()

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
                if fact["type"] == "CustomerWrote" and (marker := MARKER.search(fact["text"])):
                    found[marker[0]].append(fact)
        return found

    @cached_property
    def thread(self) -> dict[str, Json]:
        """The ledger of tickets: its entries by their ids."""
        return {entry["_id"]: entry for entry in self.stores.get("thread", ())}

    @cached_property
    def conversations(self) -> dict[str, list[Said]]:
        """The messages of each conversation, as the channel sent them."""
        found: dict[str, list[Said]] = defaultdict(list)
        for said in self.said:
            if said.kind == "message":
                found[said.conversation].append(said)
        return found
