"""Quotes and HTML: what the customer newly wrote (ING 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.quoting.quotes import new_text

GMAIL = "> hello\n> there"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "quote",
    [
        f"On Thu, Jan 1, 2026 at 10:00 AM Shop <s@shop.example> wrote:\n\n{GMAIL}",
        f"On Thu, Jan 1, 2026 at 10:00 AM Shop\n<s@shop.example> wrote:\n{GMAIL}",
        f"El jue, 1 ene 2026 a las 10:00, Shop (<s@shop.example>) escribió:\n{GMAIL}",
        f"Il giorno gio 1 gen 2026 alle ore 10:00 Shop <s@shop.example> ha scritto:\n\n{GMAIL}",
        f"Le jeu. 1 janv. 2026 à 10:00, Shop <s@shop.example> a écrit :\n\n{GMAIL}",
        f"Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Shop <s@shop.example>:\n\n{GMAIL}",
        f"Em qui., 1 de jan. de 2026 às 10:00, Shop <s@shop.example> escreveu:\n\n{GMAIL}",
        f"2026-01-01 10:00 GMT+01:00 Shop <s@shop.example> wrote:\n{GMAIL}",
        "On 1 Jan 2026, at 10:00, Shop <s@shop.example> wrote:\nhello unquoted",
        GMAIL,
        "-----Original Message-----\nFrom: Shop\nhello",
        "-----Messaggio originale-----\nDa: Shop\nciao",
        "----- Ursprüngliche Nachricht -----\nVon: Shop\nhallo",
        "_____________________\nFrom: Shop <s@x.example>\nSent: May 3\nTo: A\nSubject: RE: x\n\nhi",
        "De: Shop\nEnviado el: jueves\nPara: Ann\nAsunto: x\n\nhola",
        "Da: Shop\nInviato: giovedì\nA: Ann\nOggetto: x\n\nciao",
        "*From:* Shop\n*Sent:* Thursday\n*To:* Ann\n*Subject:* x\n\nhello",
        "##- Please type your reply above this line -##\nhello",
    ],
)
def test_the_mail_that_is_answered_is_left_out(quote: str) -> None:
    assert new_text(f"Thank you!\n\nAnn\n\n{quote}") == "Thank you!\n\nAnn"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "text",
    [
        "Just this.",
        "On Monday your colleague wrote:\nwe will refund you\nPlease do.",
        "> which size?\nM\n> which colour?\nblue",
        "From: Rome\nTo: Milan\nplease",
        GMAIL,
        "See:\n-------- Forwarded message -------\nFrom: X\nDate: y\nSubject: z\nTo: w\n\nhello",
        "",
    ],
)
def test_what_may_be_the_customers_own_words_is_kept(text: str) -> None:
    assert new_text(text) == text


def test_a_forwarded_mail_is_kept_whole() -> None:
    text = "FYI\n\nFrom: Shop\nSent: Thursday\nTo: Ann\nSubject: x\n\nhello"

    assert new_text(text, "Fwd: x") == text


@given(
    st.lists(
        st.sampled_from(
            [
                "hello",
                "> quoted",
                "",
                "On 1 Jan 2026 a@b wrote:",
                "From: x",
                "Sent: y",
                "To: z",
                "-----Original Message-----",
                "a" * 300,
            ]
        ),
        max_size=30,
    )
)
def test_stripping_only_ever_shortens_and_leaves_something(lines: list[str]) -> None:
    text = "\n".join(lines)

    stripped = new_text(text)

    assert stripped in text
    assert bool(stripped.strip()) == bool(text.strip())


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "text",
    [
        "On " + "a " * 20_000,
        "On 1 x wrote\n" * 20_000,
        "On 1 a@b wrote:\n> x\ny\n" * 10_000,
        "From: x\n\n" * 20_000,
        ">" * 200_000,
        "-" * 200_000,
        "schrieb " * 30_000 + ":",
    ],
)
def test_no_text_takes_long_to_strip(text: str) -> None:
    assert new_text(text)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("a &amp; b &euro; &nbsp; c", "a & b € c"),
        ("<style>p{}</style><script>if (a<b) x()</script>hello", "hello"),
        ("<div style='display: none'>pre<div>header</div></div>hello", "hello"),
        ("<span hidden>x</span><span class=hidden>y</span>", "y"),
        ("<p style='font-size:0px'>x</p><p style='font-size:0.9em'>y</p>", "y"),
        ("hello<!-- comment --> world", "hello world"),
        ("<blockquote>old<br>mail</blockquote>", "> old\n> mail"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("1 < 2 and <b>3</b> > 2", "1 < 2 and 3 > 2"),
        ('<a title="a>b" href=x>link</a>', "link"),
        ("<div style='display:none'>all is hidden", "all is hidden"),
        ("<!-- never ends", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(source: str, text: str) -> None:
    assert to_text(source) == text


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<div>",
        "</div>",
        "<a b='",
        '<a b="',
        "<blockquote>",
        "&amp",
        "<script>",
        "<p style='",
        "<![CDATA[",
        "<div style=display:none>",
        "&#9999999999;",
        "< a",
    ],
)
def test_no_html_takes_long_to_read(piece: str) -> None:
    assert isinstance(to_text(piece * (1_000_000 // len(piece))), str)


@given(st.text("<>/!-\"'= abpdivstylehidden&;#x0\n", max_size=200))
def test_any_markup_can_be_read(source: str) -> None:
    assert isinstance(to_text(source), str)
