"""The table of faults: its rules are the shipped ones, its page says what there was, it runs."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.history import History
from tests.chaos.ledger import Said
from tests.chaos.table import alerts, backlog, checks, rendering, running
from tests.chaos.table.running import Row
from tests.chaos.table.traffic import broken_often, readable, until, with_messages
from tests.chaos.table.trouble import Seen
from tests.chaos.table.troubles import ALL
from tests.chaos.traffic import Plan, plan
from tests.deploy.test_alerts import ALERTS, TEXT

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GOOD = Row("gone", "it is gone", ["the account"], "HelpdeskRecordsWait", recovery_s=1.5, sent=70)


def a_plan() -> Plan:
    return plan(3, messages=200, conversations=40, seconds=20)


def of(row: Row) -> str:
    return rendering.page(rendering.results([row], 1, 600, "abc1234", None))


def test_a_minute_of_the_rules_is_a_second_and_nothing_else_changes() -> None:
    shortened = alerts.scaled(TEXT)

    assert not re.search(r"\[\d+[mhd]\]|for: \d+[mhd]|offset \d+[mhd]", shortened)
    assert "increase(helpdesk_consumer_rebalances_total[30s])) > 6" in shortened
    assert "(helpdesk_consumer_waiting_seconds) > 2\n" in shortened
    assert "for: 5s" in shortened
    assert 'le="60.0"' in shortened


def test_each_fault_has_a_name_of_its_own_and_expects_an_alert_that_there_is() -> None:
    assert len({trouble.name for trouble in ALL}) == len(ALL)
    assert {trouble.alert for trouble in ALL if trouble.alert} <= set(ALERTS)


@pytest.mark.parametrize(
    ("changed", "ok"),
    [
        ({"alerts": ["HelpdeskRecordsWait"]}, True),
        ({"alerts": ["HelpdeskDeadLetters"]}, False),
        ({"alerts": ["HelpdeskRecordsWait"], "resolved": False}, False),
        ({"alerts": ["HelpdeskRecordsWait"], "recovery_s": None}, False),
        ({"alerts": ["HelpdeskRecordsWait"], "findings": 1}, False),
        ({"alerts": ["HelpdeskRecordsWait"], "wrong": ["it took long"]}, False),
        ({"expected": None}, True),
        ({"left_out": "no disk"}, True),
    ],
)
def test_a_fault_went_well_if_all_held_and_its_alert_came_and_went(
    changed: dict[str, object],
    ok: bool,  # noqa: FBT001  # a parameter of pytest's
) -> None:
    assert replace(GOOD, **changed).ok is ok  # type: ignore[arg-type]


def test_the_page_says_what_was_wrong_and_what_was_left_out() -> None:
    assert "`HelpdeskRecordsWait`: **did not fire**" in of(GOOD)
    ended = replace(GOOD, alerts=["HelpdeskRecordsWait", "HelpdeskDeadLetters"])
    assert "`HelpdeskRecordsWait`: fired, ended | `HelpdeskDeadLetters` |" in of(ended)
    assert "held, 70 messages" in of(ended)
    assert "**did not end**" in of(replace(ended, resolved=False))
    assert "**wrong**" in of(replace(ended, wrong=["lost: m1"]))
    assert "- `gone`: lost: m1" in of(replace(ended, wrong=["lost: m1"]))
    assert "- `gone`: it took 3 s." in of(replace(ended, notes=["it took 3 s"]))
    left_out = of(replace(GOOD, left_out="no disk"))
    assert "**Left out of this run:**\n\n- `gone` (it is gone): no disk\n" in left_out
    assert "| `gone` |" not in left_out


def test_rows_that_were_run_again_replace_their_own_and_no_others() -> None:
    other = replace(GOOD, name="slow", alerts=["HelpdeskRecordsWait"])
    kept = rendering.results([GOOD, other], 1, 600, "abc1234", None)
    fresh = rendering.results([replace(other, name="gone")], 2, 60, "def5678", None)

    merged = rendering.merged(kept, fresh)

    assert [(row["name"], row["ok"]) for row in merged["rows"]] == [("gone", True), ("slow", True)]
    assert (merged["ok"], kept["ok"]) == (True, False)
    assert merged["commit"] == "abc1234 and def5678"


def test_the_page_in_the_docs_is_of_the_results_beside_it() -> None:
    results = json.loads(rendering.RESULTS.read_text())

    assert rendering.PAGE.read_text() == rendering.page(results)
    assert {row["name"] for row in results["rows"]} == {trouble.name for trouble in ALL}
    assert results["ok"]


def test_nothing_is_sent_after_the_end_and_the_order_stays() -> None:
    drawn = a_plan()

    ended = until(drawn, 9)

    assert max(at for at, _ in ended.deliveries()) <= 9
    assert [each.marker for each in ended.sayings] == [each.marker for each in drawn.sayings]


def test_what_cannot_be_read_is_left_out_or_one_in_twelve() -> None:
    assert not [each for each in readable(a_plan()).sayings if each.kind == "broken"]
    broken = [each for each in broken_often(a_plan()).sayings if each.kind == "broken"]
    assert len(broken) > 8
    assert "email" not in {each.customer.channel for each in broken}


def test_whoever_says_keywords_alone_is_left_out() -> None:
    drawn = a_plan()
    silent = drawn.sayings[0].customer
    sayings = [
        replace(each, kind="keyword") if each.customer == silent else each for each in drawn.sayings
    ]

    left = with_messages(replace(drawn, sayings=sayings)).sayings

    assert {each.customer for each in left} == {each.customer for each in sayings} - {silent}


def test_a_week_s_messages_come_in_seconds_in_the_order_of_their_receipt() -> None:
    sayings = backlog.of_a_week(a_plan()).sayings

    received = [each.said(NOW, 0).received_at for each in sayings]
    sent = [each.at for each in sayings]
    assert sent == sorted(sent)
    assert received == sorted(received)
    assert received[-1] - received[0] > timedelta(days=6)
    assert max(sent) - min(sent) <= 3
    assert received[-1] < NOW


def test_another_time_of_receipt_is_seen_and_so_is_a_message_that_took_long() -> None:
    said = Said("m00001z1", "message", "shop1", "sms", "shop1:sms:1", NOW)
    event = {
        "type": "CustomerWrote",
        "id": "e1",
        "seq": 1,
        "ticket_id": "t",
        "text": "hello m00001z1",
        "received_at": NOW.isoformat(),
    }

    def seen(at: datetime, took: float) -> Seen:
        topics = {"helpdesk.tickets": [event | {"received_at": at.isoformat()}]}
        return Seen([said], History([said], topics=topics), {said.marker: took})

    assert checks.EVENT_TIME.wrong(seen(NOW, 1)) is None
    assert checks.EVENT_TIME.wrong(seen(NOW + timedelta(hours=1), 1))
    assert checks.within(5).wrong(seen(NOW, 4)) is None
    assert checks.within(5).wrong(seen(NOW, 6))


@pytest.mark.connected
@pytest.mark.kafka
@pytest.mark.deploy
@pytest.mark.timeout(480)
async def test_resets_and_poison_are_borne_and_told() -> None:
    said: list[str] = []
    few = [trouble for trouble in ALL if trouble.name in {"resets", "poison"}]

    rows = await running.rows(few, 5, said.append)

    assert [row.ok for row in rows] == [True, True], "\n".join(said)
