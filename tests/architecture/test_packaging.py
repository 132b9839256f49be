"""What is installed is ours, and whole: `services` and `shared` are names that others use too."""

import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import services
import shared
from shared.learning.models import KEPT
from tests.architecture.tree import ROOT

# Imports everything, and prints where it found it. Nothing is created on import: no argument, no
# environment and no server is needed for it.
IMPORT_ALL = """
import importlib, sys

sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    print(importlib.import_module(name).__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    (artifact,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(artifact)


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, as an installation lays it out."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_services_and_shared_are_this_tree() -> None:
    assert Path(str(services.__file__)) == ROOT / "services/__init__.py"
    assert Path(str(shared.__file__)) == ROOT / "shared/__init__.py"


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {file.parent for top in ("services", "shared") for file in _modules(ROOT / top)}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_wheel_holds_services_and_shared_alone(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"}

    assert tops == {"services", "shared"}


def test_the_wheel_holds_every_file_of_theirs(unpacked: Path) -> None:
    for top in ("services", "shared"):
        assert _files(unpacked / top) == _files(ROOT / top)


@pytest.mark.slow
def test_every_module_of_the_wheel_can_be_imported_without_the_tree(
    unpacked: Path, tmp_path: Path
) -> None:
    modules = [
        ".".join(file.relative_to(unpacked).with_suffix("").parts).removesuffix(".__init__")
        for top in ("services", "shared")
        for file in _modules(unpacked / top)
        if file.stem != "__main__"
    ]

    result = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", IMPORT_ALL, str(unpacked), *modules],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    found = result.stdout.split("\n")[:-1]
    assert len(found) == len(modules)
    assert [path for path in found if not Path(path).is_relative_to(unpacked)] == []


def test_the_commands_of_the_wheel_lead_somewhere(unpacked: Path) -> None:
    (folder,) = unpacked.glob("*.dist-info")

    commands = Distribution.at(folder).entry_points

    assert "helpdesk" in commands.names
    assert all(callable(command.load()) for command in commands)


def _modules(top: Path) -> list[Path]:
    return sorted(top.rglob("*.py"))


def _files(top: Path) -> set[str]:
    """Its files but the models that are made where it is installed."""
    return {
        str(file.relative_to(top))
        for file in top.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not file.is_relative_to(KEPT)
    }
