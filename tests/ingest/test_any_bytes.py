"""Whatever the bytes: a message, a signal or a refusal, and soon (ING 7)."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest import rules
from shared.bus.delivery import Record
from shared.contracts.base import CHANNELS, Channel
from shared.topics import MESSAGES, SIGNALS
from tests.examples import examples
from tests.ingest.builders import (
    Published,
    a_mail,
    a_record,
    a_table,
    an_ingest,
    settled,
)
from tests.ingest.test_samples import FILES

MAILS = [path for path in FILES if path.suffix == ".eml"]


def accounted_for(record: Record) -> None:
    """All that the record says is published or refused, and can be published."""
    reading = rules.read(record)
    outcome = rules.settle(reading, a_table())
    assert reading.findings
    ends = (outcome.said, outcome.refused, outcome.arrived, outcome.unaddressed)
    # One address an account: nothing is said twice, and nothing lost but exact repeats.
    assert 1 <= sum(map(len, ends)) <= len(reading.findings)
    for body in outcome.said:
        topic = SIGNALS if body.type == "Signal" else MESSAGES
        assert topic.contract is not None
        again = topic.contract.validate_json(topic.record(body).value or b"")
        assert again.id == body.id


@pytest.mark.spec("ING 7")
@given(st.sampled_from(CHANNELS), st.binary(max_size=500))
def test_random_bytes_are_accounted_for(channel: Channel, value: bytes) -> None:
    accounted_for(a_record(channel, value))


@pytest.mark.spec("ING 7")
@given(
    st.sampled_from(CHANNELS),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "object",
                        "entry",
                        "changes",
                        "value",
                        "messages",
                        "messaging",
                        "message",
                        "id",
                        "from",
                        "type",
                        "sender",
                        "recipient",
                        "attachments",
                        "field",
                        "metadata",
                        "MessageSid",
                        "From",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=15,
    ),
    st.sampled_from(["twilio", "cloud_api", "meta", "webchat"]),
)
def test_any_json_is_accounted_for(channel: Channel, value: object, provider: str) -> None:
    accounted_for(a_record(channel, json.dumps(value).encode(), {"x-provider": provider}))


@pytest.mark.spec("ING 7")
@settings(max_examples=examples(150))
@given(st.sampled_from(MAILS), st.data())
def test_a_mutated_mail_is_accounted_for(path: Path, data: st.DataObject) -> None:
    raw = path.read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(start + 40, len(raw))))
        piece = data.draw(
            st.one_of(
                st.binary(max_size=10),
                st.sampled_from(
                    [
                        b"\n",
                        b"\n\n",
                        b"\r",
                        b":",
                        b"(",
                        b"<",
                        b'"',
                        b";",
                        b"=",
                        b"--",
                        b"=?utf-8?b?",
                        b"\n--b\n",
                        b"Content-Type: multipart/mixed; boundary=b\n",
                        b"\x00",
                        b"\xff",
                        b"Content-Transfer-Encoding: x-uuencode\n",
                        b"boundary=",
                        b"message/rfc822",
                    ]
                ),
            )
        )
        raw = raw[:start] + piece + raw[end:]

    accounted_for(a_record("email", raw))


TO = b"From: a@b.example\nTo: support@shop.example\n"


def nested(depth: int) -> bytes:
    heads = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
        for level in range(depth)
    )
    return TO + heads + b"\nhello\n"


HOSTILE: dict[str, bytes] = {
    "nested comments": b"To: support@shop.example\nFrom: " + b"(" * 2000 + b" a@b.example\n\nhello",
    "nested multiparts": nested(2000),
    "some nested multiparts": nested(90),
    "recipients": b"From: a@b.example\nDelivered-To: support@shop.example\nTo: "
    + b", ".join(b"Somebody <a%d@x.example>" % number for number in range(20_000))
    + b"\n\nhello",
    "a bracket in an id": TO + b"Message-ID: <[abc]@[1.2.3.4]>\n\nhello",
    "a line end in a name": b"To: support@shop.example\n"
    b"From: =?utf-8?q?a=0d=0aBcc=3a_x@y?= <a@b.example>\n\nhello",
    "a long subject": TO + b"Subject: " + b"word " * 40_000 + b"\n\nhello",
    "encoded words": TO + b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\n\nhello",
    "parameters": TO
    + b"Content-Type: text/plain; "
    + b"; ".join(b"p%d=v" % number for number in range(100_000))
    + b"\n\nhello",
    "inner parameters": TO
    + b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b; "
    + b"; ".join(b"p%d=v" % number for number in range(100_000))
    + b"\n\nhello",
    "parts": TO + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 200_000,
    "header lines": TO + b"X: y\n" * 300_000 + b"\nhello",
    "a folded header": TO + b"Subject: x\n" + b" y\n" * 500_000 + b"\nhello",
    "an empty related part": TO + b"Content-Type: multipart/alternative; boundary=b\n\n--b\n"
    b"Content-Type: multipart/related; boundary=c\n\n--b--\n",
    "references": TO + b"References: " + b"<a@b> " * 3000 + b"\n\nhello",
    "html": TO + b"Content-Type: text/html\n\n" + b"<div style='display:none'>" * 50_000,
    "one long line": TO + b"\n" + b"On a" * 500_000,
    "quoted-printable": TO
    + b"Content-Transfer-Encoding: quoted-printable\n\n"
    + b"=\n=3" * 300_000,
}


@pytest.mark.spec("ING 7")
@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_a_message_all_the_same_and_soon(name: str) -> None:
    outcome = settled(a_record("email", HOSTILE[name]))

    assert outcome.refusal is None
    assert len(outcome.said) == 1
    assert len(MESSAGES.record(outcome.said[0]).value or b"") < MESSAGES.max_bytes


async def test_a_large_batch_is_read_off_the_event_loop_with_the_same_result() -> None:
    published = Published()
    ingest = an_ingest(published)
    batch = [a_mail("x" * 100_000, {"Message-ID": f"<{number}@x>"}) for number in range(5)]

    assert await ingest.records_received(batch) == {}
    expected = [MESSAGES.record(settled(record).said[0]) for record in batch]
    assert published.calls == [expected]
