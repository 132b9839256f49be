"""Points at which a process ends itself as a crash would: for the chaos test, never in production.

`HELPDESK_FAILPOINT=after-write:37` in the environment makes the process kill itself, without a
warning, when it passes that point for the 37th time. Without the variable, passing a point does
nothing. Only a process's own environment, as it is when this module is imported, can arm a point.

Where effects are carried out (`shared.stores.aggregates`), in their order: `before-write`,
`after-write`, `after-record`, `after-publish`, `after-trim`. Where batches are handled
(`shared.bus.consuming`): `after-handler`, `before-commit`, `after-commit`.
"""

import os
import re
import signal
import sys
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


def _armed(text: str) -> list[str]:
    """The passes that are left until the process ends: the point's name, once for each pass.

    Raises ValueError for a text that is not `<point>:<pass>` with a known point.
    """
    if not text:
        return []
    found = re.fullmatch(r"([a-z-]+):([1-9][0-9]{0,6})", text)
    if found is None or found[1] not in POINTS:
        raise ValueError(f"{VARIABLE}={text!r}: <point>:<pass>, points are {', '.join(POINTS)}")
    return [found[1]] * int(found[2])


_LEFT: Final = _armed(os.environ.get(VARIABLE, ""))


def reach(point: str) -> None:
    """Pass a point; if it is the armed one and this is its last pass, the process ends here."""
    if not _LEFT or _LEFT[-1] != point:
        return
    _LEFT.pop()
    if not _LEFT:
        sys.stderr.write(f"ended at the failpoint {point}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
