"""The agents: they watch the ticket stream, and what they do is drawn from seed and event."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.contracts.base import Author
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    ReopenTicket,
    ReplyToTicket,
    TagTicket,
)
from tests.chaos.ledger import Asked
from tests.chaos.payloads import AGENTS
from tests.chaos.traffic import SILENCE

LONG = timedelta(hours=12)


@dataclass
class Desk:
    """Answers, notes, tags, closes, reopens, and two agents who want the same ticket."""

    seed: int
    asked: list[Asked] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def commands(self, event: dict[str, Any], now: datetime) -> Iterator[Command]:
        """What the agents ask because of an event that is new to them; some of it twice."""
        if event["id"] in self._seen:
            return
        self._seen.add(event["id"])
        draw = Random(f"{self.seed} {event.get('cause_id')} {event.get('seq')}")
        for command in self._wanted(event, now, draw):
            self.asked.append(
                Asked(
                    id=command.id,
                    account_id=command.account_id,
                    ticket_id=command.ticket_id,
                    kind=type(command).__name__,
                    seen_assignee=getattr(command, "seen_assignee", None),
                )
            )
            yield command
            if draw.random() < 1 / 10:
                yield command

    def _wanted(self, event: dict[str, Any], now: datetime, draw: Random) -> Iterator[Command]:
        match event["type"]:
            case "TicketOpened" if draw.random() < 1 / 6:
                for agent in draw.sample(AGENTS, 2):
                    claim = {"assignee": agent, "seen_assignee": UNASSIGNED}
                    yield _command(AssignTicket, event, agent, now, **claim)
            case "CustomerWrote":
                yield from self._answer(event, now, draw)
            case "TicketClosed" if draw.random() < 1 / 3:
                yield _command(ReopenTicket, event, draw.choice(AGENTS), now)

    def _answer(self, event: dict[str, Any], now: datetime, draw: Random) -> Iterator[Command]:
        agent, chance = draw.choice(AGENTS), draw.random()
        received = datetime.fromisoformat(event["received_at"])
        if now - received > LONG:
            # As if they had answered then: silence is over some seconds from now.
            then = now - SILENCE + timedelta(seconds=draw.uniform(2, 10))
            yield _command(ReplyToTicket, event, agent, then, text="It is on its way.")
        elif chance < 0.25:
            yield _command(ReplyToTicket, event, agent, now, text="It is on its way.")
        elif chance < 0.35:
            yield _command(CloseTicket, event, agent, now)
        elif chance < 0.42:
            yield _command(AddNote, event, agent, now, text="Ask the warehouse.")
        elif chance < 0.47:
            yield _command(TagTicket, event, agent, now, tags=(f"tag{draw.randrange(5)}",))


def _command(
    kind: type[Command], event: dict[str, Any], agent: str, now: datetime, **fields: Any
) -> Command:
    unique = f"{kind.__name__}-{agent}-{event['id']}"
    moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return kind.model_validate(
        {
            "account_id": event["account_id"],
            "id": unique,
            "occurred_at": moment,
            "correlation_id": unique,
            "ticket_id": event["ticket_id"],
            "author": Author(kind="agent", id=agent),
            **fields,
        }
    )
