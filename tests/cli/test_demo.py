"""The demonstration's checks: they hold, and each fails where its fact does not."""

import copy
import json
import re
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from shared.cli import app
from shared.cli.demo.checks import CHECKS, failed_or_passed
from shared.cli.demo.observed import Json
from shared.cli.demo.report import print_tables
from shared.cli.topics_command import markdown_table
from shared.topics import TOPICS
from tests.cli.alterations import ALSO, ALTERED
from tests.cli.desk_told import DESK_ALTERED, desk_told
from tests.cli.memory_world import told_in_memory
from tests.cli.unattended_told import UNATTENDED_ALTERED, unattended_told

ALL_ALTERED = {**ALTERED, **DESK_ALTERED, **UNATTENDED_ALTERED}


def wrong(document: Json) -> set[str]:
    return {check["name"] for check in failed_or_passed(document) if not check["ok"]}


@pytest.fixture
async def told() -> Json:
    document = await told_in_memory()
    return {**document, "desk": desk_told(document), "unattended": unattended_told()}


async def test_the_story_passes_every_check(told: Json) -> None:
    assert wrong(told) == set()


async def test_the_story_is_told_alike_each_time(told: Json) -> None:
    again = await told_in_memory()

    assert again == {key: told[key] for key in again}


def test_there_is_a_check_for_what_matters_each_named_by_a_rule() -> None:
    assert len(CHECKS) >= 25
    assert all(
        re.fullmatch(r"(ING|TKT|SPM|ASG|ACL|TAG|ATT|VWS|MAC|ROL|PRF|ARP|OUT|HND) \d+: .+", name)
        for name in CHECKS
    )


def test_every_check_is_shown_to_fail() -> None:
    assert set(ALL_ALTERED) == set(CHECKS)
    assert set(ALSO) <= set(ALL_ALTERED)


def test_the_desk_is_checked_in_what_views_macros_and_roles_promise() -> None:
    assert len(DESK_ALTERED) >= 10
    assert {name[:3] for name in DESK_ALTERED} >= {"VWS", "MAC", "ROL"}


# The document is made once: what is altered is a copy.
async def test_a_check_fails_where_its_fact_does_not_hold_and_no_other_does(told: Json) -> None:
    for name, alter in ALL_ALTERED.items():
        altered = copy.deepcopy(told)
        alter(altered)
        if name in ALTERED:
            # The desk says what the stream says.
            altered["desk"] = desk_told(altered)
        assert wrong(altered) == {name} | ALSO.get(name, set()), name


@pytest.mark.parametrize(
    "document",
    [
        {},
        {
            key: []
            for key in (
                "tickets",
                "signals",
                "attributions",
                "dead_letters",
                "rejections",
                "outbound",
            )
        },
    ],
    ids=["no document", "nothing happened"],
)
def test_where_nothing_happened_most_checks_fail_and_none_raises(document: Json) -> None:
    vacuous = set(CHECKS) - wrong(document)

    assert vacuous <= {
        "ING 4: an echo is in no ticket",
        "TKT 9: every ticket's events count 1, 2, 3 … without a gap",
        "TKT 10: ticket numbers are unique",
        "ASG 1: every ticket but the spam has an assignee",
        "ASG 8: no ticket was given out twice",
        "TAG 1: spam has no tags",
    }


async def test_the_document_is_json_and_shows_every_text_in_its_tables(told: Json) -> None:
    document = {"ok": True, **told, "checks": failed_or_passed(told)}
    document["checks"][0]["ok"] = False
    assert json.loads(json.dumps(document)) == document

    shown = StringIO()
    print_tables(document, Console(file=shown, width=300, color_system=None))
    text = shown.getvalue()

    assert all(name in text for name in CHECKS)
    assert text.count(" NO ") == 1
    assert "Please cancel my order" in text
    assert "flow spring-flow" in text
    assert "cannot_reopen" in text


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_topics_are_listed_with_partitions_and_keys() -> None:
    rows = [row.split("\t") for row in run("topics").splitlines()]

    assert rows == [[t.name, str(t.partitions), t.key_form, t.about] for t in TOPICS]


def test_topics_make_a_table_for_the_readme() -> None:
    assert run("topics", "--markdown").strip() == markdown_table()


@pytest.mark.parametrize("words", [["topics", "--nonsense"], ["fly"], ["up", "--kafka-port", "x"]])
def test_a_word_that_is_no_command_is_an_error_in_words(words: list[str]) -> None:
    result = CliRunner().invoke(app, words)

    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_help_names_every_command() -> None:
    said = run("--help")

    assert all(name in said for name in ("topics", "demo", "up"))
