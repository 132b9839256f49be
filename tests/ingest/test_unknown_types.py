"""Whatever a customer sends is seen, of a type that nobody knows yet too (ING 4).

Every provider's samples are walked: where a customer's message stands, its type is renamed to one
that does not exist. A message has to come of it all the same.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.text import Fields
from services.ingest.read.unknown import kept, unknown
from services.ingest.rules import Outcome
from shared.bus.delivery import Record
from shared.contracts.base import Channel
from shared.contracts.messages import InboundMessage
from shared.contracts.signals import Signal
from shared.topics import MESSAGES
from tests.ingest.builders import (
    CUSTOMER,
    OUR_PHONE,
    a_chat,
    a_record,
    a_whatsapp,
    an_instagram,
    settled,
    the_message,
)
from tests.ingest.test_samples import FILES, SAMPLES

NEW = "hologram"
Json = dict[str, Any]


def renamed(around: Json, name: str) -> Iterator[None]:
    """Rename the type that `name` names, and the object that is called so."""
    if not isinstance(kind := around.get(name), str):
        return
    around[name] = NEW
    if isinstance(around.get(kind), dict | list):
        around[NEW] = around.pop(kind)
    yield None


def _cloud_api(payload: Any) -> Iterator[None]:
    for entry in Fields(payload).each("entry"):
        for change in entry.each("changes"):
            for message in change.fields("value").each("messages"):
                yield from renamed(message.raw, "type")


def _meta(payload: Any) -> Iterator[None]:
    for entry in Fields(payload).each("entry"):
        for event in entry.each("messaging"):
            for attachment in event.fields("message").each("attachments"):
                yield from renamed(attachment.raw, "type")


def _vonage(payload: Any) -> Iterator[None]:
    content = payload.get("message", {}).get("content")
    if content is not None:
        yield from renamed(content, "type")
    elif "message_type" in payload:
        yield from renamed(payload, "message_type")
    elif "type" in payload and "status" not in payload:
        yield from renamed(payload, "type")


def _sinch(payload: Any) -> Iterator[None]:
    if payload.get("type", "").startswith("mo_"):
        payload["type"] = f"mo_{NEW}"
        yield None
    content = payload.get("message", {}).get("contact_message", {})
    for name in [name for name in content if name.endswith("_message")]:
        content[f"{NEW}_message"] = content.pop(name)
        yield None


def _infobip(payload: Any) -> Iterator[None]:
    for result in payload["results"]:
        for piece in result.get("message", ()) if isinstance(result.get("message"), list) else ():
            piece["contentType"] = f"application/{NEW}"
            yield None


def _telnyx(payload: Any) -> Iterator[None]:
    if payload["data"]["event_type"] == "message.received":
        payload["data"]["payload"]["type"] = NEW
        yield None


def _twilio(payload: Any) -> Iterator[None]:
    if "MessageType" in payload:
        payload["MessageType"] = NEW
        yield None


def _webchat(payload: Any) -> Iterator[None]:
    if payload.get("type") == "message" and payload.get("author", "visitor") == "visitor":
        payload["type"] = NEW
        yield None


TYPES: dict[str, Callable[[Any], Iterator[None]]] = {
    "cloud_api": _cloud_api,
    "meta": _meta,
    "vonage": _vonage,
    "sinch": _sinch,
    "infobip": _infobip,
    "telnyx": _telnyx,
    "twilio": _twilio,
    "webchat": _webchat,
}
"""How to rename the types of a provider's messages; each yields once for a type it renamed."""

NO_TYPES = {
    "bandwidth": "its `type` names the event; its messages have text and files, and no type",
    **dict.fromkeys(
        ("raw", "postmark", "sendgrid", "mailgun", "ses"), "a mail is of no type but its parts'"
    ),
}
"""Providers whose messages are of no types, and why that is so."""


def test_every_provider_has_types_to_rename_or_says_why_not() -> None:
    providers = {path.name for path in SAMPLES.glob("*/*") if path.is_dir()}

    assert providers - {"quotes"} == TYPES.keys() | NO_TYPES.keys()


def read(path: Path) -> Any:
    if path.suffix == ".form":
        return dict(parse_qsl(path.read_text(), keep_blank_values=True))
    return json.loads(path.read_text())


def outcome(path: Path, payload: Any) -> Outcome:
    channel, provider = path.parts[-3:-1]
    form = path.suffix == ".form"
    value = urlencode(payload) if form else json.dumps(payload)
    headers = {"x-provider": provider}
    if form:
        headers["content-type"] = "application/x-www-form-urlencoded"
    return settled(a_record(cast("Channel", channel), value.encode(), headers))


def messages(found: Outcome) -> dict[str, InboundMessage]:
    return {
        str(body.provider_message_id): body
        for body in found.said
        if isinstance(body, InboundMessage)
    }


