"""The Mongo-wire server for benchmarks: several times as fast as the wheel's, built by cargo once.

By the wheel's own makers, in Rust, on WiredTiger too. It takes minutes to build, and is kept in
`.cache`. It is not for tests: when an update, or another document in its place, takes a value away
from a unique index, the value stays taken (0.5.3-beta.193 to .196), so that a conversation could
have no second ticket.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.embedded.probes import HOST
from shared.embedded.servers import MongoServer, ServerError
from shared.embedded.stack import SecantusDB
from tests.servers import CHECKOUT, run_command

VERSION: Final = "0.5.3-beta.196"
CACHE: Final = os.environ.get("HELPDESK_TEST_MONGO_CACHE", "1G")
"""With 1G, no index of a million documents is ever ready; with 8G, answers come later."""

_BUILD_TIMEOUT = 1800.0


class SecantusInRust(MongoServer):
    """MongoDB's protocol; every acknowledged write is on the disk, as `j: true` asks for."""

    def command(self) -> Sequence[str]:
        """Return the command line of the daemon, which is built if it is not there."""
        settings = self.folder / "empty.toml"
        settings.touch()
        return (
            str(executable()),
            *("--config", str(settings)),
            *("--host", HOST),
            *("--port", str(self.port)),
            *("--storage-path", str(self.folder / "data")),
            *("--cache-size", CACHE),
            *("--log-level", "WARNING"),
            "--sync-on-commit",
        )


def fast_mongo() -> MongoServer:
    """The server in Rust; where it cannot be built the wheel's, and stderr says so."""
    try:
        executable()
    except ServerError as error:
        sys.stderr.write(f"The wheel's slower database is used instead: {error}\n")
        return SecantusDB()
    return SecantusInRust()


def executable() -> Path:
    """Return where the daemon is, after building it if need be."""
    root = CHECKOUT / ".cache" / "secantus-mdb" / VERSION
    binary = root / "bin" / "secantusd-rs"
    if binary.exists():
        return binary
    cargo = shutil.which("cargo")
    if not cargo:
        raise ServerError("cargo, which builds the Mongo-wire server in Rust, is missing")
    sys.stderr.write("Building the Mongo-wire server in Rust, once: some minutes ...\n")
    command = (
        *(cargo, "install", "secantus-mdb", "--quiet", "--locked", "--ignore-rust-version"),
        *("--version", VERSION, "--root", str(root)),
    )
    run_command(*command, timeout=_BUILD_TIMEOUT)
    return binary
