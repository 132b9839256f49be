"""docs/integrate.md shows the examples and the registry as they are. REGENERATE=1 makes it anew."""

import os
import re
import sys

from shared.contracts.tickets import CommandRejected
from shared.topics import COMMANDS, TOPICS
from tests.contracts.library import types_of
from tests.integrate.examples import FOLDER, PAGE, imported
from tests.integrate.page import outside, parts, picture, remade, short, topics, without_parts


def test_the_page_shows_the_examples_and_the_registry_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("REGENERATE"):
        PAGE.write_text(page := remade(page), encoding="utf-8")

    assert page == remade(page), "REGENERATE=1 makes it anew"


def test_the_page_shows_every_example_and_no_other_code() -> None:
    page = PAGE.read_text(encoding="utf-8")

    files = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.*") if file.is_file()}
    shown = parts(page)
    assert sorted(shown) == sorted(
        {f for f in files if "pycache" not in f} | {"picture", "topics", "keys"}
    )
    assert re.findall(r"^```(?!text)\w+", without_parts(page), re.MULTILINE) == []


def test_the_examples_need_nothing_of_ours() -> None:
    wanted = {name for file in FOLDER.glob("*.py") for name in imported(file)}

    assert wanted - sys.stdlib_module_names == {"aiokafka", "desk"}


def test_everybody_outside_is_in_the_picture_and_in_the_table() -> None:
    for topic in TOPICS:
        for who in (*outside(topic.outside_producers), *outside(topic.outside_consumers)):
            assert f"([{who}])" in picture()
            assert any(
                f"`helpdesk.{short(topic)}`" in row and who in row for row in topics().splitlines()
            )


def test_the_page_names_every_command_and_every_reason_of_a_rejection() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert COMMANDS.contract is not None
    named = set(re.findall(r"`(\w+)`", page))
    codes = CommandRejected.model_json_schema()["properties"]["code"]["enum"]
    assert sorted(types_of(COMMANDS.contract) - named) == []
    assert sorted(set(codes) - named) == []
