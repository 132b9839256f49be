"""When what follows from a message was seen on the ticket stream."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.bench import workload

Kind = Literal["TicketOpened", "TicketAssigned"]
KINDS: Final[tuple[Kind, ...]] = ("TicketOpened", "TicketAssigned")


@dataclass(slots=True)
class Sightings:
    """Each message is of a ticket of its own, which `CustomerWrote` tells by the message's text."""

    _tickets: dict[int, str] = field(default_factory=dict)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def note(self, value: bytes, at: float) -> None:
        """Take an event of the ticket stream, seen at that time; only its first time counts."""
        event = json.loads(value)
        kind, ticket = event["type"], event["ticket_id"]
        if kind == "CustomerWrote":
            number = workload.number_in(event["text"])
            if number is not None:
                self._tickets[number] = ticket
        elif kind in KINDS:
            self._seen.setdefault((kind, ticket), at)

    def has(self, number: int) -> bool:
        """Whether all that follows from the message was seen."""
        ticket = self._tickets.get(number, "")
        return all((kind, ticket) in self._seen for kind in KINDS)

    def delays(self, sent: Mapping[int, float], kind: Kind) -> list[float]:
        """Seconds from each message's being sent; raises KeyError for one without its event."""
        return [self._seen[kind, self._tickets[number]] - at for number, at in sent.items()]
