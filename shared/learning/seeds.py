"""Messages written for this project, from which the models start.

Each line of the files in `seeds/` is one message, with its language, its channel, whether it is
spam, and which tags fit it. Messages of one `template` are forms of one idea: whoever tests keeps
them together.
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from shared.contracts.accounts import TAGS
from shared.errors import HelpdeskError
from shared.learning.features import hashed
from shared.learning.model import Example, Model, trained

SPAM: Final = "spam"

_FORM = "3"
"""Changes with how models are made of seeds: then their versions differ."""
_KEPT_APART = 5


class SeedsDamaged(HelpdeskError):
    """The seeds cannot be read: the message says which file and line."""


@dataclass(frozen=True, slots=True)
class Seed:
    """One message. `tags` are those that fit."""

    id: str
    template: str
    language: str
    channel: str
    spam: bool
    tags: tuple[str, ...]
    text: str
    subject: str = ""

    @property
    def is_kept_apart(self) -> bool:
        """Whether its template is among the fifth that evaluations keep apart."""
        return zlib.crc32(self.template.encode()) % _KEPT_APART == 0

    @property
    def whole(self) -> str:
        """The subject and the text."""
        return whole_text(self.subject, self.text)


def whole_text(subject: str | None, text: str) -> str:
    """What is judged of a message: its subject, where it has one, and its text."""
    return f"{subject}\n{text}" if subject else text


def parsed(name: str, content: str) -> list[Seed]:
    """The seeds of a file. Raises SeedsDamaged with file and line."""
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            found.append(_seed(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise SeedsDamaged(f"{name}, line {number}: {error!r}") from error
    return found


def _seed(said: dict[str, Any]) -> Seed:
    return Seed(
        id=str(said["id"]),
        template=str(said["template"]),
        language=str(said["lang"]),
        channel=str(said["channel"]),
        spam={"spam": True, "ham": False}[said["label"]],
        tags=tuple(str(tag) for tag in said.get("tags", ())),
        text=str(said["text"]),
        subject=str(said.get("subject") or ""),
    )


@cache
def all_seeds() -> tuple[Seed, ...]:
    """All seeds, by file. Raises SeedsDamaged."""
    folder = files("shared.learning") / "seeds"
    found: list[Seed] = []
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".jsonl"):
            try:
                found += parsed(file.name, file.read_text(encoding="utf-8"))
            except (OSError, UnicodeError) as error:
                raise SeedsDamaged(f"{file.name}: {error}") from error
    if not found:
        raise SeedsDamaged("there are no seeds beside shared/learning/seeds.py")
    return tuple(found)


def spam_model(seeds: Sequence[Seed]) -> Model:
    """The model that tells spam, of these seeds."""
    return trained(
        version_of(SPAM, seeds),
        [SPAM],
        [Example(seed.id, hashed(seed.whole), {SPAM: seed.spam}) for seed in seeds],
    )


def tags_model(seeds: Sequence[Seed]) -> Model:
    """The model that tells which tags fit, of those of the seeds that are no spam."""
    examples = [
        Example(seed.id, hashed(seed.whole), {tag: tag in seed.tags for tag in TAGS})
        for seed in seeds
        if not seed.spam
    ]
    return trained(version_of("tags", seeds), TAGS, examples)


def version_of(subject: str, seeds: Iterable[Seed]) -> str:
    """The model's version, which changes with any seed: `spam-2-1f0e93ab`."""
    said = "\n".join(sorted(repr(seed) for seed in seeds))
    return f"{subject}-{_FORM}-{zlib.crc32(said.encode()):08x}"