TYPED = [path for path in FILES if path.parts[-2] in TYPES]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("path", TYPED, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_message_whose_type_nobody_knows_is_a_message(path: Path) -> None:
    before = messages(outcome(path, read(path)))
    payload = read(path)
    list(TYPES[path.parts[-2]](payload))

    after = messages(outcome(path, payload))

    assert before.keys() <= after.keys()
    assert all(message.text.strip() or message.attachments for message in after.values())


def test_types_were_renamed_at_each_provider() -> None:
    count = {
        provider: sum(len(list(rename(read(path)))) for path in TYPED if path.parts[-2] == provider)
        for provider, rename in TYPES.items()
    }

    assert min(count.values()) > 0, count


@pytest.mark.spec("ING 4")
def test_it_has_the_text_and_the_file_that_it_brings_and_all_of_it_is_kept() -> None:
    sent = {"title": "Shop opening", "url": "https://x.example/map.png", "mime_type": "image/png"}

    message = the_message(a_whatsapp({"type": NEW, NEW: sent}))

    assert message.text == "Shop opening"
    assert [(file.kind, file.ref) for file in message.attachments] == [("image", sent["url"])]
    assert message.structured["unsupported"] == {"type": NEW, "content": sent}
    assert message.flags == ("unsupported",)


@pytest.mark.spec("ING 4")
def test_without_text_words_say_which_type_it_is() -> None:
    message = the_message(a_whatsapp({"type": NEW, NEW: {"n": 1}}))

    assert message.text == f"[unsupported message: {NEW}]"


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("kind", ["reaction", "system", "request_welcome", "ephemeral"])
def test_what_is_known_to_be_no_message_is_none(kind: str) -> None:
    record = a_whatsapp({"type": kind, kind: {"body": "x"}})

    assert not messages(settled(record))


@pytest.mark.spec("ING 4")
def test_a_chat_event_of_a_new_type_is_a_message_if_it_has_a_messages_id() -> None:
    (written,) = settled(a_chat(NEW, text="look")).said
    (wordless,) = settled(a_chat(NEW, text="")).said
    (counted,) = settled(a_chat(NEW, text="", client_message_id=None, event_id="e")).said

    assert isinstance(written, InboundMessage)
    assert isinstance(wordless, InboundMessage)
    assert (written.text, wordless.text) == ("look", f"[unsupported message: {NEW}]")
    assert isinstance(counted, Signal)


def telnyx(**fields: Any) -> Record:
    payload = {
        "id": "m1",
        "direction": "inbound",
        "from": {"phone_number": CUSTOMER},
        "to": [{"phone_number": OUR_PHONE}],
        **fields,
    }
    data = {"record_type": "event", "event_type": "message.received", "payload": payload}
    return a_record("sms", json.dumps({"data": data}).encode())


def bandwidth(**fields: Any) -> Record:
    sent = {"id": "m1", "direction": "in", "from": CUSTOMER, "to": [OUR_PHONE], **fields}
    event = {"type": "message-received", "to": OUR_PHONE, "message": sent}
    return a_record("sms", json.dumps([event]).encode())


def infobip(**fields: Any) -> Record:
    result = {
        "messageId": "m1",
        "from": CUSTOMER,
        "to": OUR_PHONE,
        "receivedAt": "2026-01-01T00:00:00.000+0000",
        **fields,
    }
    return a_record("sms", json.dumps({"results": [result], "messageCount": 1}).encode())


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("record", "text"),
    [
        (telnyx(type="RCS", body={"text": "hi"}), "hi"),
        (telnyx(type="POLL"), "[unsupported message: POLL]"),
        (bandwidth(content={"type": "LOCATION"}), "[unsupported message: LOCATION]"),
        (bandwidth(content={"type": "TEXT", "text": "hi"}), "hi"),
        (infobip(message={"type": "TEXT", "text": "hi"}), "hi"),
        (infobip(message={"type": "POLL"}), "[unsupported message: POLL]"),
    ],
)
def test_new_forms_of_text_messages_are_messages_with_what_they_say(
    record: Record, text: str
) -> None:
    message = the_message(record)

    assert message.text == text
    assert "unsupported" in message.flags


@pytest.mark.spec("ING 4")
def test_a_file_of_instagram_that_has_no_type_is_a_file() -> None:
    file = {"payload": {"url": "https://cdn.example/a"}}
    message = the_message(an_instagram({"message": {"mid": "m1", "attachments": [file]}}))

    assert [each.ref for each in message.attachments] == ["https://cdn.example/a"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@given(kind=st.text(max_size=100), sent=st.dictionaries(st.text(max_size=20), JSON, max_size=6))
def test_whatever_it_is_made_of_it_can_be_stored(kind: str, sent: Json) -> None:
    found = unknown(kind, Fields(sent))

    assert found.text.strip()
    assert len(json.dumps(kept(kind, sent))) < MESSAGES.max_bytes / 8


def test_what_is_too_deep_or_too_large_to_be_stored_is_kept_as_text() -> None:
    deep: Any = {}
    for _ in range(30):
        deep = {"in": deep}

    for sent in (deep, {"n": 2**70}, {"t": "x" * 200_000}):
        message = the_message(a_whatsapp({"type": NEW, NEW: sent}))

        assert "content_as_text" in message.structured["unsupported"]
