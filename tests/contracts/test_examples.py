"""The golden examples: every type of every topic, as it looks on the wire, read and written."""

import json

import pytest

from shared.contracts.base import Envelope
from shared.topics import BY_NAME, SIGNALS
from tests.contracts.library import (
    EXAMPLES,
    SPOKEN,
    Example,
    a_record,
    examples,
    types_of,
    with_more,
)

each_example = pytest.mark.parametrize("example", examples(), ids=str)


def test_every_topic_with_a_contract_has_a_folder_and_no_other_has() -> None:
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(SPOKEN)


@pytest.mark.parametrize("topic", SPOKEN)
def test_every_type_of_a_topic_has_an_example_named_after_it(topic: str) -> None:
    shown = {example.type for example in examples() if example.topic.name == topic}

    assert shown == types_of(SPOKEN[topic])


@each_example
def test_an_example_is_what_its_file_says(example: Example) -> None:
    body = example.body()

    assert type(body).__name__ == example.type
    assert example.json.get("type", example.type) == example.type


@each_example
def test_what_is_written_says_what_was_read(example: Example) -> None:
    body = example.body()

    said = example.contract.dump_json(body, exclude_unset=True, by_alias=True)

    assert json.loads(said) == example.json


@each_example
def test_what_travels_means_the_same_at_the_other_end(example: Example) -> None:
    body = example.body()

    outgoing = example.topic.record(body)

    assert example.topic.parse(a_record(example.topic, outgoing.value)) == body
    assert BY_NAME[outgoing.topic] is example.topic


@each_example
def test_a_key_begins_with_the_account(example: Example) -> None:
    body = example.body()

    key = (example.topic.record(body).key or b"").decode()

    assert key.split(":")[0] == body.account_id
    assert len(key.split(":")) >= len(example.topic.key_form.partition(" (")[0].split(":"))


@each_example
def test_a_correlation_id_travels_in_a_header_too(example: Example) -> None:
    body = example.body()

    headers = example.topic.record(body, headers=[("mine", b"1")]).headers

    correlated = isinstance(body, Envelope)
    said = [("correlation-id", body.correlation_id.encode())] if correlated else []
    assert list(headers) == [("mine", b"1"), *said]


@each_example
def test_a_reader_ignores_the_fields_it_does_not_know(example: Example) -> None:
    more = with_more(example.json)
    assert more != example.json

    assert example.topic.parse(a_record(example.topic, more)) == example.body()


@each_example
def test_a_message_cannot_be_changed(example: Example) -> None:
    body = example.body()

    with pytest.raises(ValueError, match="frozen"):
        body.account_id = "another"


@pytest.mark.spec("ING 3")
def test_a_signal_of_an_unknown_kind_is_read() -> None:
    signal = Example(EXAMPLES / SIGNALS.name / "Signal.typing.json").json

    read = SIGNALS.parse(a_record(SIGNALS, signal | {"kind": "thumbs_up"}))

    assert getattr(read, "kind", "") == "thumbs_up"
