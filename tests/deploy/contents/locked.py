"""What the lock puts into the image, package by package."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.markers import Marker

from tests.architecture.tree import ROOT

LOCK: Final = ROOT / "requirements.lock"
IMAGE: Final[dict[str, str]] = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}
"""Where the image runs, as far as the lock's markers ask."""

_PIN = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; (?P<marker>[^\\\n]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=\S+)+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package, and the SHA-256 of each of its files, of which an image has one."""

    name: str
    version: str
    hashes: tuple[str, ...]


def pins(lock: str) -> Iterator[Pin]:
    """The packages of a lock that are for the image."""
    for found in _PIN.finditer(lock):
        if not found["marker"] or Marker(found["marker"]).evaluate({**IMAGE}):
            hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", found["hashes"])
            yield Pin(found["name"], found["version"], tuple(hashes))
