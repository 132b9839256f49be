"""`helpdesk desk rebuild` in a process: it waits less after a death, and beyond the switch."""

import sys
from datetime import timedelta

from services.desk import rebuilding
from shared.cli import main

HELD, GOES_ON = timedelta(seconds=20), timedelta(seconds=8)

if __name__ == "__main__":
    rebuilding.HELD, rebuilding.GOES_ON = HELD, GOES_ON  # type: ignore[misc]
    sys.argv = ["helpdesk", "desk", "rebuild", "--wait", "60"]
    main()
