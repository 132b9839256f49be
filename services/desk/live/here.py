"""Who looks at which ticket now, or writes in it: in Redis, forgotten within a minute (VWS 6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from services.desk.rules.views import milliseconds
from shared.running.telling import told

if TYPE_CHECKING:
    from redis.asyncio import Redis

State = Literal["looking", "writing", "gone"]
LASTS: Final = timedelta(seconds=45)
"""For so long whoever said that they are there is there, unless they say otherwise."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Here:
    """Nothing of it must last: while Redis is away nobody is seen."""

    redis: "Redis"
    prefix: str

    async def note(
        self, account_id: str, ticket_id: str, agent: str, state: State, now: datetime
    ) -> dict[str, str]:
        """Note the agent's state; who is there now, each with their state."""
        key = self._key(account_id, ticket_id)
        pipeline = self.redis.pipeline(transaction=False)
        if state == "gone":
            pipeline.hdel(key, agent)
        else:
            pipeline.hset(key, agent, f"{milliseconds(now + LASTS)}:{state}")
            pipeline.pexpire(key, LASTS)
        pipeline.hgetall(key)
        try:
            answers: list[Any] = await pipeline.execute()
        except Exception as error:  # noqa: BLE001  # whoever works must not be stopped by it
            _log.info("who is there cannot be noted", error=told(error))
            return {}
        return _there(answers[-1], now)

    async def there(
        self, account_id: str, ticket_ids: Collection[str], now: datetime
    ) -> dict[str, dict[str, str]]:
        """Who is there, by ticket."""
        if not ticket_ids:
            return {}
        pipeline = self.redis.pipeline(transaction=False)
        for ticket_id in ticket_ids:
            pipeline.hgetall(self._key(account_id, ticket_id))
        try:
            answers: list[Any] = await pipeline.execute()
        except Exception as error:  # noqa: BLE001  # as `note`
            _log.info("who is there is not known", error=told(error))
            return {}
        return {
            ticket_id: _there(found, now)
            for ticket_id, found in zip(ticket_ids, answers, strict=True)
        }

    def _key(self, account_id: str, ticket_id: str) -> str:
        return f"{self.prefix}:desk:{{{account_id}}}:here:{ticket_id}"


def _there(found: Mapping[Any, Any], now: datetime) -> dict[str, str]:
    there: dict[str, str] = {}
    for name, value in found.items():
        until, _, state = _text(value).partition(":")
        if int(until) > milliseconds(now):
            there[_text(name)] = state
    return there


def _text(value: Any) -> str:  # noqa: ANN401  # text or bytes
    return value.decode() if isinstance(value, bytes) else str(value)
