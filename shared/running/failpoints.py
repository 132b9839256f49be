"""Points at which a process ends itself as a crash would: for the chaos test, never in production.

`HELPDESK_FAILPOINT=after-write:37` in the environment makes the process kill itself, without a
warning, when it passes that point for the 37th time; `after-write:37:9` makes it stand still there
for 9 seconds instead, its event loop blocked, and go on. Without the variable, passing a point does
nothing. Only a process's own environment, as it is when this module is imported, can arm a point.

Where effects are carried out (`shared.stores.aggregates`), in their order: `before-write`,
`after-write`, `after-record`, `after-publish`, `after-trim`. Where batches are handled
(`shared.bus.consuming`): `after-handler`, `before-commit`, `after-commit`.
"""

import os
import re
import signal
import sys
import time
from typing import Final

VARIABLE: Final = "HELPDESK_FAILPOINT"
POINTS: Final = (
    "before-write",
    "after-write",
    "after-record",
    "after-publish",
    "after-trim",
    "after-handler",
    "before-commit",
    "after-commit",
)


def _armed(text: str) -> tuple[list[str], int]:
    """The passes that are left, the point's name once for each, and how long it then stands still.

    With 0 seconds the process ends. Raises ValueError for a text that is not `<point>:<pass>` or
    `<point>:<pass>:<seconds>` with a known point.
    """
    if not text:
        return [], 0
    found = re.fullmatch(r"([a-z-]+):([1-9][0-9]{0,6})(?::([1-9][0-9]{0,2}))?", text)
    if found is None or found[1] not in POINTS:
        points = ", ".join(POINTS)
        raise ValueError(f"{VARIABLE}={text!r}: <point>:<pass>[:<seconds>], points are {points}")
    return [found[1]] * int(found[2]), int(found[3] or 0)


_LEFT, _SECONDS = _armed(os.environ.get(VARIABLE, ""))


def reach(point: str) -> None:
    """Pass a point; if it is the armed one and this is its last pass, what was asked happens."""
    if not _LEFT or _LEFT[-1] != point:
        return
    _LEFT.pop()
    if _LEFT:
        return
    if _SECONDS:
        sys.stderr.write(f"stands still at the failpoint {point} for {_SECONDS} s\n")
        sys.stderr.flush()
        time.sleep(_SECONDS)  # the event loop is blocked: that is what was asked for
    else:
        sys.stderr.write(f"ended at the failpoint {point}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
