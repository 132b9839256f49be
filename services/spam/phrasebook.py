"""Reads the phrases that are shipped with screening."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from services.spam.rules.lexicon import Lexicon, PhrasesDamaged, parsed


def read(folder: Traversable) -> Lexicon:
    """What the TOML files of the folder say. Raises PhrasesDamaged with the file's name."""
    found = {}
    try:
        for file in folder.iterdir():
            if file.name.endswith(".toml"):
                found[file.name] = _text(file)
    except OSError as error:
        raise PhrasesDamaged(f"the folder of phrases: {error}") from error
    return parsed(found)


@cache
def shipped() -> Lexicon:
    """The phrases of this version. Raises PhrasesDamaged."""
    return read(files("services.spam.rules") / "phrases")


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise PhrasesDamaged(f"{file.name}: {error}") from error
