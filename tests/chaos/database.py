"""The database of a run: the Rust server where it can be built, else the wheel's daemon."""

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.embedded import SecantusDB
from shared.probes import HOST
from shared.servers import MongoServer
from tests.servers import CHECKOUT

VERSION = "0.5.3-beta.196"
FOLDER = CHECKOUT / ".cache" / "secantus-mdb" / VERSION
_BUILD_TIMEOUT = 1800.0


class SecantusMdb(MongoServer):
    """MongoDB's protocol on WiredTiger, in Rust; every acknowledged write is on the disk."""

    def command(self) -> Sequence[str]:
        """Return the command line of the daemon, which reads no settings but these."""
        settings = self.folder / "empty.toml"
        settings.touch()
        return (
            *(str(FOLDER / "bin" / "secantusd-rs"), "--config", str(settings)),
            *("--host", HOST, "--port", str(self.port)),
            *("--storage-path", str(self.folder / "data")),
            *("--cache-size", "256M", "--log-level", "WARNING", "--sync-on-commit"),
        )


def kind(say: Callable[[str], None]) -> type[MongoServer]:
    """The kind of database there is; built the first time, which takes some minutes."""
    if not (FOLDER / "bin" / "secantusd-rs").exists() and (why := _not_built(say, FOLDER)):
        say(f"the database is the wheel's daemon, eight times as slow: {why}")
        return SecantusDB
    return SecantusMdb


def _not_built(say: Callable[[str], None], folder: Path) -> str | None:
    cargo = shutil.which("cargo")
    if cargo is None:
        return "there is no cargo to build the Rust server with"
    say("building the Rust server of the database, once: about five minutes")
    command = (
        *(cargo, "install", "secantus-mdb", "--version", VERSION, "--ignore-rust-version"),
        *("--quiet", "--root", str(folder)),
    )
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_BUILD_TIMEOUT, check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"building the Rust server failed: {error}"
    if done.returncode:
        return f"building the Rust server failed: {done.stderr.strip()[-300:]}"
    return None
