"""Prometheus' programs: installed, or unpacked from the system's packages."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

_CACHE = ROOT / ".cache" / "prometheus"


def promtool() -> str:
    """Prometheus' own checker of rules."""
    return program("promtool", "prometheus")


@cache
def program(name: str, package: str) -> str:
    """Where it is. Where it is not and cannot be had, the test is skipped, and in CI it fails."""
    found = shutil.which(name) or _unpacked(name, package)
    if found is None:
        reason = f"{name} is missing: install the package {package} to check what is deployed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _unpacked(name: str, package: str) -> str | None:
    """From the package of Debian and its like; nothing is installed, and nothing started."""
    binary = _CACHE / "usr" / "bin" / name
    if not binary.exists() and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        # Tests that run side by side may both unpack: each in a folder of its own.
        own = _CACHE / f"{package}-{os.getpid()}"
        own.mkdir(parents=True, exist_ok=True)
        _run(["apt-get", "download", package], own)
        for archive in own.glob(f"{package}_*.deb"):
            _run(["dpkg-deb", "--extract", str(archive), "."], own)
        binary.parent.mkdir(parents=True, exist_ok=True)
        for each in own.glob("usr/bin/*"):
            each.replace(binary.parent / each.name)
        _lend([*own.glob("usr/share/prometheus/*/*.tmpl")], own)
        shutil.rmtree(own)
    return str(binary) if binary.exists() else None


def _lend(templates: Sequence[Path], unpacked: Path) -> None:
    """Debian's Alertmanager looks for its own templates where its package has them, and only there.

    Whoever may not write there has to install the package.
    """
    for template in templates:
        place = Path("/") / template.relative_to(unpacked)
        with contextlib.suppress(PermissionError):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(template, place)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=100)
