"""What publishers put around a payload changes nothing of what it says (ING 1)."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.ingest import rules
from services.ingest.unwrap.wrappers import unwrapped
from shared.bus.delivery import Record
from shared.contracts.accounts import AccountSettings, Address
from tests.ingest.builders import (
    CUSTOMER,
    OUR_PHONE,
    a_record,
    a_table,
    a_whatsapp_text,
    an_account,
    an_sms,
    settled,
    the_message,
)
from tests.ingest.test_samples import FILES, in_plain, the_record

EVENT = {"specversion": "1.0", "id": "1", "source": "/gateway", "type": "inbound"}
FORM = "application/x-www-form-urlencoded"


def content_type(record: Record) -> str | None:
    return record.header("content-type")


def as_text(record: Record) -> dict[str, Any]:
    return {"content_type": content_type(record), "body": (record.value or b"").decode()}


def as_base64(record: Record) -> dict[str, Any]:
    body = base64.encodebytes(record.value or b"").decode()
    return {"content_type": content_type(record), "body_b64": body}


def as_event(record: Record) -> dict[str, Any]:
    value = base64.b64encode(record.value or b"").decode()
    return EVENT | {"datacontenttype": content_type(record), "data_base64": value}


def in_an_event(record: Record) -> dict[str, Any]:
    return EVENT | {"datacontenttype": "application/json", "data": as_base64(record)}


def provider(record: Record) -> str:
    return record.header("x-provider") or ""


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize("wrap", [as_base64, as_event, in_an_event])
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_wrapped_payload_says_what_it_says_alone(
    path: Path, wrap: Callable[[Record], dict[str, Any]]
) -> None:
    record = the_record(path)
    around = {"provider": provider(record)} | wrap(record)
    if wrap is in_an_event:
        around["data"] = {"provider": provider(record)} | around["data"]
    wrapped = replace(
        record,
        value=json.dumps(around).encode(),
        headers=((("x-provider", provider(record).encode()),) if wrap is as_event else ()),
    )

    assert in_plain(settled(wrapped)) == in_plain(settled(record))


@pytest.mark.spec("ING 1")
def test_a_body_may_be_text_or_json() -> None:
    form, webhook = an_sms(), a_whatsapp_text("hi")
    as_json = {"provider": "cloud_api", "body": json.loads(webhook.value or b"")}

    wrapped_form = a_record("sms", json.dumps({"provider": "twilio"} | as_text(form)).encode())
    wrapped_json = a_record("whatsapp", json.dumps(as_json).encode())

    assert the_message(wrapped_form) == the_message(form)
    assert the_message(wrapped_json) == the_message(webhook)


@pytest.mark.spec("ING 1")
def test_a_batch_of_events_is_each_of_them() -> None:
    events = [
        EVENT
        | {
            "data": {
                "MessageSid": f"SM{number}",
                "AccountSid": "AC",
                "From": CUSTOMER,
                "To": OUR_PHONE,
                "Body": "hi",
            }
        }
        for number in range(3)
    ]

    outcome = settled(a_record("sms", json.dumps(events).encode()))

    assert len(outcome.said) == 3
    assert outcome.refusal is None


def test_the_binary_mode_is_the_payload_itself() -> None:
    form = an_sms()
    headers = {f"ce_{name}": text for name, text in EVENT.items()} | {"content-type": FORM}

    assert the_message(a_record("sms", form.value, headers)) == the_message(form)


def test_nothing_from_outside_sets_a_header_that_ingest_trusts() -> None:
    sent = {
        "Account": "other",
        "X-Provider": "nobody",
        "X-Received-At": "2020-01-01T00:00:00Z",
        "X-Rcpt-To": "ceo@shop.example",
        "X-Auth-Dmarc": "pass",
    }
    wrapped = a_record(
        "sms", json.dumps({"provider": "twilio", "headers": sent} | as_text(an_sms())).encode()
    )

    (inner,) = unwrapped(wrapped)

    assert the_message(wrapped) == the_message(an_sms())
    assert inner.header("http-account") == "other"
    assert [inner.header(name) for name in ("account", "x-received-at", "x-rcpt-to")] == [None] * 3


def test_the_publishers_own_headers_count_over_the_wrappers() -> None:
    around = {"provider": "nobody", "received_at": "2025-12-31T00:00:00Z"} | as_text(an_sms())
    headers = {"x-provider": "twilio", "x-received-at": "2025-12-31T23:59:59Z"}

    message = the_message(a_record("sms", json.dumps(around).encode(), headers))

    assert message.occurred_at.isoformat() == "2025-12-31T23:59:59+00:00"


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "around",
    [
        {"provider": "twilio", "body_b64": "%%%"},
        {"provider": "twilio", "body": None},
        {"provider": "twilio", "query": {}},
        {"provider": "twilio", "content_type": FORM, "body": ""},
        EVENT | {"data_base64": "a"},
        EVENT,
    ],
)
def test_a_wrapper_around_nothing_is_refused(around: dict[str, Any]) -> None:
    assert settled(a_record("sms", json.dumps(around).encode())).refusal is not None


def test_wrappers_inside_one_another_come_to_an_end() -> None:
    value = an_sms().value or b""
    for _ in range(50):
        value = json.dumps(
            {"provider": "twilio", "body_b64": base64.b64encode(value).decode()}
        ).encode()
        if len(value) > 500_000:
            break

    assert settled(a_record("sms", value)).refusal is not None


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize(
    ("named", "read_as"),
    [
        ("twilio", "twilio"),
        ("our own gateway", "twilio"),
        (None, "twilio"),
    ],
)
def test_the_account_that_a_header_names_says_whose_format_it_is(
    named: str | None, read_as: str
) -> None:
    account = AccountSettings(
        account_id="shop",
        channels=("sms",),
        addresses=(Address(channel="sms", value=OUR_PHONE, provider=named),),
    )
    record = replace(an_sms(), headers=(("account", b"shop"),))
    table = a_table(account)

    reading = rules.read(record, rules.expected_provider(record, table))

    (body,) = rules.settle(reading, table).said
    assert (body.account_id, body.provider) == ("shop", read_as)


def test_several_providers_of_an_account_decide_nothing() -> None:
    account = an_account(addresses=[("sms", OUR_PHONE)])
    record = replace(an_sms(), headers=(("account", b"shop"),))

    assert rules.expected_provider(record, a_table(account)) is None
