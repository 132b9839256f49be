"""The locks: they fit what pyproject.toml asks for, and say nothing of where anything is from."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.tree import ROOT

RUNTIME = "requirements.lock"
EMBEDDED = "requirements-embedded.lock"
DEV = "requirements-dev.lock"
DEPLOY = "requirements-deploy.lock"
PIN = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>\S+)(?: ; .+)? \\$", re.MULTILINE)


def pyproject() -> dict[str, Any]:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: str) -> dict[str, set[Version]]:
    """The versions of each package; there are several where they differ by Python."""
    found: dict[str, set[Version]] = {}
    for pin in PIN.finditer((ROOT / lock).read_text()):
        found.setdefault(canonicalize_name(pin["name"]), set()).add(Version(pin["version"]))
    return found


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks for in that lock."""
    project, groups = pyproject()["project"], pyproject()["dependency-groups"]
    extras = project["optional-dependencies"]
    lines = {
        RUNTIME: project["dependencies"],
        EMBEDDED: [*project["dependencies"], *extras["embedded"], *groups["build"]],
        DEV: [
            *project["dependencies"],
            *(line for extra in extras.values() for line in extra),
            *(line for name, group in groups.items() if name != "deploy" for line in group),
        ],
        DEPLOY: groups["deploy"],
    }
    return [Requirement(line) for line in lines[lock] if isinstance(line, str)]


@pytest.mark.parametrize("lock", [RUNTIME, EMBEDDED, DEV, DEPLOY])
def test_a_lock_has_what_pyproject_asks_for(lock: str) -> None:
    locked = pins(lock)

    for requirement in wanted(lock):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, requirement
        for version in versions:
            assert requirement.specifier.contains(version, prereleases=True), requirement


@pytest.mark.parametrize("lock", [RUNTIME, EMBEDDED])
def test_what_runs_is_what_was_tested(lock: str) -> None:
    tested = pins(DEV)

    assert {name: tested.get(name) for name in pins(lock)} == pins(lock)


@pytest.mark.parametrize("lock", [RUNTIME, EMBEDDED, DEV, DEPLOY])
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()

    blocks = re.split(r"\n(?=[a-z])", text)[1:]
    assert len(blocks) == len(PIN.findall(text))
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
