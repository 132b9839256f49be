"""Mail too large for a topic: fetched from where its record says it lies (ING 6)."""

import json
from pathlib import Path

import pytest

from services.ingest import rules
from services.ingest.unwrap.large_mail import Blob, LargeMail, is_claim
from services.ingest.unwrap.mail_folder import Folder
from shared.bus.delivery import Outgoing, Record
from shared.contracts.messages import InboundMessage
from shared.errors import Transient
from shared.topics import MESSAGES
from tests.ingest.builders import (
    MAILBOX,
    RECEIVED,
    Published,
    a_mail,
    a_record,
    a_table,
    an_ingest,
    settled,
)

RAW = (
    b"From: ann@example.com\nMessage-ID: <m1@example.com>\nSubject: Big\n\n" + b"Hello there\n" * 20
)
LARGEST = 1_000


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "one.eml").write_bytes(RAW)
    (tmp_path / "mails" / "big one.eml").write_bytes(RAW + b"x" * LARGEST)
    (tmp_path / "secret.eml").write_bytes(RAW)
    return Folder(tmp_path / "mails")


def a_claim(ref: str, value: bytes = b"", **headers: str) -> Record:
    known = {"x-body-ref": ref, "x-rcpt-to": MAILBOX, "x-mail-from": "ann@example.com"}
    return a_record("email", value, known | headers)


async def message_of(record: Record, folder: Folder | None) -> InboundMessage:
    fetched = await LargeMail(folder, LARGEST).fetched(record)
    (body,) = rules.settle(rules.read(fetched), a_table()).said
    assert isinstance(body, InboundMessage)
    return body


@pytest.mark.spec("ING 6")
async def test_a_mail_in_the_folder_is_read_and_its_place_kept(folder: Folder) -> None:
    ref = f"file://{folder.root}/one.eml"

    message = await message_of(a_claim(ref), folder)

    assert message.subject == "Big"
    assert message.text.startswith("Hello there")
    assert message.origin is not None
    assert message.origin.ref == ref


@pytest.mark.spec("ING 6")
async def test_a_wrapper_may_make_the_claim_too(folder: Folder) -> None:
    wrapper = {
        "provider": "raw",
        "content_type": "message/rfc822",
        "rcpt_to": [MAILBOX],
        "mail_from": "ann@example.com",
        "body_ref": f"file://{folder.root}/one.eml",
        "received_at": "2026-01-01T00:00:30Z",
    }
    record = a_record("email", json.dumps(wrapper).encode())

    assert is_claim(record)
    message = await message_of(record, folder)
    assert message.text.startswith("Hello there")
    assert message.occurred_at.second == 30


@pytest.mark.spec("ING 6")
async def test_of_what_is_too_large_the_header_is_read(folder: Folder) -> None:
    message = await message_of(a_claim(f"file://{folder.root}/big%20one.eml"), folder)

    assert message.subject == "Big"
    assert message.text == "[unreadable e-mail, see original]"
    assert "too_large" in message.flags


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("ref", "flag"),
    [
        ("s3://bucket/key", "kept_elsewhere"),
        ("https://x.example/y", "kept_elsewhere"),
        ("file:///etc/passwd", "original_missing"),
        ("file:{root}/../secret.eml", "original_missing"),
        ("file:{root}/%2e%2e/secret.eml", "original_missing"),
        ("file:{root}/none.eml", "original_missing"),
        ("file:{root}", "original_missing"),
        ("file:{root}/a%00b", "original_missing"),
        ("file:" + "x" * 5000, "original_missing"),
    ],
)
async def test_what_cannot_be_fetched_is_a_message_of_what_is_known(
    folder: Folder, ref: str, flag: str
) -> None:
    beginning = b"From: Ann <ann@example.com>\nSubject: Big\n\n"
    where = ref.format(root=folder.root)

    bare = await message_of(a_claim(where), folder)
    known = await message_of(a_claim(where, beginning), folder)

    assert (bare.text, known.text) == ("[unreadable e-mail, see original]",) * 2
    assert (bare.contact.id, known.subject) == ("email:ann@example.com", "Big")
    assert {flag} <= set(bare.flags) & set(known.flags)
    assert bare.origin is not None
    assert bare.origin.ref == where


async def test_two_mails_that_lie_elsewhere_are_two_messages() -> None:
    first, second = [await message_of(a_claim(f"s3://b/{n}"), None) for n in "12"]

    assert first.id != second.id
    assert (await message_of(a_claim("s3://b/1"), None)).id == first.id


async def test_a_link_out_of_the_folder_leads_nowhere(folder: Folder) -> None:
    (folder.root / "link.eml").symlink_to(folder.root.parent / "secret.eml")

    assert await folder.read(f"file://{folder.root}/link.eml", LARGEST) is None


async def test_while_the_folder_is_away_the_record_waits(folder: Folder) -> None:
    gone = Folder(folder.root / "gone")

    with pytest.raises(Transient):
        await LargeMail(gone, LARGEST).fetched(a_claim(f"file://{gone.root}/one.eml"))


async def test_exactly_as_much_as_is_wanted_is_whole(folder: Folder) -> None:
    ref = f"file://{folder.root}/one.eml"

    assert await folder.read(ref, len(RAW)) == Blob(RAW, whole=True)
    assert await folder.read(ref, len(RAW) - 1) == Blob(RAW[:-1], whole=False)


def test_ordinary_mail_claims_nothing() -> None:
    assert not is_claim(a_mail())
    assert not is_claim(a_mail('{"body_ref": "file:///x"}'))
    assert not is_claim(a_record("sms", b'{"body_ref": "file:///x"}', {"x-body-ref": "x"}))


def test_a_mail_cannot_say_of_itself_that_it_lies_elsewhere() -> None:
    (body,) = settled(a_mail(headers={"X-Body-Ref": "file:///etc/passwd"})).said

    assert isinstance(body, InboundMessage)
    assert body.origin is not None
    assert body.origin.ref is None


@pytest.mark.spec("ING 6")
async def test_claims_and_ordinary_mails_of_a_batch_stay_in_order() -> None:
    published = Published()
    batch = [
        a_mail(headers={"Message-ID": "<first@x>"}),
        a_claim("s3://b/1", b"From: ann@example.com\nMessage-ID: <second@x>\nSubject: s\n\n"),
        a_mail(headers={"Message-ID": "<third@x>"}),
        a_record("email", b"", {"x-body-ref": "s3://b/2"}),
    ]

    refused = await an_ingest(published).records_received(batch)

    bodies = [MESSAGES.parse(as_record(each)) for call in published.calls for each in call]
    ids = [body.provider_message_id for body in bodies if isinstance(body, InboundMessage)]
    assert ids == ["first@x", "second@x", "third@x"]
    assert {place: why.reason for place, why in refused.items()} == {3: "malformed"}


def as_record(outgoing: Outgoing) -> Record:
    return Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, (), RECEIVED)
