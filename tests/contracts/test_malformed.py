"""What is no message of its topic: refused with words that help, or left to newer versions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Poison
from shared.topic import Deleted, Topic, UnknownType
from shared.topics import BY_NAME, INBOUND
from tests.contracts.library import SPOKEN, Example, Json, a_record, examples

TOPICS = [BY_NAME[name] for name in SPOKEN]
MIN = datetime.min.replace(tzinfo=UTC)
OPEN_ENDED = {
    "helpdesk.clicks",
    "helpdesk.files",
    "helpdesk.handoffs",
    "helpdesk.tickets",
    "helpdesk.signals",
    "helpdesk.snapshots",
    "helpdesk.profiles.events",
}
TYPED = [topic for topic in TOPICS if topic.name not in {"helpdesk.accounts", "helpdesk.profiles"}]

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
each_typed_topic = pytest.mark.parametrize("topic", TYPED, ids=lambda topic: topic.name)

GARBAGE = {
    "nothing": b"",
    "no UTF-8": b"\xff\xfe{}",
    "UTF-8 inside JSON broken": b'{"account_id": "\xc3\x28"}',
    "broken JSON": b'{"type": "CustomerWrote", "account_id"',
    "a list": b"[1, 2]",
    "a text": b'"CustomerWrote"',
    "a number": b"42",
    "null": b"null",
    "an empty object": b"{}",
    "very deep": b"[" * 5_000 + b"]" * 5_000,
    "not a number": b'{"account_id": NaN}',
}


def an_example(topic: Topic[Any]) -> Json:
    return next(example.json for example in examples() if example.topic is topic)


@pytest.mark.spec("ING 7")
@each_topic
@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_in_words(topic: Topic[Any], value: bytes) -> None:
    with pytest.raises(Poison, match=r".{10}") as refused:
        topic.parse(a_record(topic, value))

    assert refused.value.reason == "malformed"
    assert len(str(refused.value)) < 1_000


@each_topic
@given(value=st.binary(max_size=200))
def test_no_bytes_can_do_more_than_be_refused(topic: Topic[Any], value: bytes) -> None:
    with pytest.raises((Poison, UnknownType)):
        topic.parse(a_record(topic, value))


@each_topic
def test_a_tombstone_deletes_where_the_last_one_counts_and_says_nothing_elsewhere(
    topic: Topic[Any],
) -> None:
    if topic.compacted:
        assert topic.parse(a_record(topic, None, key=b"lumen:x")) == Deleted("lumen:x")
        assert isinstance(topic.parse(a_record(topic, None, key=b"\xff")), Deleted)
        keyless: list[bytes | None] = [None, b""]
    else:
        keyless = [None, b"", b"lumen:x"]
    for key in keyless:
        with pytest.raises(Poison) as refused:
            topic.parse(a_record(topic, None, key=key))
        assert refused.value.reason == "empty"


@each_typed_topic
def test_an_unknown_type_is_left_to_newer_versions_only_where_they_may_speak(
    topic: Topic[Any],
) -> None:
    newer = an_example(topic) | {"type": "TicketMerged.v2"}

    with pytest.raises(UnknownType if topic.name in OPEN_ENDED else Poison):
        topic.parse(a_record(topic, newer))
    assert topic.open_ended == (topic.name in OPEN_ENDED)


@each_typed_topic
@pytest.mark.parametrize("odd", [None, 7, ["CustomerWrote"], {}], ids=str)
def test_a_type_that_is_no_name_is_malformed_everywhere(topic: Topic[Any], odd: object) -> None:
    with pytest.raises(Poison):
        topic.parse(a_record(topic, an_example(topic) | {"type": odd}))


@pytest.mark.parametrize("name", OPEN_ENDED)
def test_a_known_type_with_a_wrong_field_is_not_taken_for_a_newer_one(name: str) -> None:
    topic = BY_NAME[name]

    with pytest.raises(Poison, match="occurred_at"):
        topic.parse(a_record(topic, an_example(topic) | {"occurred_at": "yesterday"}))


@each_topic
@pytest.mark.parametrize("odd", ["", "a:b", ":", "_x", "x" * 65, "ünï", None, 7], ids=str)
def test_an_account_s_id_cannot_blur_a_key(topic: Topic[Any], odd: object) -> None:
    with pytest.raises(Poison, match="account_id"):
        topic.parse(a_record(topic, an_example(topic) | {"account_id": odd}))


@pytest.mark.parametrize("example", examples(), ids=str)
def test_each_required_field_is_missed_by_its_name_and_no_other_is(example: Example) -> None:
    model = type(example.body())
    told_apart = {"type"} if "oneOf" in example.contract.json_schema() else set()
    required = {n for n, field in model.model_fields.items() if field.is_required()} | told_apart
    for name in model.model_fields:
        said = example.json
        said.pop(name, None)
        if name in required:
            with pytest.raises(Poison, match=rf"\b{name}\b"):
                example.topic.parse(a_record(example.topic, said))
        elif name not in {"agents", "teams"}:  # which others of the settings name
            example.topic.parse(a_record(example.topic, said))


@pytest.mark.parametrize("channel", INBOUND)
def test_what_providers_send_is_handed_on_as_it_is(channel: Any) -> None:
    topic = INBOUND[channel]
    for value in (*GARBAGE.values(), None):
        record = a_record(topic, value)
        assert topic.parse(record) is record


@pytest.mark.parametrize(
    "said",
    [
        "2026-03-04T10:00:00",
        "2026-03-04",
        "tomorrow",
        "",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2026-02-30T10:00:00Z",
    ],
)
def test_a_time_without_a_zone_or_that_no_clock_shows_is_refused(said: str) -> None:
    topic = BY_NAME["helpdesk.commands"]

    with pytest.raises(Poison, match="occurred_at"):
        topic.parse(a_record(topic, an_example(topic) | {"occurred_at": said}))


# Before, some zones' offsets had seconds, which RFC 3339 cannot say.
@given(moment=st.datetimes(min_value=datetime(1973, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_is_the_same_moment_in_utc_to_the_millisecond(moment: datetime) -> None:
    topic = BY_NAME["helpdesk.presence"]
    said = an_example(topic) | {"occurred_at": moment.isoformat()}

    read = getattr(topic.parse(a_record(topic, said)), "occurred_at", MIN)

    assert read.utcoffset() == timedelta(0)
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


def _nested(levels: int) -> Json:
    said: Json = {}
    for _ in range(levels - 1):
        said = {"in": [said]} if levels % 2 else {"in": said}
    return said


@pytest.mark.parametrize(
    ("structured", "words"),
    [
        ({"n": 2**63}, "64 bits"),
        ({"n": [{"m": -(2**63) - 1}]}, "64 bits"),
        ({"a\0b": 1}, "null character"),
        ({"a": [{"b\0": {}}]}, "null character"),
        (_nested(90), "more than 40 levels"),
    ],
)
def test_what_no_database_can_hold_is_refused(structured: Json, words: str) -> None:
    topic = BY_NAME["helpdesk.messages.screened"]

    with pytest.raises(Poison, match=f"InboundMessage.structured: .*{words}"):
        topic.parse(a_record(topic, an_example(topic) | {"structured": structured}))


@pytest.mark.parametrize(
    "structured",
    [{}, {"n": 2**63 - 1, "m": -(2**63), "yes": True}, {"a.b": 1, "$c": "\0"}, _nested(40)],
)
def test_what_a_database_can_hold_is_read(structured: Json) -> None:
    topic = BY_NAME["helpdesk.messages.screened"]

    read = topic.parse(a_record(topic, an_example(topic) | {"structured": structured}))

    assert getattr(read, "structured", None) == structured


def test_a_number_that_no_database_can_hold_is_refused() -> None:
    for name in ("helpdesk.attributions", "helpdesk.tickets"):
        topic = BY_NAME[name]
        said = an_example(topic) | {"revision": 2**63, "seq": 2**63, "ticket": {}}
        with pytest.raises(Poison, match="9223372036854775807"):
            topic.parse(a_record(topic, said))
