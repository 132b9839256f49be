"""The services' processes: killed, armed, frozen and started again; none outlives the run."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from shared.embedded.servers import Server, Servers
from shared.running.failpoints import VARIABLE
from shared.topic import SERVICES, Service
from tests.servers import CHECKOUT
from tests.wired import ENVIRONMENT

SESSION = 6
"""Seconds after which the broker gives a silent replica's partitions to another."""


class Replica(Server):
    """One process of a service.

    Its next start will have the failpoint `armed`, and be by the module and arguments `wrapped`.
    """

    name = "replica"
    start_timeout = 120.0

    def __init__(
        self, service: Service, servers: Servers, folder: Path, sabotage: str | None
    ) -> None:
        super().__init__(folder=folder)
        self.service = service
        self.armed = ""
        self.wrapped: Sequence[str] = ()
        self.deaths = 0
        self.outside: int | None = None
        self.secrets: Path | None = None
        self.expected = True
        self._servers = servers
        self._sabotage = sabotage

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        if self.outside is not None and self.service == "handoff" and not self._sabotage:
            return (sys.executable, "-m", "tests.chaos.outside", str(self.outside))
        if self.wrapped:
            return (sys.executable, "-m", *self.wrapped, self.service)
        if self._sabotage:
            return (sys.executable, "-m", "tests.chaos.sabotaged", self._sabotage, self.service)
        return (sys.executable, "-m", f"services.{self.service}")

    def environment(self) -> Mapping[str, str]:
        ours = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
        return {
            **ours,
            "PYTHONPATH": str(CHECKOUT),
            "HELPDESK_KAFKA__BOOTSTRAP": self._servers.kafka,
            "HELPDESK_KAFKA__SESSION_TIMEOUT": str(SESSION),
            "HELPDESK_KAFKA__FETCH_WAIT": "0.1",
            "HELPDESK_MONGO__URL": self._servers.mongo,
            "HELPDESK_REDIS__URL": self._servers.redis,
            "HELPDESK_HEALTH_HOST": "127.0.0.1",
            "HELPDESK_HEALTH_PORT": str(self.port),
            "HELPDESK_SWEEP_INTERVAL": "0.5",
            **ENVIRONMENT,
            **({"HELPDESK_SECRETS_DIR": str(self.secrets)} if self.secrets else {}),
            VARIABLE: self.armed,
        }

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/ready", timeout=1) as answer:  # noqa: S310  # our own port
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    @property
    def ended(self) -> int | None:
        """How the process ended; None while it runs, or where there is none."""
        return None if self._process is None else self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if (pid := self.pid) is not None:
            os.kill(pid, number)


@dataclass
class Fleet:
    """Two replicas of every service. One that dies is started again, as a supervisor would.

    Where the `second` replicas have a way of their own to the servers, it is given. `outside` is
    the port of another helpdesk, `secrets` the folder with what lets us in there.
    """

    servers: Servers
    folder: Path
    sabotage: str | None = None
    services: Sequence[Service] = SERVICES
    second: Servers | None = None
    outside: int | None = None
    secrets: Path | None = None
    replicas: list[Replica] = field(default_factory=list)
    kills: int = 0
    crashes: list[str] = field(default_factory=list)
    _watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """All are in their groups."""
        for number in (1, 2):
            for service in self.services:
                self._made(service, number)
        for replica in self.replicas:
            replica.launch()
        for replica in self.replicas:
            await asyncio.to_thread(replica.wait)
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """None of them runs."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for replica in self.replicas:
            replica.expected = False
            replica.kill()

    def of(self, service: Service) -> list[Replica]:
        """The service's replicas that are meant to run."""
        return [r for r in self.replicas if r.service == service and r.expected]

    def kill(self, replica: Replica) -> None:
        """End it as a crash would; the supervisor starts it again."""
        replica.signal(signal.SIGKILL)

    async def kill_armed(self, replica: Replica, failpoint: str, seconds: float) -> None:
        """Kill it, and have it die again at a failpoint; by hand, if it does not come by."""
        before, replica.armed = replica.deaths, failpoint
        self.kill(replica)
        deadline = time.monotonic() + seconds
        while replica.deaths < before + 2 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        if replica.deaths < before + 2:
            self.kill(replica)

    async def joined(self, service: Service) -> Replica:
        """One replica more, once it is in its group."""
        replica = self._made(service, 3 + len(self.replicas))
        replica.launch()
        await asyncio.to_thread(replica.wait)
        return replica

    async def left(self, replica: Replica) -> None:
        """Ask a replica to go, as a roll-out does."""
        replica.expected = False
        await asyncio.to_thread(replica.stop)
        if replica.ended != 0:
            self.crashes.append(f"{replica.service} stopped with {replica.ended}")

    async def returned(self, replica: Replica) -> None:
        """Start a replica that has left; it is in its group."""
        await asyncio.to_thread(replica.start)
        replica.armed, replica.expected = "", True

    async def rolled(self, replica: Replica) -> None:
        """Ask a replica to go, and start it again, as a roll-out does."""
        await self.left(replica)
        await self.returned(replica)

    def _made(self, service: Service, number: int) -> Replica:
        folder = self.folder / f"{service}-{number}"
        servers = self.second if number == 2 and self.second else self.servers
        replica = Replica(service, servers, folder, self.sabotage)
        replica.outside, replica.secrets = self.outside, self.secrets
        self.replicas.append(replica)
        return replica

    async def _watch(self) -> None:
        while True:
            for replica in self.replicas:
                if replica.expected and (code := replica.ended) is not None:
                    if code == -signal.SIGKILL:
                        self.kills += 1
                        replica.deaths += 1
                    else:
                        last = "\n".join(replica.last_lines()[-8:])
                        self.crashes.append(f"{replica.service} ended with {code}:\n{last}")
                    await asyncio.to_thread(replica.launch)
                    replica.armed = ""
            await asyncio.sleep(0.1)
