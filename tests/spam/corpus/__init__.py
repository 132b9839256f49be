"""Messages made up for the tests, one a line: what must never be hidden, and what should be."""

from pathlib import Path


def _lines(name: str) -> tuple[str, ...]:
    return tuple((Path(__file__).parent / name).read_text(encoding="utf-8").splitlines())


CUSTOMERS = _lines("customers.txt")
SPAM = _lines("spam.txt")
