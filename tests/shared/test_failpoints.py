"""Failpoints end a process where they are told to, and do nothing where they are not."""

import os
import signal
import subprocess
import sys
import time

import pytest

from shared.running.failpoints import POINTS, VARIABLE

PASSES = (
    "from shared.running.failpoints import reach\nfor n in range(5):\n  print(n, flush=True)\n  "
)


def _run(armed: str, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PASSES + code],
        env={**os.environ, VARIABLE: armed},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("point", POINTS)
def test_a_process_ends_at_the_named_pass_of_its_point(point: str) -> None:
    done = _run(f"{point}:3", f"reach({point!r})")
    assert (done.returncode, done.stdout.split()) == (-signal.SIGKILL, ["0", "1", "2"])
    assert point in done.stderr


@pytest.mark.parametrize("armed", ["", "after-trim:3", "after-write:6"])
def test_other_points_and_unarmed_ones_are_passed(armed: str) -> None:
    done = _run(armed, "reach('after-write')")
    assert (done.returncode, len(done.stdout.split())) == (0, 5)


@pytest.mark.parametrize(
    "armed", ["after-write", "after-write:0", "nowhere:1", "after-write:x", "after-write:1:0"]
)
def test_a_point_that_does_not_exist_is_an_error_at_the_start(armed: str) -> None:
    done = _run(armed, "pass")
    assert done.returncode == 1
    assert "points are before-write" in done.stderr


def test_with_seconds_a_process_stands_still_once_and_goes_on() -> None:
    began = time.monotonic()

    done = _run("after-write:2:1", "reach('after-write')")

    assert time.monotonic() - began >= 1
    assert (done.returncode, len(done.stdout.split())) == (0, 5)
    assert done.stderr.count("stands still") == 1
