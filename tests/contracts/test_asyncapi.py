"""What integrators are told in docs/asyncapi.json: current, valid, and true of its examples.

`asyncapi/3.0.0.json` is AsyncAPI's own schema, unchanged, from @asyncapi/specs 6.11.1 under the
Apache License 2.0, as this project is; its notice lies beside it.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from typer.testing import CliRunner

from shared.bus.delivery import DEAD_HEADER_PREFIX, dead_letter
from shared.cli import app
from shared.cli.asyncapi import document
from shared.clock import EPOCH
from shared.errors import Poison
from shared.topic import Topic
from shared.topics import BY_NAME, INBOUND, TOPICS
from tests.contracts.library import EXAMPLES, HERE, SPOKEN, Json, a_record, examples, types_of

DOCS = HERE.parents[1] / "docs"
DOCUMENT: Json = json.loads((DOCS / "asyncapi.json").read_text())
COMMAND = ["topics", "--asyncapi", "--examples", str(EXAMPLES)]
OFFICIAL = Draft7Validator(json.loads((HERE / "asyncapi" / "3.0.0.json").read_text()))

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def messages(topic: Topic[Any]) -> Json:
    said: Json = DOCUMENT["channels"][topic.name]["messages"]
    return said


def validator(payload: Json) -> Draft202012Validator:
    """Whether a value is that payload, whose references lead into the document."""
    return Draft202012Validator(payload | {"components": DOCUMENT["components"]})


def references(said: Any) -> Iterator[str]:
    if isinstance(said, list):
        for item in said:
            yield from references(item)
    elif isinstance(said, dict):
        if isinstance(said.get("$ref"), str):
            yield said["$ref"]
        for value in said.values():
            yield from references(value)


def found(reference: str) -> bool:
    at: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        at = at.get(step) if isinstance(at, dict) else None
    return at is not None


def test_the_document_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, COMMAND, catch_exceptions=False)

    again = "helpdesk topics --asyncapi --examples tests/contracts/examples > docs/asyncapi.json"
    assert (DOCS / "asyncapi.json").read_text() == printed.stdout, again


def test_the_document_is_valid_asyncapi() -> None:
    assert [error.message for error in OFFICIAL.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        (("asyncapi",), "2.6.0"),
        (("info", "title"), None),
        (("operations", "send.helpdesk.commands", "action"), "publish"),
        (("channels", "helpdesk.tickets", "bindings", "kafka", "partitions"), 0),
        (("components", "schemas", "Author", "type"), "thing"),
    ],
)
def test_a_document_that_is_wrong_is_found(where: tuple[str, ...], wrong: object) -> None:
    broken = copy.deepcopy(DOCUMENT)
    *steps, last = where
    at = broken
    for step in steps:
        at = at[step]
    at[last] = wrong

    assert not OFFICIAL.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    named = set(references(DOCUMENT))

    assert named
    assert [reference for reference in sorted(named) if not found(reference)] == []


def test_every_topic_is_a_channel_and_no_other() -> None:
    assert list(DOCUMENT["channels"]) == list(BY_NAME)


@each_topic
def test_integrators_send_and_receive_where_the_registry_says(topic: Topic[Any]) -> None:
    operations = DOCUMENT["operations"]

    assert (f"send.{topic.name}" in operations) == bool(topic.outside_producers)
    assert (f"receive.{topic.name}" in operations) == bool(topic.outside_consumers)


@each_topic
def test_a_channel_has_the_types_of_its_topic(topic: Topic[Any]) -> None:
    if topic.contract is None:
        assert set(messages(topic)) == {"Bytes"}
        return

    tombstone = {"Tombstone"} if topic.compacted else set()
    assert set(messages(topic)) == types_of(SPOKEN[topic.name]) | tombstone


def test_every_golden_example_is_shown_and_keeps_to_its_schema() -> None:
    wrong, shown = [], {}
    for topic in TOPICS:
        for message in messages(topic).values():
            for example in message.get("examples", []):
                shown[f"{topic.name}/{example['name']}"] = example["payload"]
                if not validator(message["payload"]).is_valid(example["payload"]):
                    wrong.append(example["name"])

    assert wrong == []
    assert shown == {str(example): example.json for example in examples()}


@pytest.mark.parametrize("topic", SPOKEN)
def test_no_type_takes_a_value_that_lacks_what_it_requires(topic: str) -> None:
    for name in types_of(SPOKEN[topic]):
        payload = messages(BY_NAME[topic])[name]["payload"]
        assert not validator(payload).is_valid({"type": name})


def test_the_headers_of_inbound_records_are_those_of_their_page() -> None:
    page = (DOCS / "inbound.md").read_text()
    _, _, after = page.partition("| Kafka header |")
    table, _, _ = after.partition("\n\n")

    for topic in INBOUND.values():
        said = messages(topic)["Bytes"]["headers"]["properties"]
        assert set(said) == set(re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE))


def test_the_headers_of_dead_letters_are_those_they_have() -> None:
    record = a_record(INBOUND["sms"], b"?")
    letter = dead_letter(record, Poison("empty", "?"), service="ingest", tries=1, now=EPOCH)

    headers = messages(BY_NAME[letter.topic])["Bytes"]["headers"]
    assert all(name.startswith(DEAD_HEADER_PREFIX) for name, _ in letter.headers)
    assert set(headers["required"]) == {name for name, _ in letter.headers}


def test_without_examples_the_document_is_valid_too() -> None:
    assert OFFICIAL.is_valid(document("0.1.0", {}))


def test_the_page_names_the_command_that_makes_the_document() -> None:
    page = Path(DOCS / "contracts.md").read_text()

    assert "helpdesk topics --asyncapi --examples tests/contracts/examples" in page
