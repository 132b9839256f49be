"""Which agents are there, as the desk shows it and the hand-off asks (ASG 2). Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.clock import EPOCH


@dataclass(frozen=True, slots=True)
class Attendance:
    """An agent's own last choice, since `chosen_at`, and when their page was last there."""

    account_id: str
    agent_id: str
    online: bool = False
    chosen_at: datetime = EPOCH
    seen_at: datetime = EPOCH

    def chosen(self, at: datetime, *, online: bool) -> "Attendance":
        """The agent set themself online or offline; what they chose later counts already.

        Of two choices at the same moment it is offline. The same choice again changes nothing: a
        silence since then stays one.
        """
        if at < self.chosen_at or (at == self.chosen_at and online):
            return self
        return replace(self, online=online, chosen_at=at, seen_at=max(at, self.seen_at))

    def beat(self, at: datetime, limit: timedelta) -> "Attendance":
        """Their page is there; after a silence longer than `limit` that makes nobody online."""
        if at <= self.seen_at:
            return self
        return replace(self, online=self.is_online(at, limit), seen_at=at)

    def is_online(self, now: datetime, limit: timedelta) -> bool:
        """Whether they are online at that time."""
        return self.online and now - self.seen_at <= limit
