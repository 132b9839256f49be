"""`make check` fails on what it is there for: one fault at a time, in a copy of the sources."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, make


@dataclass(frozen=True)
class Fault:
    """A new file that the part `caught_by` of `make check` refuses, and says so."""

    caught_by: str
    saying: str
    path: str
    source: str


FAULTS = {
    "a rule that reads the time": Fault(
        "lint",
        "TID251",
        "services/ticketing/rules/planted.py",
        '"""Planted."""\n\nfrom datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n',
    ),
    "a file that nobody formatted": Fault(
        "lint", "would be reformatted", "shared/planted.py", '"""Planted."""\n\nPLANTED = ( 1,2 )\n'
    ),
    "a wrong type": Fault(
        "types", "[assignment]", "shared/planted.py", '"""Planted."""\n\nPLANTED: int = "one"\n'
    ),
    "a wrong type in a test": Fault(
        "types", "[assignment]", "tests/planted.py", '"""Planted."""\n\nPLANTED: int = "one"\n'
    ),
    "a service that knows another": Fault(
        "imports",
        "Services do not know each other BROKEN",
        "services/ticketing/planted.py",
        '"""Planted."""\n\nfrom services.autoclose import rules\n\n__all__ = ["rules"]\n',
    ),
    "a shared module that knows a service": Fault(
        "imports",
        "Shared knows no service BROKEN",
        "shared/planted.py",
        '"""Planted."""\n\nfrom services.autoclose import rules\n\n__all__ = ["rules"]\n',
    ),
    "rules that know the database, by way of another module": Fault(
        "imports",
        "What decides knows no transport, no database and no environment BROKEN",
        "services/ticketing/rules/planted.py",
        '"""Planted."""\n\nfrom shared.stores.mongo import Mongo\n\n__all__ = ["Mongo"]\n',
    ),
    "rules that know their handlers": Fault(
        "imports",
        "Inside a service, knowledge flows one way BROKEN",
        "services/ticketing/rules/planted.py",
        '"""Planted."""\n\nfrom services.ticketing import handlers\n\n__all__ = ["handlers"]\n',
    ),
}
COPIED = (
    *("services", "shared", "tests", "docs/examples"),
    *("pyproject.toml", "Makefile", ".gitignore", ".mypy_cache"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources without what git knows of them; mypy's memory comes along, for speed."""
    target = tmp_path_factory.mktemp("sources")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, target / name)
    return target


@pytest.mark.slow
@pytest.mark.parametrize("part", ["lint", "types", "imports"])
def test_a_clean_copy_passes_and_each_planted_fault_is_caught(copy: Path, part: str) -> None:
    """All of a part in one test: what the tools remember of the copy makes them quick."""
    clean = make(part, at=copy)
    assert clean.returncode == 0, clean.stdout

    for name, fault in FAULTS.items():
        if fault.caught_by != part:
            continue
        planted = copy / fault.path
        planted.write_text(fault.source)
        try:
            result = make(part, at=copy)
        finally:
            planted.unlink()
        assert result.returncode != 0, name
        assert fault.saying in result.stdout, name


def test_check_consists_of_the_parts_that_catch() -> None:
    makefile = (ROOT / "Makefile").read_text()

    (check,) = (line for line in makefile.splitlines() if line.startswith("check:"))

    parts = check.partition(":")[2].partition("##")[0].split()
    assert set(parts) == {fault.caught_by for fault in FAULTS.values()}
