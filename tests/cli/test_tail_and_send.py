"""`helpdesk tail` and `helpdesk send`: which records are meant, what is shown, what is sent."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.delivery import Headers, Record
from shared.cli.reading import topic_named
from shared.cli.sending import as_records, files_below
from shared.cli.tail import Wanted, document, line
from shared.errors import HelpdeskError
from shared.topics import ACCOUNTS, INBOUND, TICKETS

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
CLOSED = {"type": "TicketClosed", "account_id": "acme", "ticket_id": "t1", "seq": 7}


def a_record(value: bytes | None, topic: str = TICKETS.name, headers: Headers = ()) -> Record:
    return Record(topic, 3, 9, b"acme:t1", value, headers, NOW)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (Wanted(), True),
        (Wanted(account="acme"), True),
        (Wanted(account="other"), False),
        (Wanted(ticket="t1"), True),
        (Wanted(ticket="t2"), False),
        (Wanted(types=frozenset({"TicketClosed", "TicketOpened"})), True),
        (Wanted(types=frozenset({"TicketOpened"})), False),
        (Wanted(account="acme", ticket="t2"), False),
    ],
)
def test_records_are_chosen_by_account_ticket_and_type(wanted: Wanted, *, meant: bool) -> None:
    assert (a_record(json.dumps(CLOSED).encode()) in wanted) is meant


def test_a_raw_record_is_of_the_account_that_its_header_names() -> None:
    raw = a_record(b"From: x", INBOUND["email"].name, (("account", b"acme"),))

    assert raw in Wanted(account="acme")
    assert raw not in Wanted(account="other")


def test_a_deletion_is_of_the_account_that_its_key_begins_with() -> None:
    gone = Record(ACCOUNTS.name, 0, 1, b"acme", None, (), NOW)

    assert gone in Wanted(account="acme")
    assert gone not in Wanted(account="other")
    assert line(gone).endswith("accounts acme deleted")


def test_a_line_says_when_where_what_and_the_rest_shortened() -> None:
    shown = line(a_record(json.dumps({**CLOSED, "text": "x" * 1000}).encode()))

    assert shown.startswith("2026-03-04 09:00:00.000 tickets acme t1 #7 TicketClosed {")
    assert len(shown) < 500


@given(value=st.none() | st.binary(max_size=200))
def test_whatever_lies_on_a_topic_can_be_shown(value: bytes | None) -> None:
    record = a_record(value, headers=(("h", b"\xff"), ("none", None)))

    assert json.loads(json.dumps(document(record)))["offset"] == 9
    assert line(record)
    assert record in Wanted()
    assert record not in Wanted(ticket="t9")


def test_a_topic_may_be_named_in_short_and_an_unknown_one_is_told() -> None:
    assert topic_named("tickets") is TICKETS
    assert topic_named("helpdesk.tickets") is TICKETS
    with pytest.raises(HelpdeskError, match="no topic 'tikets'; there are: accounts,"):
        topic_named("tikets")


def test_files_are_sent_as_they_are_folder_by_folder(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.json").write_bytes(b"two\xff")
    (tmp_path / "a.json").write_bytes(b"one")

    files = files_below([tmp_path])
    sent = list(as_records(files, "sms", {"x-provider": "twilio"}, NOW))

    assert [record.value for record in sent] == [b"one", b"two\xff"]
    assert {record.topic for record in sent} == {INBOUND["sms"].name}
    assert sent[0].headers == (
        ("x-received-at", b"2026-03-04T09:00:00+00:00"),
        ("x-provider", b"twilio"),
    )


def test_what_cannot_be_sent_is_said_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    large = tmp_path / "large"
    large.write_bytes(b"x" * (INBOUND["sms"].max_bytes + 1))

    with pytest.raises(HelpdeskError, match="nowhere: there is no such file"):
        files_below([tmp_path / "nowhere"])
    with pytest.raises(HelpdeskError, match="empty: the folder has no files"):
        files_below([tmp_path / "empty"])
    with pytest.raises(HelpdeskError, match=r"large: \d+ bytes, and helpdesk.inbound.sms takes"):
        list(as_records([large], "sms", {}, NOW))
