"""Files that came inside a record: which are published, in which parts, and under which ids."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from services.ingest import rules
from services.ingest.emit import files
from services.ingest.unwrap.large_mail import Blob, LargeMail
from shared.bus.delivery import Outgoing, Record
from shared.contracts.files import LARGEST_PART, FilePart
from shared.contracts.messages import Attachment, InboundMessage
from shared.topics import FILES, MESSAGES
from tests.ingest.builders import (
    MAILBOX,
    Published,
    a_mail,
    a_record,
    a_table,
    a_whatsapp,
    an_ingest,
    settled,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
MIXED = {"Content-Type": 'multipart/mixed; boundary="b"', "MIME-Version": "1.0"}


def a_part(content: bytes, name: str = "a.bin", kind: str = "application/pdf", *more: str) -> str:
    head = [
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{name}"',
        *more,
    ]
    return "\n".join(["--b", *head, "", base64.encodebytes(content).decode()])


def with_files(*parts: str) -> Record:
    body = "--b\nContent-Type: text/plain\n\nsee below\n" + "".join(parts) + "--b--\n"
    return a_mail(body, MIXED)


def published(
    record: Record, largest: int = files.LARGEST
) -> tuple[InboundMessage, list[FilePart]]:
    outcome = rules.settle(rules.read(record), a_table(), largest)
    (message,) = outcome.said
    assert isinstance(message, InboundMessage)
    return message, list(files.parts(message, outcome.contents.get(message.id, {})))


def whole(parts: list[FilePart], file_id: str | None) -> bytes:
    return b"".join(part.data for part in parts if part.file_id == file_id)


@pytest.mark.spec("ING 6")
def test_files_of_a_mail_are_published_byte_for_byte() -> None:
    record = with_files(a_part(PNG, "one.png", "image/png"), a_part(b"two", "two.pdf"))

    message, parts = published(record)

    assert [whole(parts, file.file_id) for file in message.attachments] == [PNG, b"two"]
    assert [(part.name, part.content_type, part.size) for part in parts] == [
        ("one.png", "image/png", len(PNG)),
        ("two.pdf", "application/pdf", 3),
    ]
    assert {part.message_id for part in parts} == {message.id}
    assert {part.contact for part in parts} == {message.contact.id}


@pytest.mark.spec("ING 2")
def test_the_same_record_twice_gives_the_same_files() -> None:
    record = with_files(a_part(PNG), a_part(b"two"))

    first, again = published(record), published(replace(record, offset=9))

    assert [part.id for part in first[1]] == [part.id for part in again[1]]
    assert len({part.file_id for part in first[1]}) == 2


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("size", "pieces"),
    [
        (0, [0]),
        (1, [1]),
        (LARGEST_PART, [LARGEST_PART]),
        (LARGEST_PART + 1, [LARGEST_PART, 1]),
        (3 * LARGEST_PART - 1, [LARGEST_PART, LARGEST_PART, LARGEST_PART - 1]),
    ],
)
def test_a_file_comes_in_parts_of_half_a_mebibyte(size: int, pieces: list[int]) -> None:
    message, parts = published(with_files(a_part(b"x" * size)))

    assert [len(part.data) for part in parts] == pieces
    assert [(part.part, part.parts) for part in parts] == [
        (number, len(pieces)) for number in range(1, len(pieces) + 1)
    ]
    assert message.attachments[0].size == size
    assert all(len(FILES.record(part).value or b"") < FILES.max_bytes for part in parts)


@pytest.mark.spec("ING 6")
def test_a_picture_inside_the_text_is_published_too() -> None:
    message, parts = published(
        with_files(a_part(PNG, "logo.png", "image/png", "Content-ID: <logo@x>"))
    )

    (file,) = message.attachments
    assert (file.content_id, file.inline) == ("logo@x", True)
    assert whole(parts, file.file_id) == PNG


@pytest.mark.spec("ING 6")
def test_a_mail_inside_a_mail_is_a_file_with_all_that_is_in_it() -> None:
    inner = (
        "From: Bea <bea@example.com>\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n"
        'X-Long: one\n two\nContent-Type: multipart/mixed; boundary="i"\n\n'
        "--i\nContent-Type: text/plain\n\nFrom here\n--i\nContent-Type: image/png\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--i--\n"
    )
    message, parts = published(with_files("--b\nContent-Type: message/rfc822\n\n", inner, "\n"))

    (file,) = message.attachments
    assert file.filename == "mail.eml"
    assert whole(parts, file.file_id).decode().strip() == inner.strip()
    assert file.size == len(whole(parts, file.file_id))


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("invoice.EXE", "application/octet-stream"),
        ("invoice.pdf.js", "text/plain"),
        ("x.scr .", "image/png"),
        ("harmless", "application/x-msdownload; x=y"),
    ],
)
def test_a_program_stays_named_and_is_not_published(name: str, kind: str) -> None:
    message, parts = published(with_files(a_part(b"MZ", name, kind), a_part(b"ok", "x.pdf")))

    program, other = message.attachments
    assert (program.refused, program.file_id) == ("kind", None)
    assert program.filename
    assert [part.file_id for part in parts] == [other.file_id]


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("name", "kind"), [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("js", "text/plain")]
)
def test_what_only_a_browser_would_run_is_published(name: str, kind: str) -> None:
    message, parts = published(with_files(a_part(b"<svg/>", name, kind)))

    assert whole(parts, message.attachments[0].file_id) == b"<svg/>"


@pytest.mark.spec("ING 6")
def test_a_file_over_what_is_set_stays_named() -> None:
    message, parts = published(with_files(a_part(b"123"), a_part(b"1234")), largest=3)

    assert [file.refused for file in message.attachments] == [None, "too_large"]
    assert [file.size for file in message.attachments] == [3, 4]
    assert [part.data for part in parts] == [b"123"]


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a\\b\\c.txt", "x" * 10_000, "a\u202egnp.txt", "a\r\nX-Evil: 1"],
)
def test_a_hostile_name_is_made_plain(name: str) -> None:
    encoded = "=?utf-8?b?" + base64.b64encode(name.encode()).decode() + "?="

    message, parts = published(with_files(a_part(b"x", encoded)))

    (part,) = parts
    assert part.name == message.attachments[0].filename
    assert len(part.name.encode()) <= 150
    assert not set("/\\\r\n\u202e") & set(part.name)


@pytest.mark.spec("ING 6")
def test_files_in_postmarks_fields_are_published_and_what_is_no_base64_is_named() -> None:
    document = {
        "FromFull": {"Email": "ann@example.com"},
        "ToFull": [{"Email": MAILBOX}],
        "MailboxHash": "",
        "Subject": "s",
        "TextBody": "t",
        "Attachments": [
            {
                "Name": "a.png",
                "ContentType": "image/png",
                "Content": base64.b64encode(PNG).decode(),
            },
            {"Name": "b.pdf", "ContentType": "application/pdf", "Content": "!!"},
            {"Name": "c.pdf", "ContentType": "application/pdf", "ContentLength": "7"},
        ],
    }

    message, parts = published(a_record("email", json.dumps(document).encode()))

    assert [file.refused for file in message.attachments] == [None, "unreadable", None]
    assert [(part.file_id, part.data) for part in parts] == [(message.attachments[0].file_id, PNG)]


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("provider", ["sendgrid", "mailgun"])
def test_files_of_a_form_are_published_each_of_two_of_one_name(provider: str) -> None:
    fields = {
        "sendgrid": {"headers": "From: ann@example.com\n", "to": MAILBOX, "text": "t"},
        "mailgun": {"recipient": MAILBOX, "from": "ann@example.com", "body-plain": "t"},
    }[provider]
    pieces = [f'form-data; name="{name}"\r\n\r\n{said}'.encode() for name, said in fields.items()]
    pieces += [
        b'form-data; name="attachment"; filename="x.bin"\r\nContent-Type: image/png\r\n\r\n' + each
        for each in (PNG, b"second\r\nline")
    ]
    value = b"".join(b"--b\r\nContent-Disposition: " + piece + b"\r\n" for piece in pieces)
    kind = {"content-type": "multipart/form-data; boundary=b", "x-provider": provider}

    message, parts = published(a_record("email", value + b"--b--\r\n", kind))

    found = [whole(parts, file.file_id) for file in message.attachments]
    assert found == [PNG, b"second\r\nline"]


@pytest.mark.spec("ING 6")
def test_what_lies_elsewhere_stays_as_it_is() -> None:
    media = {"type": "image", "image": {"id": "42", "mime_type": "image/jpeg"}}

    outcome = settled(a_whatsapp(media))

    (message,) = outcome.said
    assert isinstance(message, InboundMessage)
    (file,) = message.attachments
    assert (file.file_id, file.refused) == (None, None)
    assert outcome.contents == {}


async def test_files_follow_their_message() -> None:
    out = Published()
    await an_ingest(out).records_received([with_files(a_part(b"x")), a_mail()])

    (said,) = out.calls
    assert [each.topic for each in said] == [MESSAGES.name, FILES.name, MESSAGES.name]
    assert (said[1].key or b"").startswith(b"shop:")


class Folder:
    """A place with one large mail, as often as it is asked for."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def has(self, _: str) -> bool:
        return True

    async def read(self, _: str, limit: int) -> Blob:
        return Blob(self.raw[:limit], whole=True)


