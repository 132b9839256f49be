"""Reasons and refusals are said in every language, whatever the pipeline may say (VWS 6, VWS 7)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.desk.rules.becauses import read, with_names
from services.desk.web.notices import because
from services.desk.web.words import LANGUAGES, words
from services.ticketing import rules

RULES = Path(rules.__file__).parent
OF_LINES_ALONE = (
    "TKT 10:",
    "TKT 13:",
    "TKT 2: X; its author",
    "TKT 11: never",
    "ING 4:",
    "ING 3: ",
)
"""Reasons that no panel shows: of what is read, said or delivered."""


def texts(of: ast.AST) -> Iterator[str]:
    """Every text in a module; what is filled into one is X, or who asked for it."""
    if isinstance(of, ast.JoinedStr):
        yield "".join(_part(each) for each in of.values)
        return
    if isinstance(of, ast.Constant) and isinstance(of.value, str):
        yield of.value
    for node in ast.iter_child_nodes(of):
        yield from texts(node)


def _part(of: ast.expr) -> str:
    if isinstance(of, ast.Constant):
        return str(of.value)
    return "X asked for it" if ast.unparse(of).strip("f'{}") == "asked(command)" else "X"


def modules() -> list[ast.Module]:
    return [ast.parse(path.read_text("utf-8")) for path in sorted(RULES.glob("*.py"))]


def reasons() -> set[str]:
    """Every reason that ticketing can give for what panels show."""
    found = {text for module in modules() for text in texts(module)}
    named = ("TKT ", "ASG ", "ACL ", "SPM ", "TAG ", "ATT: ", "ARP ", "HND ")
    return {
        text
        for text in found
        if text.startswith(named)
        and ": " in text
        and "\n" not in text
        and not text.startswith(OF_LINES_ALONE)
        and not text.endswith((": ", "; "))
    }


def refusals() -> set[str]:
    """The code of every reason for a refusal."""
    calls = [
        node for module in modules() for node in ast.walk(module) if isinstance(node, ast.Call)
    ]
    named = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "Refusal"]
    given = [call.args[2] for call in named if len(call.args) > 2]
    return {arg.value for arg in given if isinstance(arg, ast.Constant)}  # type: ignore[misc]


@pytest.mark.parametrize("text", sorted(reasons()))
def test_every_reason_that_ticketing_gives_is_said_in_other_languages(text: str) -> None:
    # What is filled in whole, as attribution's and routing's reasons are, has forms of its own.
    if text in {"ASG 5: X", "ATT: X", "X; the customer wrote again"}:
        return
    english, *others = (because(words(language), text) for language in LANGUAGES)

    assert english != text, "rules/becauses.py has no code for it"
    assert english not in others


@pytest.mark.parametrize(
    "text",
    [
        "ASG 5: segment is vip",
        "ASG 5: tag is Returns",
        "ASG 5: default team",
        "ATT: it is the first answer to campaign spring, 2 h 5 min after it",
        "ATT: no send was delivered before it",
        "ATT: an earlier message answered flow welcome",
        "ATT: campaign spring was delivered 2 d before, over 1 d",
        "ATT: its ticket is marked as spam",
        "ATT: it was screened as spam",
        "TKT 3: one ticket per person; the customer wrote again",
    ],
)
def test_what_other_services_decide_is_said_in_other_languages_too(text: str) -> None:
    assert read(text)
    assert because(words("it"), text) != because(words("es"), text)


def test_what_a_reason_names_stays_and_an_agent_is_called_by_name() -> None:
    assert because(words("it"), "ASG 5: tag is Returns") == "L’etichetta del ticket è Returns."
    said = with_names("TKT 11: bob asked for it", {"bob": "Bob Ray"})
    assert because(words("es"), said) == "Lo pidió Bob Ray."


def test_a_reason_that_there_are_no_words_for_is_shown_as_it_was_written() -> None:
    assert because(words("it"), "XYZ 9: of a later version") == "XYZ 9: of a later version"


@pytest.mark.parametrize("code", sorted(refusals()))
def test_there_are_words_for_the_reason_of_every_refusal(code: str) -> None:
    assert len({str(words(language).texts[f"refused.{code}"]) for language in LANGUAGES}) == 3


def test_the_reasons_of_refusals_are_found() -> None:
    assert {"has_it", "said_stop", "most_tags", "erased"} <= refusals()
