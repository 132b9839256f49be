"""Outlook's own package: bodies and files come out of it, whatever else is in it (ING 6)."""

import base64
import random
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail.mime import rtf, tnef
from tests.ingest import winmail
from tests.ingest.builders import a_mail, the_message

HTML_IN_RICH_TEXT = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}"
    rb"{\*\generator Riched20;}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe \u8364?5"
    rb"{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 \{ok\}{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0}"
)
PACKAGE = winmail.stream(
    winmail.code_page(1252),
    winmail.of_the_mail(
        (winmail.RICH, winmail.BINARY, winmail.rich(HTML_IN_RICH_TEXT)),
        named=[winmail.named("x-own", 7)],
    ),
    winmail.file(
        "rechnung für märz.pdf",
        b"%PDF-1.7",
        (winmail.MEDIA_TYPE, winmail.STRING8, b"application/pdf\0"),
    ),
    winmail.file("logo.png", b"\x89PNG", (winmail.CONTENT_ID, winmail.STRING8, b"logo@x\0")),
    winmail.attached_mail("Earlier mail", winmail.stream(winmail.code_page(1252))),
)


def packed_up(package: bytes, text: str = "", kind: str = "application/ms-tnef") -> str:
    encoded = base64.encodebytes(package).decode()
    return (
        f"--b\nContent-Type: text/plain\n\n{text}\n"
        f'--b\nContent-Type: {kind}; name="winmail.dat"\nContent-Transfer-Encoding: base64\n'
        f"Content-Disposition: attachment; filename=winmail.dat\n\n{encoded}--b--\n"
    )


HEADER = {"Content-Type": 'multipart/mixed; boundary="b"'}


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("kind", ["application/ms-tnef", "application/octet-stream"])
def test_a_mail_that_outlook_packed_up_has_its_body_and_its_files(kind: str) -> None:
    message = the_message(a_mail(packed_up(PACKAGE, kind=kind), HEADER))

    assert message.text == "Grüße €5 {ok}"
    assert [(f.kind, f.filename, f.media_type, f.size) for f in message.attachments] == [
        ("document", "rechnung für märz.pdf", "application/pdf", 8),
        ("image", "logo.png", "image/png", 4),
        ("document", "Earlier mail", "application/ms-tnef", 25),
    ]
    assert message.attachments[1].content_id == "logo@x"
    assert [f.ref for f in message.attachments] == [f"mime-part:3/{n}" for n in (1, 2, 3)]


def test_the_mails_own_text_counts_over_the_packages() -> None:
    message = the_message(a_mail(packed_up(PACKAGE, text="What I wrote."), HEADER))

    assert message.text == "What I wrote."
    assert message.html is None


@pytest.mark.parametrize(
    ("attributes", "plain", "html"),
    [
        (
            [winmail.of_the_mail((winmail.BODY, winmail.UNICODE, "é€".encode("utf-16-le")))],
            "é€",
            "",
        ),
        (
            [
                winmail.code_page(1251),
                winmail.of_the_mail((winmail.BODY, winmail.STRING8, "Привет".encode("cp1251"))),
            ],
            "Привет",
            "",
        ),
        ([winmail.of_the_mail((winmail.HTML, winmail.BINARY, b"<p>hi</p>"))], "", "<p>hi</p>"),
        ([winmail.attribute(1, 0x0002800C, b"old and plain\0")], "old and plain", ""),
        (
            [winmail.of_the_mail((winmail.RICH, winmail.BINARY, winmail.rich(b"no rich text")))],
            "",
            "",
        ),
    ],
)
def test_the_body_may_be_in_any_of_its_places(
    attributes: list[bytes], plain: str, html: str
) -> None:
    found = tnef.read(winmail.stream(*attributes))

    assert found is not None
    assert (found.plain, found.html) == (plain, html)


@pytest.mark.parametrize("packed", [True, False])
def test_rich_text_that_is_no_html_is_read_as_text(packed: bool) -> None:  # noqa: FBT001
    source = (
        rb"{\rtf1\ansi\ansicpg1250{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}"
        rb"{\*\unknown hidden}\pard Dobr\'fd den,\par\tab \uc2\u269??ek\'e1m\line 1\endash 2\par}"
    )

    assert rtf.read(winmail.rich(source, packed=packed)) == ("Dobrý den,\n\tčekám\n1–2\n", "")


