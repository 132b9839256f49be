"""Fields are named in the glossary's words: one for each of those who take part."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.library import SPOKEN

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"


def avoided() -> set[str]:
    """The words that the glossary's table of people has for nobody, or for somebody else."""
    (table,) = re.findall(r"## Who\n(.*?)\n## ", GLOSSARY.read_text(), re.DOTALL)
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| **")]
    told = ",".join(re.sub(r"\(.*?\)", "", row[-2]) for row in rows)
    return {word.strip().lower() for word in told.split(",")} - {row[1].strip(" *") for row in rows}


def names(schema: Any) -> Iterator[str]:
    """The names of all fields in the schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
    for inner in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(inner, dict | list):
            yield from names(inner)


def test_the_words_to_avoid_are_found() -> None:
    assert {"tenant", "requester", "originator", "user"} <= avoided()
    assert not {"author", "operator"} & avoided()


@pytest.mark.parametrize("topic", SPOKEN)
def test_no_field_has_a_word_that_the_glossary_has_for_nobody(topic: str) -> None:
    words = {word for name in names(SPOKEN[topic].json_schema()) for word in name.split("_")}

    assert not words & avoided()
