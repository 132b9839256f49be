"""The hand-off's stores in memory: the same promises as those in MongoDB."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.handoff.app import Stores
from services.handoff.clients.others import Others
from services.handoff.clients.secrets import Credentials, NoCredentials
from services.handoff.rules.party import Party
from shared.clock import EPOCH
from shared.contracts.handoffs import HandoffEnded
from shared.stores.documents import Document
from shared.values.attendance import Attendance
from tests.memory import MemoryAggregates, MemoryErasures


@dataclass(slots=True)
class MemoryParties(MemoryAggregates[Party]):
    """Parties in a dictionary."""

    erasures: MemoryErasures = field(default_factory=MemoryErasures)

    async def due(  # type: ignore[override]  # of one line, as the sweep asks
        self, line: str, now: datetime, limit: int
    ) -> list[Document[Party]]:
        found = await self.find(
            lambda d: d.state.indexed()["line"] == line and EPOCH <= d.state.due_at <= now
        )
        return sorted(found, key=lambda d: d.state.due_at)[:limit]

    async def named(self, account_id: str, names: Collection[str]) -> list[Document[Party]]:
        return await self.find(
            lambda d: d.state.account_id == account_id and bool({*names} & {*d.state.names})
        )

    async def since(self, before: datetime) -> Mapping[str, int]:
        found = await self.find(lambda d: not d.state.ended and d.state.handing_at < before)
        return Counter(str(d.state.method) for d in found)


class MemoryAgents:
    """Agents' choices in a dictionary."""

    def __init__(self) -> None:
        self.agents: dict[tuple[str, str], Attendance] = {}

    async def known(self, agents: Collection[tuple[str, str]]) -> dict[tuple[str, str], Attendance]:
        return {at: self.agents[at] for at in agents if at in self.agents}

    async def of(self, account_id: str) -> list[Attendance]:
        return [each for each in self.agents.values() if each.account_id == account_id]

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        for each in attendances:
            at = (each.account_id, each.agent_id)
            old = self.agents.get(at, each)
            if old.chosen_at <= each.chosen_at and old.seen_at <= each.seen_at:
                self.agents[at] = each


class Counts:
    """What was counted; see `services.handoff.handlers.Counting`."""

    def __init__(self) -> None:
        self.endings: list[HandoffEnded] = []
        self.conversations_resolved = 0
        self.answers_ignored = 0
        self.attempts: list[tuple[str, str]] = []

    def ended(self, event: HandoffEnded) -> None:
        self.endings.append(event)

    def resolved(self) -> None:
        self.conversations_resolved += 1

    def ignored(self) -> None:
        self.answers_ignored += 1

    def attempted(self, method: str, result: str) -> None:
        self.attempts.append((method, result))


def no_secrets(name: str) -> Credentials:
    raise NoCredentials(f"the secret {name} cannot be read: there is none here")


def nowhere() -> Others:
    """Where no account hands over to another helpdesk."""
    return Others(no_secrets)


def memory_stores() -> Stores:
    return Stores(MemoryParties(), MemoryAgents())
