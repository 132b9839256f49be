"""What files are called, how they leave, and where they are said to be (VWS 5)."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.rules import files
from services.desk.rules.addresses import is_address
from services.desk.rules.files import File, content_type, disposition, file_name
from services.desk.rules.lines import Line
from services.desk.rules.mail_html import safe_document
from services.desk.rules.showing_files import addressed, shown_files
from shared.contracts.messages import Attachment
from tests.builders import MONDAY, an_inbound_mail
from tests.desk.test_views import a_row

SECRET = b"s" * 32
PNG = b"\x89PNG\r\n\x1a\nrest"


def a_file(**more: Any) -> File:
    known: dict[str, Any] = {
        "account_id": "acme",
        "id": "f1",
        "name": "a.pdf",
        "content_type": "application/pdf",
        "size": 3,
        "parts": 1,
        "at": MONDAY,
        "here": True,
    }
    return File(**(known | more))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\r\nX-Evil: 1", "a X-Evil_ 1"),
        ('say "hi".txt', "say _hi_.txt"),
        ("Ricevuta n° 1.pdf", "Ricevuta n° 1.pdf"),
        ("...", "file"),
        ("", "file"),
        ("\0\u200b", "file"),
    ],
)
def test_a_name_is_safe_to_show_and_to_save(name: str, plain: str) -> None:
    assert file_name(name) == plain


def test_of_a_name_of_ten_thousand_characters_the_end_stays() -> None:
    assert file_name("x" * 10_000 + ".pdf") == "x" * 116 + ".pdf"


@given(st.text(max_size=300))
def test_no_name_gets_out_of_its_header(name: str) -> None:
    said = disposition(name)

    assert said.isascii()
    assert said.isprintable()
    found = re.fullmatch(r"attachment; filename=\"([^\"\\;/]+)\"; filename\*=UTF-8''(\S+)", said)
    assert found is not None
    assert unquote(found[2]) == file_name(name)


@given(st.text(max_size=300))
def test_a_name_that_is_safe_stays_as_it_is(name: str) -> None:
    assert file_name(file_name(name)) == file_name(name)


@pytest.mark.parametrize(
    ("said", "leaves"),
    [
        ("application/pdf", "application/pdf"),
        ("Image/PNG; charset=x", "image/png"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/javascript", "application/octet-stream"),
        ("a/b\r\nX: 1", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_what_a_browser_would_run_leaves_as_bytes(said: str | None, leaves: str) -> None:
    assert content_type(said) == leaves


def test_a_link_counts_for_its_file_and_its_time_alone() -> None:
    file = a_file()
    link = files.link(SECRET, "https://desk.example.com", file).rpartition("/")[2]
    until = MONDAY + timedelta(days=8)

    assert files.linked(SECRET, link, until - timedelta(seconds=1)) == ("acme", "f1")
    assert files.linked(SECRET, link, until) is None
    assert files.linked(b"t" * 32, link, MONDAY) is None
    assert files.link(SECRET, "", replace(file, id="f2")) != files.link(SECRET, "", file)


@given(st.text(max_size=200))
def test_whatever_is_no_link_leads_nowhere(given_: str) -> None:
    assert files.linked(SECRET, given_, MONDAY) is None


@pytest.mark.parametrize("place", range(8))
def test_a_link_that_was_changed_leads_nowhere(place: int) -> None:
    link = files.link(SECRET, "", a_file()).rpartition("/")[2]
    at = place * (len(link) - 1) // 7
    other = "A" if link[at] != "A" else "B"

    changed = files.linked(SECRET, link[:at] + other + link[at + 1 :], MONDAY)

    assert changed in (None, ("acme", "f1"))  # the last letter has bits that mean nothing
    assert changed is None or at == len(link) - 1


@pytest.mark.parametrize(
    ("file", "known", "days", "state", "has_link"),
    [
        ({"file_id": "f1"}, a_file(), 0, "here", True),
        ({"file_id": "f1"}, a_file(here=False), 0, "coming", False),
        ({"file_id": "f1"}, None, 6, "coming", False),
        ({"file_id": "f1"}, None, 8, "nowhere", False),
        ({"ref": "mime-part:2"}, None, 0, "nowhere", False),
        ({"ref": "mime-part:2", "refused": "kind"}, None, 0, "refused", False),
        ({"ref": "https://x.example/a"}, None, 0, "elsewhere", True),
    ],
)
def test_where_a_file_is_is_said(
    file: dict[str, Any], known: File | None, days: int, state: str, *, has_link: bool
) -> None:
    line = Line("acme", "m1", "t1", "reply", received_at=MONDAY, attachments=(file,))

    (shown,) = shown_files(line, {"f1": known} if known else {}, MONDAY + timedelta(days=days))

    assert shown.state == state
    assert bool(shown.href) == has_link


def test_what_was_erased_shows_no_file() -> None:
    line = Line("acme", "m1", "t1", "reply", attachments=({"file_id": "f1"},), deleted=True)

    assert shown_files(line, {"f1": a_file()}, MONDAY) == ()


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ann@example.com", True),
        ("ann+x@sub.example.co", True),
        ("ünï@exämple.com", True),
        ("ann", False),
        ("ann@localhost", False),
        ("a@b.c, d@e.f", False),
        ("Ann <ann@example.com>", False),
        ("ann@example.com\nBcc: x@y.z", False),
        ("a@b..c", False),
        ("a" * 65 + "@b.c", False),
        ("\u202ea@b.c", False),
    ],
)
def test_an_address_is_one_address_and_nothing_else(text: str, *, is_one: bool) -> None:
    assert is_address(text) is is_one


def test_those_who_take_part_are_offered_but_for_the_contact_and_the_account() -> None:
    summary = a_row(1).summary
    assert summary is not None
    mail = an_inbound_mail(
        by="anna",
        to=(f"{summary.address.partition('@')[0]}+tok@{summary.address.partition('@')[2]}",),
        cc=("Luca@example.com", "luca@example.com", "no address", "ANNA@example.com"),
    )
    summary = summary.model_copy(update={"contact": mail.contact})
    line = Line("acme", mail.id, "t1", "message", message=mail.model_dump(mode="json"))

    assert addressed([line], summary) == ("Luca@example.com",)


def cid(*ids: str) -> str:
    return "".join(f'<p><img src="cid:{each}" alt="x"></p>' for each in ids)


def test_a_bitmap_that_came_with_the_mail_is_shown_inside_it() -> None:
    attachment = Attachment(content_id="logo@x", filename="logo.png", file_id="f1")
    pictures = {"logo@x": files.as_data(PNG) or ""}

    safe = safe_document(cid("logo@x", "other@x"), [attachment], pictures)

    assert f'src="{pictures["logo@x"]}"' in safe.document
    assert safe.document.count("<img") - safe.document.count("data:image") == 1
    assert "cid:" not in safe.document


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", b"<html>", b"", b"RIFF1234WAVE"])
def test_what_is_no_bitmap_is_never_shown(content: bytes) -> None:
    assert files.as_data(content) is None


def test_pictures_are_shown_while_they_fit() -> None:
    sizes = {"a": files.LARGEST_PICTURES - 10, "b": 11, "c": 10, "d": 1}
    known = {id_: a_file(id=id_, size=size) for id_, size in sizes.items()}
    known["e"] = a_file(id="e", size=0, here=False)
    attachments = [Attachment(content_id=id_, file_id=id_) for id_ in (*sizes, "e", "f")]

    assert list(files.to_show(attachments, known)) == ["a", "c"]
