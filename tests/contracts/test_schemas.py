"""What travels today is understood by those who were built yesterday, and the other way round.

The contracts' JSON Schemas lie beside this file as others know them. `HELPDESK_WRITE_SCHEMAS=1`
writes down what was added; what breaks others is not written down: give it a new type name.
"""

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.library import HERE, SPOKEN, Json
from tests.contracts.schemas import incompatible

SCHEMAS = HERE / "schemas"
WRITE = "HELPDESK_WRITE_SCHEMAS"


def known(topic: str) -> Json:
    file = SCHEMAS / f"{topic}.json"
    schema: Json = json.loads(file.read_text()) if file.exists() else {}
    return schema


@pytest.mark.parametrize("topic", SPOKEN)
def test_a_contract_only_grows(topic: str) -> None:
    now = SPOKEN[topic].json_schema()
    before = known(topic)
    assert not before or incompatible(before, now) == []

    if os.environ.get(WRITE):
        SCHEMAS.mkdir(exist_ok=True)
        text = json.dumps(now, ensure_ascii=False, indent=1, sort_keys=True)
        (SCHEMAS / f"{topic}.json").write_text(f"{text}\n")

    assert known(topic) == now, f"{WRITE}=1 writes down what was added"


def test_no_schema_is_of_a_topic_that_is_gone() -> None:
    assert {file.stem for file in SCHEMAS.iterdir()} == set(SPOKEN)


@pytest.mark.parametrize("topic", SPOKEN)
def test_both_directions_have_one_schema(topic: str) -> None:
    contract = SPOKEN[topic]

    assert contract.json_schema(mode="serialization") == contract.json_schema(mode="validation")


Change = Callable[[Any], object]

BREAKING: dict[str, Change] = {
    "Contact.display_name: gone": lambda s: s["$defs"]["Contact"]["properties"].pop("display_name"),
    "Contact.id: changed": lambda s: s["$defs"]["Contact"]["properties"]["id"].update(maxLength=9),
    "Contact.sms_consent: changed": lambda s: s["$defs"]["Contact"]["properties"]["sms_consent"][
        "enum"
    ].append("double"),
    "Contact.segments: changed": lambda s: s["$defs"]["Contact"]["properties"]["segments"].update(
        default=["all"]
    ),
    "Contact.identities: changed": lambda s: s["$defs"]["Contact"]["properties"][
        "identities"
    ].update(items={"type": "string"}),
    "TicketOpened.seq: optional now": lambda s: _required(s, "TicketOpened").remove("seq"),
    "TicketOpened.related_ticket_id: required now": lambda s: _required(s, "TicketOpened").append(
        "related_ticket_id"
    ),
    "TicketOpened.size: required now": lambda s: s["$defs"]["TicketOpened"].update(
        properties=s["$defs"]["TicketOpened"]["properties"] | {"size": {"type": "integer"}},
        required=[*_required(s, "TicketOpened"), "size"],
    ),
    "NoteAdded: gone": lambda s: (
        s["$defs"].pop("NoteAdded"),
        s["discriminator"]["mapping"].pop("NoteAdded"),
    ),
    "NoteAdded: travels no more": lambda s: s["discriminator"]["mapping"].pop("NoteAdded"),
}
HARMLESS: dict[str, Change] = {
    "nothing": lambda s: s,
    "words for people": lambda s: s["$defs"]["Contact"].update(description="Somebody."),
    "an optional field": lambda s: s["$defs"]["Contact"]["properties"].update(
        language={"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    ),
    "a new type": lambda s: (
        s["$defs"].update({"TicketMerged": {"type": "object", "properties": {}}}),
        s["discriminator"]["mapping"].update(TicketMerged="#/$defs/TicketMerged"),
        s["oneOf"].append({"$ref": "#/$defs/TicketMerged"}),
    ),
}


def _required(schema: Json, name: str) -> list[str]:
    required: list[str] = schema["$defs"][name]["required"]
    return required


@pytest.mark.parametrize("problem", BREAKING)
def test_a_change_that_breaks_others_is_found(problem: str) -> None:
    old = SPOKEN["helpdesk.tickets"].json_schema()
    new = copy.deepcopy(old)
    BREAKING[problem](new)

    assert problem in incompatible(old, new)


@pytest.mark.parametrize("change", HARMLESS)
def test_a_change_that_breaks_nobody_passes(change: str) -> None:
    old = SPOKEN["helpdesk.tickets"].json_schema()
    new = copy.deepcopy(old)
    HARMLESS[change](new)

    assert incompatible(old, new) == []


def test_a_field_whose_default_is_an_object_may_gain_a_field() -> None:
    old = SPOKEN["helpdesk.accounts"].json_schema()
    new = copy.deepcopy(old)
    more = {"default": 3, "type": "integer"}
    new["$defs"]["AutoClose"]["properties"]["reminders"] = more
    new["properties"]["autoclose"]["default"]["reminders"] = 3
    assert incompatible(old, new) == []

    new["properties"]["autoclose"]["default"]["enabled"] = True
    assert incompatible(old, new) == ["autoclose: changed"]
