"""A small disk for the brokers, which can be filled; it needs the right to mount."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SIZE = 256
"""Megabytes."""


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory."""

    folder: Path

    def fill(self) -> None:
        """Not a byte is free."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def free(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@contextlib.contextmanager
def small(folder: Path) -> Iterator[SmallDisk | None]:
    """The folder as a disk of its own while inside; None where mounting is not allowed."""
    folder.mkdir(parents=True)
    if os.geteuid() or not _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "tmpfs", folder):
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "--lazy", folder)


def _run(*command: str | Path) -> bool:
    with contextlib.suppress(OSError):
        return not subprocess.run(command, capture_output=True, check=False).returncode
    return False
