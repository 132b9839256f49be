"""`python -m tests.chaos.table.clocks <file> <service>`: a service whose time of day can jump.

The file has by how many hours; the monotonic clock stays, as it does when a machine's clock is
set. Not by libfaketime: under it, the sleeping of Python 3.11 is an error (its 0.9.10 refuses
`clock_nanosleep` until a moment), and drivers' threads end by it.
"""

import importlib
import sys
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

from shared import clock
from shared.running.service import main

_LOOK_EVERY = 0.2


class Jumping:
    """By how much the time of day is off now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seconds, self._looked = 0.0, float("-inf")

    @property
    def seconds(self) -> float:
        """As the file said a moment ago."""
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._seconds = float(self._file.read_text()) * 3600
            self._looked = time.monotonic()
        return self._seconds

    def install(self) -> None:
        """Whoever asks for the time of day in this process is told the other one."""
        right, seconds = time.time, self

        class Shifted(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return super().now(tz) + timedelta(seconds=seconds.seconds)

        time.time = lambda: right() + seconds.seconds
        time.time_ns = lambda: int(time.time() * 1e9)
        setattr(clock, "datetime", Shifted)  # noqa: B010  # mypy would not have it otherwise


def jump(file: Path, hours: int) -> None:
    """Whoever has its time by this file is so many hours from the machine's time, from now on."""
    fresh = file.with_suffix(".fresh")
    fresh.write_text(str(hours))
    fresh.replace(file)


def wrapping(file: Path) -> tuple[str, str]:
    """What stands before a service's name on its command line."""
    return "tests.chaos.table.clocks", str(file)


if __name__ == "__main__":
    Jumping(Path(sys.argv[1])).install()
    app = importlib.import_module(f"services.{sys.argv[2]}.app")
    settings = importlib.import_module(f"services.{sys.argv[2]}.settings")
    sys.exit(main(app.build, settings.Settings))
