"""Two replicas of the desk, and one that dies (VWS 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 3"), pytest.mark.timeout(300)]


def test_pages_go_on_when_one_of_two_replicas_is_killed(desk: Desk, tmp_path: Path) -> None:
    replica, door = desk.stack.second_desk(tmp_path)
    try:
        page = desk.tab(desk.context(), url=f"http://127.0.0.1:{door.port}")
        page.mouse.move(1200, 400)
        first = desk.stack.writes("Before it died")
        page.wait_for_selector(f'#rows .row:has-text("{first}")')

        replica.kill()
        second = desk.stack.writes("After it died")

        page.wait_for_selector(f'#rows .row:has-text("{second}")')
        page.click(f'#rows .row:has-text("{second}") .row-open')
        page.wait_for_selector("#ticket")
    finally:
        desk.stack.do(door.close())
        replica.stop()
