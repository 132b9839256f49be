"""The program `kcat`: installed, or unpacked from the system's packages."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

_CACHE = ROOT / ".cache" / "kcat"
_PACKAGES = ("kcat", "librdkafka1", "libyajl2")
"""The program, and of its libraries those that few systems have."""


@cache
def environment() -> dict[str, str]:
    """The environment in which `kcat` runs.

    Where it is not and cannot be had, the test is skipped, and in CI it fails.
    """
    if shutil.which("kcat"):
        return {}
    if not (_CACHE / "usr" / "bin" / "kcat").exists():
        _unpack()
    libraries = sorted({str(file.parent) for file in (_CACHE / "usr" / "lib").rglob("*.so*")})
    found = {
        "PATH": f"{_CACHE / 'usr' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
    }
    if not _runs(found):
        reason = "kcat is missing: install the package kcat to try the examples that use it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _unpack() -> None:
    """From the packages of Debian and its like; nothing is installed."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return
    # Tests that run side by side may both unpack: each in a folder of its own.
    own = _CACHE.with_name(f"kcat-{os.getpid()}")
    own.mkdir(parents=True, exist_ok=True)
    _run(["apt-get", "download", *_PACKAGES], own)
    for archive in own.glob("*.deb"):
        _run(["dpkg-deb", "--extract", str(archive), "."], own)
    if (own / "usr" / "bin" / "kcat").exists() and not _CACHE.exists():
        own.replace(_CACHE)
    shutil.rmtree(own, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=100)


def _runs(variables: dict[str, str]) -> bool:
    try:
        done = subprocess.run(
            ["kcat", "-V"],  # noqa: S607  # whichever kcat the path has
            env={**os.environ, **variables},
            check=False,
            capture_output=True,
            timeout=30,
        )
    except OSError:
        return False
    return done.returncode == 0
