"""From what was measured to what so many messages a second need: pure arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

HEADROOM: Final = 0.6
"""How much of what a process or a primary can do is planned with: deaths are to fit, too."""

PARTITIONS_EACH: Final = 2
"""Partitions for each replica, so that one replica fewer or more shares them about evenly."""

RATES: Final[Mapping[str, str]] = {
    "ingest": "ingest: SMS, to bare consume, json.loads, produce",
    "spam": "spam: its handler, to a bare loop",
    "ticketing": "ticketing: messages, to a bare loop",
    "assignment": "assignment: events, to a bare loop",
    "autoclose": "autoclose: events, to a bare loop",
    "attribution": "attribution: events, to a bare loop",
}
"""The figure of `make bench` that says what one replica does in a second."""

OF_TICKETS: Final = ("assignment", "autoclose", "attribution")
"""Whose figures count events of tickets, of which a message makes several."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured; what is missing is None."""

    figures: Mapping[str, Json]
    services: Mapping[str, Json]
    topics: Mapping[str, Json]

    @classmethod
    def of(cls, stored: Json) -> "Costs":
        """From the stored document."""
        counted = stored.get("counted", {})
        figures = {figure["name"]: figure for figure in stored.get("figures", [])}
        return cls(figures, counted.get("services", {}), counted.get("topics", {}))

    def value(self, name: str) -> float | None:
        """A figure's value."""
        found: float | None = self.figures.get(name, {}).get("value")
        return found

    def ceiling(self, name: str) -> float | None:
        """A figure's ceiling."""
        found: float | None = self.figures.get(name, {}).get("ceiling")
        return found

    def rate(self, service: str) -> float | None:
        """Messages a second that one replica of the service takes."""
        if (value := self.value(RATES[service])) is None:
            return None
        if service not in OF_TICKETS:
            return value
        events = self.topics.get("helpdesk.tickets", {}).get("records")
        return value / events if events else None

    @property
    def database(self) -> float | None:
        """Messages a second whose documents one primary takes, all services' together."""
        found = [f for name, f in self.figures.items() if name.startswith("six: a backlog of ")]
        ceiling: float | None = found[0]["ceiling"] if found else None
        return ceiling

    @property
    def bytes_stored(self) -> float | None:
        """Bytes that all services write to MongoDB for a message."""
        if not self.services:
            return None
        total: float = sum(each["backlog"]["bytes"] for each in self.services.values())
        return total

    @property
    def bytes_carried(self) -> float | None:
        """Bytes that are published for a message on all topics, before replication."""
        if not self.topics:
            return None
        total: float = sum(each["bytes"] for each in self.topics.values())
        return total


def replicas(a_second: float, rate: float | None) -> int | None:
    """How many replicas take that many messages a second, with headroom; two at least."""
    return None if rate is None else max(ceil(a_second / (rate * HEADROOM)), 2)


def partitions(count: int | None) -> int | None:
    """How many partitions so many replicas want: not fewer than the registry has."""
    return None if count is None else max(count * PARTITIONS_EACH, 12)


def shards(a_second: float, database: float | None) -> int | None:
    """How many primaries take the documents of that many messages a second, with headroom."""
    return None if database is None else ceil(a_second / (database * HEADROOM))
