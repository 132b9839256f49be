"""`deploy/compose.yaml` as Compose reads it: anchors resolved, variables replaced."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.architecture.tree import ROOT

FOLDER: Final = ROOT / "deploy"
FILE: Final = FOLDER / "compose.yaml"
JOBS: Final = ("topics", "mongo-set")
STORES: Final = ("kafka", "mongo", "valkey")
MONITORING: Final = ("prometheus", "alertmanager", "grafana")
BY_HAND: Final = "helpdesk"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Z_]+):-(?P<default>[^}]*)\})")

Container = dict[str, Any]


@cache
def composed() -> dict[str, Any]:
    """The file with the variables' defaults, the same for all: change nothing in it."""
    told: dict[str, Any] = interpolated(yaml.safe_load(FILE.read_text()), {})
    return told


def interpolated(tree: Any, variables: Mapping[str, str]) -> Any:  # any tree
    """The tree with its variables replaced by these or by their defaults; `$$` is a `$`."""
    match tree:
        case dict():
            return {key: interpolated(value, variables) for key, value in tree.items()}
        case list():
            return [interpolated(value, variables) for value in tree]
        case str():
            assert "$" not in _VARIABLE.sub("", tree), f"neither `${{NAME:-default}}`: {tree}"
            return _VARIABLE.sub(lambda found: _said(found, variables), tree)
    return tree


def _said(found: re.Match[str], variables: Mapping[str, str]) -> str:
    if found["name"] is None:
        return "$"
    return variables.get(found["name"]) or str(found["default"])


def containers() -> dict[str, Container]:
    """Every container by its name."""
    told: dict[str, Container] = composed()["services"]
    return told


def environment(name: str) -> dict[str, str]:
    """What a container is told by its environment."""
    return dict(containers()[name].get("environment", {}))


def binds(name: str) -> dict[str, Path]:
    """What of the checkout a container sees: where it sees it, and where it is."""
    volumes = containers()[name].get("volumes", [])
    return {
        each["target"]: (FOLDER / each["source"]).resolve()
        for each in volumes
        if isinstance(each, dict)
    }


def volumes(name: str) -> dict[str, str]:
    """The volumes that a container keeps data in, by their places."""
    found = [each for each in containers()[name].get("volumes", []) if isinstance(each, str)]
    return {place: volume for volume, _, place in (each.partition(":") for each in found)}
