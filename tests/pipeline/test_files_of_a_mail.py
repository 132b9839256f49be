"""A mail comes with two files; the desk has them byte for byte (ING 6, VWS 5)."""

import base64
import random

import pytest

from services.desk.rules.files import headers_of
from shared.contracts.files import LARGEST_PART
from shared.contracts.messages import InboundMessage
from shared.topics import FILES, SCREENED
from tests.pipeline.stage import MAILBOX, Stage, acme

REPORT = random.Random(11).randbytes(LARGEST_PART + 4_321)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def a_part(content: bytes, *head: str) -> str:
    encoded = base64.encodebytes(content).decode()
    return "\r\n".join(["--b", "Content-Transfer-Encoding: base64", *head, "", encoded])


MAIL = "\r\n".join(
    [
        "From: Carla <carla@example.com>",
        f"To: {MAILBOX}",
        "Subject: My report",
        "Message-ID: <report@mail.example.com>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "See both files",
        a_part(
            REPORT,
            "Content-Type: application/pdf",
            "Content-Disposition: attachment; filename*=UTF-8''Relazione%20n%C2%B0%201.pdf",
        ),
        a_part(PICTURE, "Content-Type: image/png", "Content-ID: <p@x>"),
        "--b--",
        "",
    ]
)


@pytest.mark.spec("ING 6")
async def test_the_files_of_a_mail_are_at_the_desk_byte_for_byte(stage: Stage) -> None:
    await stage.account(acme())

    await stage.raw("email", MAIL.encode(), content_type="message/rfc822", x_rcpt_to=MAILBOX)
    await stage.raw("email", MAIL.encode(), content_type="message/rfc822", x_rcpt_to=MAILBOX)

    stage.only_ticket()
    (message, *again) = [m for m in stage.bodies(SCREENED) if isinstance(m, InboundMessage)]
    assert all(each.attachments == message.attachments for each in again)
    ids = [file.file_id for file in message.attachments]
    known = await stage.files.known("acme", ids)
    assert [known[id_].here for id_ in ids] == [True, True]
    got = [b"".join([p async for p in stage.files.content(known[id_])]) for id_ in ids]
    assert got == [REPORT, PICTURE]
    leaves = headers_of(known[ids[0]])
    assert leaves["Content-Disposition"].endswith("UTF-8''Relazione%20n%C2%B0%201.pdf")
    assert leaves["Content-Length"] == str(len(REPORT))
    assert {part.file_id for part in stage.bodies(FILES)} == set(ids)