async def test_of_large_mails_that_come_at_once_one_is_held_at_a_time() -> None:
    out = Published()
    raw = with_files(a_part(b"x" * 3_000_000)).value or b""
    ingest = replace(an_ingest(out), large_mail=LargeMail(Folder(raw)))
    claims: list[Record] = [
        a_record("email", b"", {"x-body-ref": f"file:///{n}", "x-rcpt-to": MAILBOX})
        for n in range(3)
    ]

    await ingest.records_received([a_mail(), *claims])

    assert [_sizes(call) for call in out.calls] == [[], *[[3_000_000] * 6] * 3]


def _sizes(call: list[Outgoing]) -> list[int]:
    return [json.loads(each.value or b"")["size"] for each in call if each.topic == FILES.name]


@pytest.mark.parametrize(
    "wrong",
    [
        {"part": 0},
        {"part": 2},
        {"parts": 2},
        {"size": 4},
        {"size": -1},
        {"content": "!!"},
        {"content": base64.b64encode(b"four").decode()},
        {"content": base64.b64encode(bytes(LARGEST_PART + 1)).decode(), "size": LARGEST_PART + 1},
    ],
)
def test_a_part_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    _, (part,) = published(with_files(a_part(b"abc")))

    with pytest.raises(ValueError, match=r"."):
        FilePart.model_validate(part.model_dump() | wrong)


def test_an_attachment_of_before_is_read_as_it_was() -> None:
    assert Attachment.model_validate({"ref": "mime-part:2"}).file_id is None


async def test_of_many_files_so_many_are_held_at_once() -> None:
    out = Published()
    mails = [
        replace(with_files(a_part(bytes([n]) * 1_500_000, f"{n}.pdf")), offset=n) for n in range(8)
    ]

    await an_ingest(out).records_received(mails)

    sizes = [sum(len(each.value or b"") for each in call) for call in out.calls]
    assert len(sizes) > 1
    assert max(sizes) < 9 * 1024 * 1024
    assert len([each for call in out.calls for each in call if each.topic == FILES.name]) == 24
