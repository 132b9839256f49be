"""Which alerts fire while something is broken, in a world in which a minute is a second."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Sequence
from urllib.error import URLError

from tests.deploy.monitoring import Prometheus
from tests.deploy.test_alerts import RULES

Say = Callable[[str], None]
_SECONDS = {"m": 1, "h": 60, "d": 24 * 60}
_POLL = 0.5


def scaled(rules: str) -> str:
    """The rules in a world in which a minute is a second: windows, waits and ages; shares stay."""

    def shorter(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) * _SECONDS[found[3]]}s"

    rules = re.sub(r"(\[|for: |offset )(\d+)([mhd])\b", shorter, rules)
    ages = r"> (120|300|600|1800)$"
    return re.sub(ages, lambda age: f"> {int(age[1]) // 60}", rules, flags=re.MULTILINE)


class Watch:
    """Remembers when each alert fired."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.prometheus = Prometheus(ports, RULES, shortened=scaled)
        self.firing: set[str] = set()
        self._seen: list[tuple[float, str]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look twice a second."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def begun_since(self, moment: float) -> list[str]:
        """The alerts that began to fire after a moment of the monotonic clock, in that order."""
        return list(dict.fromkeys(name for at, name in self._seen if at >= moment))

    async def quiet(self, alerts: Sequence[str], seconds: float) -> bool:
        """Whether none of these fires any more, within so many seconds."""
        deadline = time.monotonic() + seconds
        while self.firing & set(alerts):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL)
        return True

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(URLError, OSError):
                now = await asyncio.to_thread(self.prometheus.firing)
                moment = time.monotonic()
                self._seen += [(moment, name) for name in sorted(now - self.firing)]
                self.firing = now
            await asyncio.sleep(_POLL)
