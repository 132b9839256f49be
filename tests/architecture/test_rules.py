"""Every rule of docs/rules.md is shown by a test that carries its name."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

NOT_SHOWN_YET: frozenset[str] = frozenset()
"""Rules without a test. It may shrink; a rule that is new here fails."""


@cache
def rules() -> tuple[str, ...]:
    """The names of the rules, in the order of the page."""
    text = (ROOT / "docs" / "rules.md").read_text()
    return tuple(re.findall(r"^- \*\*([A-Z]{3} \d+)\.\*\*", text, flags=re.MULTILINE))


@cache
def shown() -> dict[str, list[str]]:
    """The tests that carry each rule's name."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text())
        everywhere = _named(*(n for n in tree.body if _is_pytestmark(n)))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in {*everywhere, *_named(*node.decorator_list)}:
                    if node.name.startswith("test_"):
                        found[name].append(f"{file.relative_to(ROOT)}::{node.name}")
    return found


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _named(*nodes: ast.AST) -> set[str]:
    """The arguments of every `….spec("…")` in these nodes."""
    return {
        argument.value
        for node in nodes
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "spec"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_the_page_has_every_family_of_rules_numbered_without_a_gap() -> None:
    families: dict[str, list[int]] = defaultdict(list)
    for name in rules():
        family, number = name.split()
        families[family].append(int(number))

    expected = {"ING": 9, "TKT": 13, "SPM": 4, "TAG": 2, "ASG": 9, "ACL": 7, "ATT": 7}
    expected |= {"VWS": 9, "ROL": 3, "MAC": 1, "PRF": 1, "ARP": 5, "OUT": 1, "HND": 6}
    numbered = {f: list(range(1, n + 1)) for f, n in expected.items()}
    assert numbered == families


def test_every_rule_is_shown_by_a_test() -> None:
    without = {name for name in rules() if not shown().get(name)}

    assert without <= NOT_SHOWN_YET, f"no test shows {sorted(without - NOT_SHOWN_YET)}"
    assert without == NOT_SHOWN_YET, "a rule is shown now: take it off the list"


def test_tests_name_only_rules_that_there_are() -> None:
    assert set(shown()) <= set(rules())


def test_the_table_of_tests_is_current() -> None:
    page = (ROOT / "docs" / "rules-shown.md").read_text()

    assert page == table(), "run: python -m tests.architecture.test_rules"


def table() -> str:
    """Every rule with the tests that show it, journeys first."""
    lines = [
        "# Which test shows which rule",
        "",
        "Made from the tests' marks by `python -m tests.architecture.test_rules`.",
        "",
        "| rule | shown by |",
        "|---|---|",
    ]
    for name in rules():
        tests = sorted(shown().get(name, []), key=lambda t: ("tests/pipeline" not in t, t))
        more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
        lines.append(f"| {name} | {'<br>'.join(f'`{t}`' for t in tests[:3])}{more} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "docs" / "rules-shown.md").write_text(table())
