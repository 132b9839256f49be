"""Prometheus' own checker of rules: installed, or unpacked from the system's package."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

_CACHE = ROOT / ".cache" / "prometheus"


@cache
def promtool() -> str:
    """Where it is. Where it is not and cannot be had, the test is skipped, and in CI it fails."""
    found = shutil.which("promtool") or _unpacked()
    if found is None:
        reason = "promtool is missing: install the package prometheus to check alerts"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _unpacked() -> str | None:
    """From the package of Debian and its like; nothing is installed, and nothing started."""
    binary = _CACHE / "usr" / "bin" / "promtool"
    if not binary.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        _CACHE.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", "prometheus"], _CACHE)
        for package in _CACHE.glob("prometheus_*.deb"):
            _run(["dpkg-deb", "--extract", str(package), "."], _CACHE)
            package.unlink()
    return str(binary) if binary.exists() else None


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=100)
