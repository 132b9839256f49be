"""When a snoozed ticket returns: in the account's hours and zone."""

import json
import shutil
import subprocess

import pytest

from services.desk.web.templating import STATIC

NODE = shutil.which("node") or ""

pytestmark = pytest.mark.skipif(not NODE, reason="there is no node")

WEEK = "09:00,09:00,09:00,09:00,08:30,,"
"""Opening times from Monday on: shorter on Friday, closed at the weekend."""


def run(expression: str) -> object:
    """Return what the page's script says."""
    script = f"import * as s from {json.dumps((STATIC / 'snooze.js').as_uri())};"
    script += f"console.log(JSON.stringify({expression}))"
    command = [NODE, "--input-type=module", "--no-warnings", "-e", script]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def offered(now: str, zone: str, opens: str = WEEK, ended: str | None = None) -> dict[str, str]:
    """Return what is offered, by name."""
    was = f"new Date('{ended}')" if ended else "null"
    found = run(f"s.choices(new Date('{now}'), '{zone}', s.openings('{opens}'), {was})")
    assert isinstance(found, list)
    return {each["id"]: each["until"][:16] for each in found}


def test_tomorrow_morning_is_when_the_account_opens_in_its_zone() -> None:
    found = offered("2026-06-03T10:07:00Z", "Europe/Rome")

    assert found == {
        "later": "2026-06-03T13:15",
        "tomorrow": "2026-06-04T07:00",
        "next_week": "2026-06-08T07:00",
    }


def test_on_friday_tomorrow_morning_is_monday() -> None:
    assert offered("2026-06-05T10:00:00Z", "Europe/Rome")["tomorrow"] == "2026-06-08T07:00"


def test_later_today_is_not_offered_when_it_would_be_tomorrow() -> None:
    assert "later" not in offered("2026-06-03T20:00:00Z", "Europe/Rome")


def test_the_clocks_may_be_changed_in_between() -> None:
    every = "09:00"

    assert offered("2026-10-24T10:00:00Z", "Europe/Rome", every)["tomorrow"] == "2026-10-25T08:00"
    assert offered("2026-03-28T10:00:00Z", "Europe/Rome", every)["tomorrow"] == "2026-03-29T07:00"


def test_the_same_time_again_is_that_hour_of_the_next_day() -> None:
    found = offered("2026-06-03T12:03:00Z", "America/New_York", ended="2026-06-03T12:00:00Z")

    assert found["again"] == "2026-06-04T12:00"


def test_a_ticket_woken_early_goes_back_to_its_own_time() -> None:
    found = offered("2026-06-03T12:03:00Z", "Europe/Rome", ended="2026-06-20T07:00:00Z")

    assert found["again"] == "2026-06-20T07:00"


def test_a_date_and_hour_are_those_of_the_account() -> None:
    assert run("s.ofField('Asia/Tokyo', '2026-06-03T09:00')") == "2026-06-03T00:00:00.000Z"
    assert run("s.forField('Asia/Tokyo', new Date('2026-06-03T00:00:00Z'))") == "2026-06-03T09:00"
    assert run("s.ofField('Asia/Tokyo', '')") is None
