"""The suite is run in groups side by side, and none of its tests is in no group."""

import re

from tests.architecture.tree import ROOT

MAKEFILE = (ROOT / "Makefile").read_text().replace("\\\n", " ")
CHART = ROOT / "tests" / "deploy" / "chart"


def recipe(target: str) -> str:
    """What a target runs."""
    (found,) = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    return str(found)


def groups(kinds: str, text: str) -> set[str]:
    """The groups of these kinds that are named there."""
    return set(re.findall(rf"\b(?:{kinds})-\w+\b", text))


def paths(text: str, before: str) -> set[str]:
    """The paths of tests after such words."""
    return set(re.findall(rf"{before}(tests/[\w/.]+)", text))


def test_ci_runs_every_group() -> None:
    there = groups("connected|browser|deploy", " ".join(re.findall(r"(?m)^[\w-]+:", MAKEFILE)))
    there -= {"deploy-test"}  # for people: deploy-alone, and what is connected

    assert groups("connected|browser|deploy", recipe("test")) == there
    assert "make test WITH=browser" in (ROOT / ".ci" / "run").read_text()


def test_what_one_connected_group_leaves_out_the_others_run() -> None:
    left_out = paths(recipe("connected-services"), "--ignore ")
    others = groups("connected", recipe("test")) - {"connected-services"}
    run = set[str]().union(*(paths(recipe(other), " ") for other in others))

    assert left_out == run


def test_what_is_left_out_for_its_imports_is_of_the_group_that_runs_it() -> None:
    (apart,) = re.findall(r"^APART = --ignore (.*)$", MAKEFILE, flags=re.MULTILINE)

    assert ROOT / apart == CHART
    files = list(CHART.glob("test_*.py"))
    assert len(files) > 5
    assert [
        f.name for f in files if "\npytestmark = pytest.mark.deploy\n" not in f.read_text()
    ] == []
    assert [file.name for file in files if "mark.connected" in file.read_text()] == []
