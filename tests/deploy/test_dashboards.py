"""The dashboards are what their generator says, and ask for what there is."""

import re
from itertools import chain

import pytest
from prometheus_client import REGISTRY

from shared.topic import SERVICES
from tests.deploy.dashboards import FILES, FOLDER, text_of
from tests.deploy.grafana import Dashboard, Panel
from tests.deploy.test_alerts import ALERTS, STORIES, TEXT, names

PANELS = [(board.uid, panel) for board in FILES.values() for panel in board.panels]
FUNCTIONS = {
    "and", "avg", "bool", "by", "count", "deriv", "group_left", "histogram_quantile", "increase",
    "le", "max", "min", "on", "rate", "sum", "time", "topk",
}  # fmt: skip

each_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{uid}: {p.title}" for uid, p in PANELS]
)
each_board = pytest.mark.parametrize("board", FILES.values(), ids=[f.stem for f in FILES])


def asked_for(expression: str) -> set[str]:
    """The series that an expression names: its words without labels, ranges and functions."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|on|group_left) \([^)]*\)", " ", expression)
    return set(re.findall(r"[A-Za-z_][\w:]*", bare)) - FUNCTIONS


def there_is() -> set[str]:
    runtime = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    recorded = set(re.findall(r"- record: (\S+)", TEXT))
    return names() | recorded | runtime | {"up", "ALERTS"}


def test_the_files_are_what_the_generator_writes() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {file.name for file in FILES}
    for file, board in FILES.items():
        again = "run `python -m tests.deploy.dashboards`"
        assert file.read_text() == text_of(board), again


@each_panel
def test_a_panel_asks_for_series_that_there_are(panel: Panel) -> None:
    for expression, _ in panel.series:
        assert asked_for(expression)
        assert asked_for(expression) - there_is() == set()


@each_panel
def test_a_panel_says_its_unit_and_what_it_shows(panel: Panel) -> None:
    assert panel.unit
    assert panel.about.endswith(".")
    assert panel.series


@each_board
def test_a_service_is_asked_for_only_where_one_can_be_chosen(board: Dashboard) -> None:
    asks = "$service" in "".join(chain.from_iterable(x for p in board.panels for x in p.series))

    assert asks is board.by_service


def test_every_metric_of_ours_is_in_a_dashboard_or_an_alert() -> None:
    shown = " ".join(expression for _, panel in PANELS for expression, _ in panel.series) + TEXT
    forms = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names()}

    assert {name for name in forms if name not in shown} == set()


def test_the_alert_on_groups_knows_every_service() -> None:
    assert "HelpdeskGroupWithoutMembers" in ALERTS
    said = re.findall(r'service="(\w+)"', STORIES["HelpdeskGroupWithoutMembers"])

    assert sorted(said) == sorted(SERVICES)