def test_what_was_packed_by_copying_is_unpacked() -> None:
    # A copy that overlaps what it writes, one out of the dictionary, and the end's mark.
    start = 207
    body = (
        b"ab"
        + struct.pack(">H", start << 4 | 4)
        + struct.pack(">H", 0)
        + struct.pack(">H", (start + 10) << 4)
    )
    packed = struct.pack("<II4sI", 0, 0, b"LZFu", 0) + bytes([0b00011100]) + body + b"zz"

    assert rtf.unpacked(packed) == b"abababab{\\"


def test_a_broken_package_stays_a_file_beside_what_could_be_read() -> None:
    whole = winmail.stream(winmail.file("list.csv", b"a;b"), winmail.code_page(1252))
    message = the_message(a_mail(packed_up(whole[:-4], text="See file"), HEADER))

    assert [f.filename for f in message.attachments] == ["list.csv", "winmail.dat"]
    assert the_message(a_mail(packed_up(b"no package", text="x"), HEADER)).attachments[
        0
    ].filename == ("winmail.dat")


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(("count", "kept"), [(100, 0), (101, 1), (103, 1)])
def test_of_more_files_than_are_read_each_is_itself_and_the_package_stays(
    count: int, kept: int
) -> None:
    files = [winmail.file(f"file{n}.txt", f"content {n}".encode()) for n in range(count)]
    package = winmail.stream(*files)
    found = tnef.read(package)
    message = the_message(a_mail(packed_up(package, text="See files"), HEADER))

    assert found is not None
    assert [(file.name, file.content) for file in found.files] == [
        (f"file{n}.txt", f"content {n}".encode()) for n in range(100)
    ]
    assert [file.filename for file in message.attachments[100:]] == ["winmail.dat"] * kept


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "attributes",
    [
        winmail.attribute(2, 0x0006800F, b"of no file"),
        winmail.of_the_mail(*[(winmail.CONTENT_ID, winmail.STRING8, b"")] * 10_001),
    ],
    ids=["a file that was not begun", "too many properties"],
)
def test_a_package_of_which_something_is_left_out_stays_a_file(attributes: bytes) -> None:
    package = winmail.stream(attributes, winmail.file("list.csv", b"a;b"))
    message = the_message(a_mail(packed_up(package, text="See file"), HEADER))

    assert [file.filename for file in message.attachments] == ["list.csv", "winmail.dat"]


@given(st.binary(max_size=300), st.integers(0, 2**32))
def test_no_bytes_make_the_reader_fail(noise: bytes, seed: int) -> None:
    drawn = random.Random(seed)
    broken = bytearray(PACKAGE[: drawn.randrange(len(PACKAGE)) or None])
    for _ in range(drawn.randrange(20)):
        broken[drawn.randrange(len(broken))] = drawn.randrange(256)

    tnef.read(bytes(broken))
    tnef.read(winmail.stream() + noise)
    rtf.read(noise[:8] + b"LZFu" + noise)
    rtf.read(bytes(8) + b"MELA" + bytes(4) + b"{\\rtf1" + noise)


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "package",
    [
        winmail.stream(
            winmail.of_the_mail(
                (winmail.RICH, winmail.BINARY, winmail.rich(b"{\\rtf1 " + unit * n))
            )
        )
        for unit, n in (
            (b"{", 400_000),
            (b"\\a", 200_000),
            (b"\\'41", 100_000),
            (b"\\u1?", 100_000),
        )
    ]
    + [
        winmail.stream(*[winmail.file("f", b"")] * 5_000),
        winmail.stream(winmail.attribute(1, 0x00069003, b"\xff" * 1_000_000)),
        winmail.stream(
            winmail.attribute(1, 0x00069003, struct.pack("<IHHI", 1, 0x1E, 7, 2**31) + bytes(10**6))
        ),
        winmail.stream() + struct.pack("<BII", 1, 0x00069003, 0x7FFFFFFF),
        winmail.stream() + struct.pack("<BII", 1, 0x00069003, 0xFFFFFFFF),
    ],
)
def test_a_hostile_package_takes_no_longer_than_its_length_allows(package: bytes) -> None:
    mail = a_mail(packed_up(package, text="x") + packed_up(package), HEADER)
    started = time.perf_counter()

    the_message(mail)

    assert time.perf_counter() - started < 2
