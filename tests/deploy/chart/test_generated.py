"""What follows from the code is current. REGENERATE=1 writes it anew."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.topic import SERVICES
from tests.deploy.chart.generated import COPIED, generated, values
from tests.deploy.chart.helm import CHART

pytestmark = pytest.mark.deploy


def test_what_is_generated_is_current() -> None:
    wanted = generated()
    if os.environ.get("REGENERATE"):
        for file, text in wanted.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    stale = [str(file) for file, text in wanted.items() if not _says(file, text)]

    assert stale == [], "REGENERATE=1 writes them anew"


def _says(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


def test_the_chart_ships_no_rule_and_no_dashboard_that_is_not_kept_elsewhere() -> None:
    shipped = {
        file for folder in COPIED for file in (CHART / "files" / folder).glob("*") if file.is_file()
    }

    assert shipped == {file for file in generated() if file.parent.name in COPIED}


def test_the_list_of_services_is_the_registrys() -> None:
    listed = yaml.safe_load((CHART / "values.yaml").read_text())["services"]

    assert set(listed) == set(SERVICES)


def test_every_value_has_a_comment() -> None:
    assert [value.path for value in values() if len(value.about) < 5] == []


def test_the_table_leaves_no_value_out() -> None:
    told = {value.path.replace(r"\.", "\0") for value in values()}

    assert told == set(_leaves(yaml.safe_load((CHART / "values.yaml").read_text())))


def _leaves(tree: dict[str, Any], before: str = "") -> list[str]:
    found = []
    for key, value in tree.items():
        name = before + key.replace(".", "\0")
        found += _leaves(value, f"{name}.") if isinstance(value, dict) and value else [name]
    return found
