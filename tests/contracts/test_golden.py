"""What the last releases wrote is read today, and what is written today was readable for them.

Two versions run side by side while an upgrade is rolled out: see docs/upgrade.md.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.topics import BY_NAME
from tests.contracts import golden
from tests.contracts.golden import Golden
from tests.contracts.library import SPOKEN, Example, Json, a_record, examples, types_of

RELEASES = golden.releases()
KEPT = [message for release in RELEASES for message in golden.messages(release)]

each_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)


def test_there_is_a_release() -> None:
    assert RELEASES


@each_release
def test_a_release_stays_as_it_was_written(release: Path) -> None:
    assert golden.sums(release) == (release / golden.SUMS).read_text()


@each_release
def test_a_release_has_a_message_of_each_type_that_it_knew(release: Path) -> None:
    for file in (release / "schemas").glob("*.json"):
        told = json.loads(file.read_text())
        known = set(told.get("discriminator", {}).get("mapping", {})) or {told["title"]}
        written = {m.type for m in golden.messages(release) if m.topic == file.stem}
        assert written == known, file.stem


@pytest.mark.parametrize("message", KEPT, ids=str)
def test_what_a_release_wrote_is_read_and_says_the_same(message: Golden) -> None:
    topic = BY_NAME[message.topic]

    body = topic.parse(a_record(topic, message.value))

    again = json.loads(topic.record(body).value or b"")
    assert type(body).__name__ == message.type
    assert lost(json.loads(message.value), again) == []


def lost(before: Any, after: Any, where: str = "") -> list[str]:
    """What `before` says and `after` does not, by place; what `after` says besides is no matter."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            each
            for name, value in before.items()
            for each in lost(value, after.get(name), f"{where}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            each
            for place, (one, other) in enumerate(zip(before, after, strict=True))
            for each in lost(one, other, f"{where}[{place}]")
        ]
    return [] if before == after else [where]


def test_what_is_lost_is_found() -> None:
    assert lost({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}, "c": 4}) == [".a.b[1]"]
    assert lost({"a": 1}, {"c": 4}) == [".a"]


OF_NEW_SERVICES = {"FollowUpByMail", "HandOver"}
"""Commands that only services give which 0.1.0 has not: they start once ticketing is upgraded."""


@each_release
@pytest.mark.parametrize("example", examples(), ids=str)
def test_what_is_written_now_is_valid_for_a_release(release: Path, example: Example) -> None:
    schema = golden.schema(release, example.topic.name)
    if schema is None:
        return  # it consumes no topic that it does not know
    known = set(schema.get("discriminator", {}).get("mapping", {})) or {schema["title"]}
    if example.type not in known:
        by_new = example.type in OF_NEW_SERVICES
        assert by_new or example.topic.open_ended, (
            "it would make a dead letter of a type it does not know"
        )
        return
    written = json.loads(example.topic.record(example.body()).value or b"")

    assert wrong(written, schema) == []


def wrong(message: Json, schema: Json) -> list[str]:
    """What its readers would refuse."""
    return [error.message for error in Draft202012Validator(schema).iter_errors(message)]


@pytest.mark.parametrize("topic", [t for t in SPOKEN if golden.schema(RELEASES[-1], t)])
def test_what_a_release_would_refuse_is_found(topic: str) -> None:
    (schema,) = [golden.schema(release, topic) for release in RELEASES[-1:]]
    message = next(m for m in golden.messages(RELEASES[-1]) if m.topic == topic)
    assert schema is not None
    whole = json.loads(message.value)
    assert wrong(whole, schema) == []

    without = {name: value for name, value in whole.items() if name != "account_id"}
    assert wrong(without, schema)
    assert types_of(SPOKEN[topic]) >= {message.type}
