"""Customers' HTML becomes a document in which nothing acts and nothing is fetched."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from services.desk.rules.mail_html import ENGLISH, SafeMail, Words, csp_of_frame, safe_document
from services.desk.rules.mail_markup import ATTRIBUTES, ELEMENTS
from services.desk.rules.mail_styles import PROPERTIES, limited
from shared.contracts.messages import Attachment
from tests.desk.hostile import KEPT, MAILS
from tests.desk.hostile.marks import EVIL, PIXEL, RUN
from tests.examples import examples, table
from tests.ingest.builders import a_record, the_message

OURS = {"html", "head", "meta", "base", "style", "title", "body"}
CLASSES = {("details", "quoted"), ("img", "picture"), ("div", "text")}
ALLOWED_SECONDS = 2.0


def body_of(mail: SafeMail) -> str:
    return mail.document.split("<body>")[1].removesuffix("</body></html>")


def shown(html: str, *, remote: bool = False, words: Words = ENGLISH) -> str:
    return body_of(safe_document(html, remote=remote, words=words))


def faults(mail: SafeMail, *, remote: bool) -> list[str]:
    """What a browser would find in the document that may not be there."""
    found: list[str] = []
    for node in LexborHTMLParser(mail.document).css("*"):
        if node.tag in OURS:
            continue
        if node.tag not in ELEMENTS:
            found.append(f"<{node.tag}>")
        for name, value in node.attributes.items():
            found += fault_of(node.tag or "", name, value or "", remote=remote)
    return found


def fault_of(tag: str, name: str, value: str, *, remote: bool) -> list[str]:
    told = [f"{tag} {name}={value[:80]!r}"]
    if name == "class":
        return [] if (tag, value) in CLASSES else told
    if name == "rel":
        return [] if value == "noopener noreferrer nofollow" else told
    if name not in ATTRIBUTES.get(tag, frozenset()) | ATTRIBUTES["*"]:
        return told
    if name == "href":
        return [] if value.lower().startswith(("http://", "https://", "mailto:", "tel:")) else told
    if name in ("src", "background"):
        lowered = value.lower()
        web = lowered.startswith(("http://", "https://"))
        return [] if lowered.startswith("data:image/") or (remote and web) else told
    if name == "style":
        names = {each.partition(":")[0] for each in value.split(";")}
        return [] if names <= PROPERTIES and "(" not in value.replace("rgb(", "") else told
    return []


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("name", MAILS)
def test_nothing_of_a_hostile_mail_acts_and_its_words_are_kept(name: str, *, remote: bool) -> None:
    hostile = MAILS[name]
    start = time.process_time()
    mail = safe_document(hostile.html, remote=remote)
    took = time.process_time() - start

    assert faults(mail, remote=remote) == []
    assert not set("\0\u202d\u202e") & set(mail.document)
    assert KEPT in mail.document.replace("\u00ad", "").replace("\ufffd", "")
    assert (mail.remote, mail.quoted) == (hostile.remote, hostile.quoted)
    assert took < ALLOWED_SECONDS


@pytest.mark.parametrize("name", table(MAILS, slow=frozenset({"attributes without end (page)"})))
def test_a_hostile_mail_that_came_by_ingest_is_as_harmless(name: str) -> None:
    message = the_message(a_record("email", MAILS[name].raw))
    mail = safe_document(message.html or "", message.attachments)

    assert faults(mail, remote=False) == []
    assert message.html is None or KEPT in mail.document.replace("\u00ad", "")
    assert KEPT in message.text.replace("\u00ad", "") or "unreadable" in message.flags


TAGS = [
    *sorted(ELEMENTS),
    *("script", "style", "svg", "math", "template", "noscript", "iframe", "form", "input", "title"),
    *("select", "option", "textarea", "mglyph", "mtext", "foreignObject", "xmp", "plaintext"),
    *("body", "html", "head", "frameset", "object", "annotation-xml", "desc", "malignmark", "base"),
]
ATTRIBUTE = st.sampled_from(
    [
        *("onerror=x", f'onload="{RUN}"', "href=javascript:x", 'href="&#106;avascript:x"', "src=x"),
        *(f"src=//{EVIL}/a", f"style='background:url(//{EVIL})'", "style=position:fixed", "id=x"),
        *("class=gmail_quote", "class='quoted x'", "type=cite", "srcdoc=x", "xlink:href=x", "open"),
        *(
            "style=color:red",
            'title="</title><img src=x onerror=x>"',
            "encoding=text/html",
            "dir=x",
        ),
        *("colspan=99999", "src=cid:a", "alt='--><script>'", "name=body", "\0=x", "`=`"),
    ]
)
PIECE = st.one_of(
    st.builds(
        "<{} {}>".format, st.sampled_from(TAGS), st.lists(ATTRIBUTE, max_size=3).map(" ".join)
    ),
    st.builds("</{}>".format, st.sampled_from(TAGS)),
    st.sampled_from(
        ["<!--", "-->", "--!>", "<![CDATA[", "]]>", "<!doctype x>", "<?x", "\n", "kept"]
    ),
    st.sampled_from(["<", ">", '"', "'", "&lt;", "&#0;", "&nbsp;", "\r", "\0", "\ud800", "\u202e"]),
)
MARKUP = st.lists(PIECE, max_size=40).map("".join)


@given(html=MARKUP, remote=st.booleans())
@settings(max_examples=examples(600), deadline=None)
def test_whatever_the_markup_a_parser_finds_nothing_forbidden(html: str, remote: bool) -> None:  # noqa: FBT001  # drawn
    assert faults(safe_document(html, remote=remote), remote=remote) == []


@given(html=MARKUP, remote=st.booleans())
@example(html="<a style=x:url(x) title=x>", remote=False)
@example(html="<pre>\n\n\nkept", remote=False)
@example(html="<a class=gmail_quote>x<blockquote type=cite>", remote=False)
@settings(max_examples=examples(400), deadline=None)
def test_a_safe_document_made_safe_again_is_the_same(html: str, remote: bool) -> None:  # noqa: FBT001  # drawn
    once = safe_document(html, remote=remote).document

    assert safe_document(once, remote=remote).document == once


@given(st.text(max_size=200))
@settings(max_examples=examples(300), deadline=None)
def test_whatever_a_style_says_only_plain_declarations_stay(style: str) -> None:
    kept = limited(style)

    assert limited(kept) == kept
    assert not set("\\{}<>@") & set(kept)
    assert all(each.partition(":")[0] in PROPERTIES for each in kept.split(";") if each)


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: #c00; FONT-SIZE:12.5px", "color:#c00;font-size:12.5px"),
        ("font:bold 12px/1.4 'Segoe UI', Arial", "font:bold 12px/1.4 'Segoe UI', Arial"),
        ("background:rgb(1, 2, 3) !important", "background:rgb(1, 2, 3)"),
        ("border-top:solid #E1E1E1 1.0pt", "border-top:solid #E1E1E1 1.0pt"),
        ("position:fixed;z-index:9;transform:scale(9)", ""),
        ("background:url(x);background:image-set('x' 1x)", ""),
        ("margin:-9999px;width:99999px;color:re\\64", ""),
        ("width:expression(1);color:var(--x);width:calc(1px)", ""),
    ],
)
def test_styles_of_text_stay_and_others_go(style: str, kept: str) -> None:
    assert limited(style) == kept


def test_pictures_from_elsewhere_are_held_back_until_they_are_asked_for() -> None:
    html = f"<p>x<img src='//{EVIL}/offer.png' alt='Our offer' srcset='//{EVIL}/2 2x'></p>"

    assert shown(html) == f'<p>x<img alt="Our offer" title="{EVIL}" class="picture"></p>'
    assert (
        shown(html, remote=True) == f'<p>x<img src="https://{EVIL}/offer.png" alt="Our offer"></p>'
    )


def test_a_picture_too_small_to_be_seen_is_never_fetched() -> None:
    html = f"<p>x<img src=https://{EVIL}/t width=1 height=1></p>"

    assert safe_document(html, remote=True).remote == 1
    assert shown(html, remote=True) == "<p>x</p>"


def test_a_picture_that_came_as_a_file_has_its_name() -> None:
    files = [Attachment(filename="a\u202egnp.exe<b>", content_id="<Logo@shop>")]
    mail = safe_document(
        "<img src='CID:logo@shop'><img src=cid:gone>", files, words=Words("q", "pic")
    )

    assert body_of(mail) == (
        '<img alt="agnp.exe&lt;b&gt;" class="picture"><img alt="pic" class="picture">'
    )


def test_a_picture_inside_the_mail_is_shown() -> None:
    assert shown(f"<img src='{PIXEL}' alt=dot>") == f'<img src="{PIXEL}" alt="dot">'


def test_links_lead_to_the_web_a_mail_program_or_a_phone_and_tell_nothing() -> None:
    rel = 'rel="noopener noreferrer nofollow"'
    html = (
        "<a href='https://a.example/?b=1&c' target=_top>x</a><a href=/desk>y</a><a href=tel:1>z</a>"
    )

    assert shown(html) == (
        f'<a href="https://a.example/?b=1&amp;c" {rel}>x</a><a {rel}>y</a>'
        f'<a href="tel:1" {rel}>z</a>'
    )


@pytest.mark.parametrize(
    ("html", "folded"),
    [
        ("new<div class='x gmail_quote'>old</div>", "<div>old</div>"),
        (
            "new<blockquote type=cite>old</blockquote>after",
            '<blockquote type="cite">old</blockquote>',
        ),
        ("<p>new</p><div><blockquote>old</blockquote> </div>", "<blockquote>old</blockquote>"),
        ("<p>new</p><div id=divRplyFwdMsg>From: x</div><p>old</p>", "<div>From: x</div><p>old</p>"),
    ],
)
def test_what_is_quoted_is_folded(html: str, folded: str) -> None:
    mail = safe_document(html, words=Words(quoted="Zitat <1>"))

    assert mail.quoted
    assert (
        f'<details class="quoted"><summary>Zitat &lt;1&gt;</summary>{folded}</details>'
        in mail.document
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p>new</p><blockquote>said</blockquote><p>after</p>",
        "<p>new</p><div style='border-top:solid #E1E1E1 1pt'>a line only</div>",
    ],
)
def test_what_may_be_new_is_not_folded(html: str) -> None:
    assert not safe_document(html).quoted


def test_a_mail_that_only_quotes_is_shown_open() -> None:
    assert shown("<div class=gmail_quote>all of it</div>", words=Words("Quote")) == (
        '<details class="quoted" open=""><summary>Quote</summary><div>all of it</div></details>'
    )


def test_html_that_takes_too_long_is_shown_as_text() -> None:
    html = "<style>p{}</style><p>a &lt;b&gt;</p>" + "<div>" * 300 + "c<br>d"

    assert shown(html) == '<div class="text">a &lt;b&gt;\nc\nd</div>'


def test_the_frame_may_show_pictures_and_nothing_else() -> None:
    closed, opened = csp_of_frame(remote=False), csp_of_frame(remote=True)

    assert closed.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")
    assert opened == closed.replace("img-src data:", "img-src data: https: http:")
    assert "allow-scripts" not in closed
    assert "allow-same-origin" not in closed


def test_a_picture_whose_address_was_set_aside_is_shown_when_asked_for() -> None:
    kept = '<p>Hi<img data-remote="https://shop.example/a.png" alt="A hat"></p>'

    without, asked = safe_document(kept), safe_document(kept, remote=True)

    assert (without.remote, asked.remote) == (1, 1)
    assert "shop.example/a.png" not in without.document
    assert 'src="https://shop.example/a.png"' in asked.document
