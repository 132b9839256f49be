"""What the page says, in the languages that it speaks."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

LANGUAGES: Final = ("en", "es", "it")
"""The languages of the page, the default first."""

_FOLDER: Final = Path(__file__).parent / "words"

Said = str | Mapping[str, str]
"""A text with `{placeholders}`, or its forms `one` and `other`, chosen by `count`."""


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language by their flat, dotted keys."""

    language: str
    texts: Mapping[str, Said]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text with its placeholders filled in.

        Raises:
            KeyError: There is no such text, or it has a placeholder without a value.
        """
        said = self.texts[key]
        if not isinstance(said, str):
            said = said["one" if values["count"] == 1 else "other"]
        return said.format_map(values)


def words(language: str) -> Words:
    """Return the texts of a language, or of the default for one that the page does not speak."""
    return _read(language if language in LANGUAGES else LANGUAGES[0])


@cache
def _read(language: str) -> Words:
    """Read `<language>.toml`, and what stands beside it as `<language>.<part>.toml`."""
    texts: dict[str, Said] = {}
    for path in [_FOLDER / f"{language}.toml", *sorted(_FOLDER.glob(f"{language}.*.toml"))]:
        for key, said in _flat(tomllib.loads(path.read_text("utf-8"))):
            if key in texts:
                raise ValueError(f"{path.name} says {key} a second time")
            texts[key] = said
    return Words(language, texts)


def _flat(table: Mapping[str, Any], above: str = "") -> list[tuple[str, Said]]:
    """Return what nested tables say; a table of `one` and `other` is one text."""
    found: list[tuple[str, Said]] = []
    for name, value in table.items():
        key = f"{above}{name}"
        if isinstance(value, str) or value.keys() == {"one", "other"}:
            found.append((key, value))
        else:
            found += _flat(value, f"{key}.")
    return found
