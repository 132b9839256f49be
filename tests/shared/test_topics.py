"""The registry's promises to those who read it by program: keys, sizes, retention, the table."""

from datetime import timedelta

import pytest

from shared.bus.delivery import Record
from shared.bus.kafka import LARGEST_RECORD
from shared.cli.topics_command import markdown_table
from shared.clock import EPOCH
from shared.errors import Poison
from shared.topic import SERVICES
from shared.topics import ACCOUNTS, BY_NAME, DEAD, INBOUND, TOPICS


def test_what_fits_on_a_topic_fits_among_the_dead_with_its_reasons() -> None:
    largest = max(topic.max_bytes for topic in TOPICS if topic not in DEAD.values())

    assert all(topic.max_bytes >= largest + 2 * 1024 * 1024 for topic in DEAD.values())
    assert all(topic.max_bytes < LARGEST_RECORD for topic in TOPICS)


def test_what_ingest_takes_fits_where_it_publishes() -> None:
    assert all(
        topic.max_bytes <= BY_NAME["helpdesk.messages"].max_bytes for topic in INBOUND.values()
    )


def test_what_describes_the_present_is_kept_and_compacted_and_nothing_else_is() -> None:
    compacted = {topic.name for topic in TOPICS if topic.compacted}

    assert compacted == {"helpdesk.accounts", "helpdesk.profiles", "helpdesk.weights"}
    assert all((topic.retention == timedelta.max) == topic.compacted for topic in TOPICS)


def test_settings_are_read_in_one_order() -> None:
    assert ACCOUNTS.partitions == 1
    assert ACCOUNTS.consumers == set(SERVICES)


def test_keys_begin_with_the_account_wherever_we_choose_them() -> None:
    ours = [topic for topic in TOPICS if topic.contract is not None]

    assert all(topic.key_form.split(":")[0] == "account" for topic in ours)


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"acme:1"])
def test_whatever_a_provider_s_key_is_it_can_be_shown(key: bytes | None) -> None:
    topic = INBOUND["sms"]
    record = Record(topic.name, 0, 0, key, b"x", (), EPOCH)

    assert topic.key(record) == (key or b"").decode(errors="replace")


def test_a_malformed_record_is_described_in_few_words_however_much_is_wrong() -> None:
    value = b'{"type": "CloseTicket", "author": {"kind": "ghost"}, "ticket_id": ""}'
    record = Record("helpdesk.commands", 0, 0, None, value, (), EPOCH)

    with pytest.raises(Poison, match=r"^CloseTicket\.account_id: Field required; .*and \d+ more"):
        BY_NAME["helpdesk.commands"].parse(record)


def test_the_table_has_a_row_a_topic_and_one_for_all_of_a_kind() -> None:
    _, _, *rows = markdown_table().splitlines()
    alike = {topic.name for topic in (*INBOUND.values(), *DEAD.values())}
    others = [topic.name for topic in TOPICS if topic.name not in alike]

    assert [row.split("`")[1] for row in rows] == [
        "helpdesk.inbound.<channel>",
        *others,
        "helpdesk.dead.<service>",
    ]
    assert all(row.count("|") == 6 for row in rows)
    assert "| every service |" in markdown_table()
