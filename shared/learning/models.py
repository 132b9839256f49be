"""The models of this version: what their seeds teach, made once and kept beside them.

To learn from the seeds takes a second or two of a processor, for which no service should wait at
each of its starts. So whoever installs the package may run

    python -m shared.learning.models

Where nothing is kept, or something was made of other seeds, the model is made of the seeds anew.
"""

import json
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import numpy as np

from shared.contracts.accounts import TAGS
from shared.learning import seeds
from shared.learning.features import SIZE
from shared.learning.model import Model
from shared.learning.seeds import SPAM, Seed

KEPT: Final = Path(__file__).parent / "made"
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
def whole_spam_model() -> Model:
    """The model that tells spam, of all seeds. Raises SeedsDamaged."""
    return _whole(WHETHER_SPAM)


@cache
def whole_tags_model() -> Model:
    """The model that tells which tags fit, of all seeds. Raises SeedsDamaged."""
    return _whole(WHICH_TAGS)


def spam_model_begun() -> Model:
    """As `whole_spam_model`, at once: if need be, a thread makes it. Raises SeedsDamaged."""
    return kept(WHETHER_SPAM) or _begun(WHETHER_SPAM, whole_spam_model)


def tags_model_begun() -> Model:
    """As `whole_tags_model`, at once: if need be, a thread makes it. Raises SeedsDamaged."""
    return kept(WHICH_TAGS) or _begun(WHICH_TAGS, whole_tags_model)


def keep(subject: Subject, model: Model, folder: Path = KEPT) -> None:
    """Afterwards `kept` returns the model, as long as the seeds stay as they are.

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
    """The model that was kept of these seeds; None if there is none, or it cannot be read.

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


def _whole(subject: Subject) -> Model:
    return kept(subject) or subject.made(seeds.all_seeds())


def _begun(subject: Subject, make: Callable[[], Model]) -> Model:
    maker = ThreadPoolExecutor(1, thread_name_prefix="model")
    version = seeds.version_of(subject.name, seeds.all_seeds())
    made = maker.submit(make)
    maker.shutdown(wait=False)
    return Model(version, subject.labels, lambda: made.result().learned())


def _fingerprint() -> str:
    """Changes with any byte of the seeds, and with how models are made of them."""
    said = zlib.crc32(seeds.FORM.encode())
    for file in sorted((files("shared.learning") / "seeds").iterdir(), key=lambda each: each.name):
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
