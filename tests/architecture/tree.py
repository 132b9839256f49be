"""The source tree, and the Makefile's recipes run with the tools of this interpreter."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make(target: str, *, at: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a target of the Makefile at `at`, without its set-up. Both outputs are in `stdout`."""
    tools = Path(sys.executable).parent
    # The flags and arguments of an outer make, `make test ARGS=-x` say, are not this one's.
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    return subprocess.run(
        ["make", target, "READY=", "ARGS=", f"BIN={tools}"],  # noqa: S607  # whichever make there is
        cwd=at,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
