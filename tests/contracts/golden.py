"""Golden messages: what a release wrote, kept as it wrote it, beside its JSON Schemas.

`python -m tests.contracts.golden 0.1.0` writes those of the code as it is, when it is released. A
release that is there is never written again.
"""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from shared.topics import BY_NAME
from tests.contracts.library import HERE, SPOKEN, Json, examples

GOLDEN = HERE / "golden"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Golden:
    """A message of a release, as it lay on its topic."""

    file: Path

    @property
    def topic(self) -> str:
        return self.file.parent.name

    @property
    def type(self) -> str:
        return self.file.name.partition(".")[0]

    @property
    def value(self) -> bytes:
        return self.file.read_bytes().rstrip(b"\n")

    def __str__(self) -> str:
        return f"{self.file.parent.parent.name}/{self.topic}/{self.file.stem}"


def releases() -> list[Path]:
    """The releases' folders, the oldest first."""
    return sorted(GOLDEN.iterdir(), key=lambda folder: [int(n) for n in folder.name.split(".")])


def messages(release: Path) -> list[Golden]:
    """What it wrote."""
    return [Golden(file) for file in sorted(release.glob("helpdesk.*/*.json"))]


def schema(release: Path, topic: str) -> Json | None:
    """What it read on a topic; None if it did not know it."""
    file = release / "schemas" / f"{topic}.json"
    found: Json | None = json.loads(file.read_text()) if file.exists() else None
    return found


def sums(release: Path) -> str:
    """The hash of each of its files, a line each."""
    files = sorted(file for file in release.rglob("*.json"))
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(release)}\n"
        for file in files
    )


def write(version: str) -> None:
    """Write those of a release. Raises FileExistsError where it is written already."""
    folder = GOLDEN / version
    folder.mkdir(parents=True)
    for example in examples():
        file = folder / example.topic.name / example.file.name
        file.parent.mkdir(exist_ok=True)
        value = BY_NAME[example.topic.name].record(example.body()).value or b""
        file.write_bytes(value + b"\n")
    (folder / "schemas").mkdir()
    for topic, contract in SPOKEN.items():
        text = json.dumps(contract.json_schema(), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "schemas" / f"{topic}.json").write_text(f"{text}\n")
    (folder / SUMS).write_text(sums(folder))


if __name__ == "__main__":
    write(sys.argv[1])
