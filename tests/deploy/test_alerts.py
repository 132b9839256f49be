"""Alerts fire where they should, name metrics that there are, and say what to do."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from shared.running import metrics
from tests.architecture.tree import ROOT
from tests.deploy.promtool import promtool

RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
TESTS = sorted((ROOT / "deploy" / "prometheus" / "tests").glob("*.test.yaml"))
TEXT = "\n".join(file.read_text() for file in RULES)
ALERTS = re.findall(r"^ *- alert: (\w+)$", TEXT, flags=re.MULTILINE)
# Each with its text up to the next rule.
STORIES = dict(
    zip(ALERTS, re.split(r"^ *- alert: \w+$", TEXT, flags=re.MULTILINE)[1:], strict=True)
)

each_alert = pytest.mark.parametrize("alert", ALERTS)
each_file = pytest.mark.parametrize("file", [*RULES, *TESTS], ids=lambda file: file.name)


def names() -> set[str]:
    """What our metrics are called where Prometheus reads them."""
    ours = {value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)}
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {
        metric.name + suffix
        for each in ours
        for metric in each.collect()
        for suffix in suffixes.get(metric.type, ())
    }


@pytest.mark.deploy
@each_file
def test_prometheus_takes_every_file_and_finds_its_tests_right(file: Path) -> None:
    asked = ["test", "rules"] if file in TESTS else ["check", "rules", "--lint=all", "--lint-fatal"]
    done = subprocess.run(
        [promtool(), *asked, str(file)], capture_output=True, text=True, check=False, timeout=100
    )

    assert done.returncode == 0, done.stdout + done.stderr


@each_alert
def test_an_alert_has_a_test_that_fires_and_one_that_is_quiet(alert: str) -> None:
    tests = "\n".join(file.read_text() for file in TESTS)

    assert re.search(rf"name: {alert} fires ", tests)
    assert re.search(rf"name: {alert} is quiet ", tests)
    for name in re.findall(rf"name: ({alert} .+)$", tests, flags=re.MULTILINE):
        story = tests[tests.index(name) :].split("- name:")[0]
        assert f"alertname: {alert}" in story
        assert ("exp_alerts: []" in story) is ("is quiet" in name)


@each_alert
def test_an_alert_says_how_bad_it_is_and_what_to_do(alert: str) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    story = STORIES[alert]

    assert re.search(r"severity: (page|ticket)$", story, flags=re.MULTILINE)
    assert "summary: " in story
    assert f"runbook_url: docs/runbook.md#{alert.lower()}" in story
    [section] = re.findall(
        rf"^## {alert}\n(.*?)(?=^## |\Z)", runbook, flags=re.MULTILINE | re.DOTALL
    )
    for part in ("**Look**", "**Do**", "**Over**"):
        assert part in section


def test_rules_and_their_tests_name_metrics_that_there_are() -> None:
    said = TEXT + "".join(file.read_text() for file in TESTS)
    series = set(re.findall(r"\bhelpdesk_\w+", said))

    assert series - names() == set()
    assert len(series) >= 8


def test_every_recorded_name_that_is_used_is_recorded() -> None:
    recorded = set(re.findall(r"- record: (\S+)", TEXT))
    used = set(re.findall(r"\bhelpdesk:[\w:]+", TEXT))

    assert used == recorded


def test_the_runbook_has_no_section_without_an_alert() -> None:
    sections = re.findall(
        r"^## (\w+)$", (ROOT / "docs" / "runbook.md").read_text(), flags=re.MULTILINE
    )

    assert sorted(sections) == sorted(ALERTS)
