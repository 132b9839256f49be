"""Publishes which short links were followed, while nobody waits for it (OUT 1)."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import structlog

from services.desk.rules.following import By, Lead
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.clicks import LinkFollowed
from shared.errors import Transient
from shared.running import tasks
from shared.running.metrics import CLICKS_DROPPED, LINKS_FOLLOWED
from shared.running.telling import told
from shared.topics import CLICKS
from shared.values.ids import attempt_token, computed_id

MOST: Final = 10_000
"""Of those that could not be published yet, so many are kept; more are dropped, and counted."""

_AT_ONCE: Final = 500
_AGAIN_AFTER: Final = 1.0
_TO_END: Final = 5.0

_log = structlog.get_logger()


@dataclass(slots=True)
class Clicks:
    """A door of the service: from `open` to `close` what is noted is published.

    While that cannot be, it waits here; `close` publishes what is left, for some seconds.
    """

    publish: Publish
    clock: Clock
    most: int = MOST
    again_after: float = _AGAIN_AFTER
    _waiting: deque[LinkFollowed] = field(default_factory=deque)
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def note(self, lead: Lead, by: By) -> None:
        """The link was followed now. It returns at once, whatever the brokers do."""
        LINKS_FOLLOWED.labels(by).inc()
        if len(self._waiting) >= self.most:
            CLICKS_DROPPED.inc()
            return
        # Drawn, not computed: whoever follows a link again has followed it twice.
        id_ = computed_id("click", lead.account_id, lead.code, attempt_token())
        self._waiting.append(
            LinkFollowed(
                account_id=lead.account_id,
                id=id_,
                occurred_at=self.clock(),
                correlation_id=id_,
                ticket_id=lead.ticket_id,
                message_id=lead.message_id,
                code=lead.code,
                url=lead.url,
                by=by,
            )
        )
        self._more.set()

    async def open(self) -> None:
        """Publish from now on."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Publish what is left, in a few seconds at most; what then is left is dropped."""
        if self._task is None:
            return
        await tasks.cancel([self._task])
        self._task = None
        try:
            async with asyncio.timeout(_TO_END):
                while self._waiting:
                    await self._some()
        except Exception as error:  # noqa: BLE001  # the service stops all the same
            self._drop(len(self._waiting), error)

    async def _run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                try:
                    await self._some()
                except Transient:
                    await asyncio.sleep(self.again_after)
                except Exception as error:  # noqa: BLE001  # these alone, not all that follow
                    self._drop(min(_AT_ONCE, len(self._waiting)), error)

    def _drop(self, many: int, error: Exception) -> None:
        for _ in range(many):
            self._waiting.popleft()
        CLICKS_DROPPED.inc(many)
        _log.warning("clicks are not counted", many=many, error=told(error))

    async def _some(self) -> None:
        """Publish the oldest ones; they wait until that is done, and have the same ids again."""
        some = [self._waiting[place] for place in range(min(_AT_ONCE, len(self._waiting)))]
        await self.publish([CLICKS.record(each) for each in some])
        for _ in some:
            self._waiting.popleft()
