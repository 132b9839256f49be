"""Links in texts: where they begin and end, and what goes out in their place."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.links import CODE_LENGTH, LinkCodes, found, shortened

CODES = LinkCodes({"1": b"nobody knows this secret"})


def links(text: str) -> list[str]:
    return [text[link.begin : link.end] for link in found(text)]


@pytest.mark.spec("OUT 1")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        (
            "https://it.wikipedia.org/wiki/Pizza_(cibo)!",
            ["https://it.wikipedia.org/wiki/Pizza_(cibo)"],
        ),
        ("<https://a.example/x>", ["https://a.example/x"]),
        ('"https://a.example/x"', ["https://a.example/x"]),
        ("«https://a.example/x»", ["https://a.example/x"]),
        ("https://a.example/x…", ["https://a.example/x"]),
        ("请看https://a.example/x。", ["https://a.example/x"]),
        ("https://a.example/?q=1&r=2#s, ok", ["https://a.example/?q=1&r=2#s"]),
        ("https://a.example/x,https://b.example/y", ["https://a.example/x", "https://b.example/y"]),
        ("https://a.example/1,2;3", ["https://a.example/1,2;3"]),
        ("https://münchen.example/straße?", ["https://münchen.example/straße"]),
        ("HTTPS://A.EXAMPLE/X", ["HTTPS://A.EXAMPLE/X"]),
        ("www.acme.com/sale!", ["www.acme.com/sale"]),
        ("va bene.Io arrivo alle 10.30", []),
        ("ann@acme.com ftp://a.example/x javascript:alert(1) //a.example", []),
        ("https://user:secret@a.example/", []),
        ("https:// http://localhost/x", []),
        ("", []),
    ],
)
def test_a_link_is_found_without_what_stands_around_it(text: str, expected: list[str]) -> None:
    assert links(text) == expected


@pytest.mark.spec("OUT 1")
@given(
    before=st.text(alphabet=string.ascii_letters + " .,;:!?\"'(«“", max_size=20),
    path=st.text(alphabet=string.ascii_letters + string.digits + "/_-", max_size=30),
    after=st.text(alphabet=" .,;:!?)»”…", max_size=5),
)
def test_all_that_is_no_link_goes_out_as_it_was_written(before: str, path: str, after: str) -> None:
    text = f"{before} https://a.example/x{path}y {after}"

    out, (link,) = shortened(text, "go.example", lambda place, url: CODES.of("a", "c", place, url))

    assert out.replace(link.short, link.url) == text
    assert link.url == f"https://a.example/x{path}y"


@pytest.mark.spec("OUT 1")
def test_codes_are_the_same_for_a_command_and_others_for_any_other() -> None:
    codes = {
        CODES.of(account, command, place, url)
        for account in ("acme", "other")
        for command in ("c1", "c2")
        for place in (0, 1)
        for url in ("https://a.example", "https://b.example")
    }

    assert len(codes) == 16
    assert all(re.fullmatch(rf"[0-9A-Za-z]{{{CODE_LENGTH}}}", code) for code in codes)
    again = LinkCodes({"1": b"nobody knows this secret"})
    assert again.of("acme", "c1", 0, "https://a.example") in codes
    other = LinkCodes({"1": b"another secret"})
    assert other.of("acme", "c1", 0, "https://a.example") not in codes


@pytest.mark.spec("OUT 1")
def test_a_link_that_is_short_already_stays() -> None:
    text = "https://go.example/abc https://go.example.evil.example/abc"

    out, made = shortened(text, "go.example", lambda _place, _url: "CODE123456")

    assert out == "https://go.example/abc https://go.example/CODE123456"
    assert [link.url for link in made] == ["https://go.example.evil.example/abc"]


@pytest.mark.spec("OUT 1")
def test_of_very_many_links_the_first_twenty_become_short() -> None:
    text = " ".join(["https://a.example/x"] * 30)

    out, made = shortened(text, "go.example", lambda place, _url: f"{place:010}")

    assert len(made) == 20
    assert out.count("https://a.example/x") == 10
