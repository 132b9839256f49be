"""A service as a process: start in order, answer the probes, stop in order."""

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Protocol, TypeVar

import structlog
from pydantic import ValidationError
from pydantic_settings import SettingsError

from shared.bus.kafka_bus import KafkaBus
from shared.errors import HelpdeskError, WrongSettings
from shared.running import logs, loop, metrics
from shared.running.health import HealthServer
from shared.running.secret_files import problems
from shared.running.settings import ServiceSettings
from shared.running.telling import told

_log = structlog.get_logger()
S = TypeVar("S", bound=ServiceSettings)

OBJECTS_OF_A_BATCH = 100_000
"""About how many objects of a batch live until its end: collecting garbage before frees little."""


def main(build: "Callable[[S], Service]", settings: type[S]) -> int:
    """Run a service by the settings in the environment; returns its exit code.

    If the settings are wrong, each problem is written to stderr and the exit code is 2.
    """
    try:
        return build(settings()).run()
    except ValidationError as error:
        said = problems(error.errors(include_url=False), settings)
        sys.stderr.writelines(f"{line}\n" for line in said)
    except (SettingsError, WrongSettings) as error:
        sys.stderr.write(f"{error}\n")
    return 2


class Door(Protocol):
    """Something by which others come in, such as a port."""

    async def open(self) -> None:
        """Let them in. Raises HelpdeskError where that cannot be."""

    async def close(self) -> None:
        """Let nobody in any more; whoever is in may finish."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service, wired.

    `opening` runs before it consumes, `closing` after it has stopped. It is not ready before the
    `warming` has ended, which begins while it joins its consumers: its handlers wait for what they
    need of it. Its `doors` are open while it consumes.
    """

    settings: ServiceSettings
    bus: KafkaBus
    opening: Sequence[Callable[[], Awaitable[None]]] = ()
    warming: Sequence[Callable[[], object]] = ()
    closing: Sequence[Callable[[], Awaitable[None]]] = ()
    doors: Sequence[Door] = ()

    async def start(self) -> None:
        """Make ready (indexes, say), then consume. On an error nothing is left running."""
        try:
            for step in self.opening:
                await step()
            await self.bus.start()
            for warm in self.warming:
                await asyncio.to_thread(warm)
            for door in self.doors:
                await door.open()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish the batch in flight, commit, leave the group; then let go of the stores."""
        for door in self.doors:
            await door.close()
        await self.bus.stop()
        for step in self.closing:
            await step()

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code.

        It is 0, or 1 if the service could not start or had to stop by itself.
        """
        logs.configure(self.bus.service, self.settings)
        metrics.BUILD_INFO.labels(version("helpdesk-pipeline")).set(1)
        # Its default, every 700 objects, took a sixth of ticketing's processor time.
        gc.set_threshold(OBJECTS_OF_A_BATCH)
        gc.freeze()
        return loop.run(self._serve())

    async def _serve(self) -> int:
        stopping, started = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        health = HealthServer(
            self.settings.health_host,
            self.settings.health_port,
            live=self.bus.live,
            ready=lambda: self.bus.ready() if started.is_set() else "starting",
        )
        asked = asyncio.create_task(stopping.wait())
        starting = asyncio.create_task(self.start())
        try:
            await asyncio.wait([asked, starting], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                _log.info("stopping before it serves")
                starting.cancel()
            try:
                await starting
            except asyncio.CancelledError:
                return 0
            except HelpdeskError as error:
                _log.critical("cannot start", why=str(error))
                return 1
            except Exception as error:  # noqa: BLE001  # it is told and ends the process
                away = self.bus.is_transient(error)
                why = f"a dependency is away: {told(error)}" if away else told(error)
                _log.critical("cannot start", why=why, exc_info=None if away else error)
                return 1
            started.set()
            _log.info("serving", health_port=health.port)
            gave_up = asyncio.create_task(self.bus.gave_up.wait())
            await asyncio.wait([asked, gave_up], return_when=asyncio.FIRST_COMPLETED)
            gave_up.cancel()
            _log.info("stopping")
            await self.stop()
        finally:
            asked.cancel()
            health.close()
        return 1 if self.bus.stopped_by else 0
