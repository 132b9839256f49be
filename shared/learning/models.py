"""The models of this version: what their seeds teach, made once and kept beside them.

To learn from the seeds takes a second or two of a processor, for which no service should wait at
each of its starts. So whoever installs the package may run

    python -m shared.learning.models

Where nothing is kept, or what is kept was made of other seeds or by other code, the model is made
anew.
"""

import json
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import numpy as np

from shared.contracts.accounts import TAGS
from shared.learning import seeds
from shared.learning.features import SIZE
from shared.learning.model import Model
from shared.learning.seeds import SPAM, Seed

SOURCE: Final = Path(__file__).parent
KEPT: Final = SOURCE / "made"
"""Where models are kept: `<subject>.npy` has the weights, `<subject>.json` says what they are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a model tells, and how one is made of seeds."""

    name: str
    labels: tuple[str, ...]
    made: Callable[[tuple[Seed, ...]], Model]


WHETHER_SPAM: Final = Subject(SPAM, (SPAM,), seeds.spam_model)
WHICH_TAGS: Final = Subject("tags", TAGS, seeds.tags_model)


@cache
def whole(subject: Subject) -> Model:
    """The model of all seeds. Raises SeedsDamaged."""
    return kept(subject) or subject.made(seeds.all_seeds())


def begun(subject: Subject) -> Model:
    """As `whole`, at once: if need be, a thread makes it. Raises SeedsDamaged."""
    return kept(subject) or _begun(subject)


def keep(subject: Subject, model: Model, folder: Path = KEPT) -> None:
    """Afterwards `kept` returns the model, as long as seeds and code stay as they are.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    said = {"seeds": _fingerprint(), "version": model.version, "labels": model.labels}
    weights, meta = folder / f"{subject.name}.npy", folder / f"{subject.name}.json"
    # What says that the weights are there comes last; processes go on with those that they have.
    meta.unlink(missing_ok=True)
    with NamedTemporaryFile(dir=folder, suffix=".npy", delete=False) as file:
        np.save(file, np.stack(model.learned()))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(weights)
    meta.write_text(json.dumps(said))


def kept(subject: Subject, folder: Path = KEPT) -> Model | None:
    """The model that this code made of these seeds; None if none is kept, or it cannot be read.

    Its weights are read from the file as they are asked for, and are in memory once a machine.
    """
    try:
        said = json.loads((folder / f"{subject.name}.json").read_text())
        if said["seeds"] != _fingerprint() or tuple(said["labels"]) != subject.labels:
            return None
        found = np.load(folder / f"{subject.name}.npy", mmap_mode="r", allow_pickle=False)
        version = str(said["version"])
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None
    if found.shape != (2, SIZE, len(subject.labels)):
        return None
    weights, moved = np.asarray(found[0]), np.asarray(found[1])
    return Model(version, subject.labels, lambda: (weights, moved))


def _begun(subject: Subject) -> Model:
    all_seeds = seeds.all_seeds()
    maker = ThreadPoolExecutor(1, thread_name_prefix="model")
    made = maker.submit(subject.made, all_seeds)
    maker.shutdown(wait=False)
    version = seeds.version_of(subject.name, all_seeds)
    return Model(version, subject.labels, lambda: made.result().learned())


def _fingerprint() -> str:
    """Changes with any byte of the seeds, and of the code that makes models of them."""
    said = 0
    for file in sorted([*SOURCE.glob("*.py"), *SOURCE.glob("seeds/*.jsonl")]):
        said = zlib.crc32(file.read_bytes(), zlib.crc32(file.name.encode(), said))
    return f"{said:08x}"


def main() -> int:
    """Make the models of this version where they are not kept yet; returns the exit code."""
    for subject in (WHETHER_SPAM, WHICH_TAGS):
        if kept(subject) is None:
            keep(subject, subject.made(seeds.all_seeds()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
