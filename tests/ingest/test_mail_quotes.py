"""What is quoted, in the languages that mail programs speak, in text and in HTML (ING 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.mime.html_tree import read
from services.ingest.read.mail.quoting.quotes import new_text
from shared.values.html_guard import is_manageable
from tests.ingest.builders import a_mail, the_message

QUOTE = "> hello\n> there"
SHOP = "Shop <s@shop.example>"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "attribution",
    [
        f"Op do 1 jan. 2026 om 10:00 schreef {SHOP}:",
        f"Den tors 1 jan. 2026 kl 10:00 skrev {SHOP}:",
        f"tors. 1. jan. 2026 kl. 10:00 skrev {SHOP}:",
        f"Den tor. 1. jan. 2026 kl. 10.00 skrev {SHOP}:",
        f"to 1. tammik. 2026 klo 10.00 {SHOP} kirjoitti:",
        f"czw., 1 sty 2026 o 10:00 {SHOP} napisał(a):",
        f"W dniu 1.01.2026 o 10:00, {SHOP} pisze:",
        f"чт, 1 янв. 2026 г. в 10:00, {SHOP}:",
        "01.01.2026 10:00, Shop пишет:",
        f"чт, 1 січ. 2026 р. о 10:00 {SHOP} пише:",
        f"čt 1. 1. 2026 v 10:00 odesílatel {SHOP} napsal:",
        f"{SHOP} ezt írta (időpont: 2026. jan. 1., Cs, 10:00):",
        f"În joi, 1 ian. 2026 la 10:00, {SHOP} a scris:",
        f"{SHOP}, 1 Oca 2026 Per, 10:00 tarihinde şunu yazdı:",
        f"{SHOP} 于2026年1月1日周四 10:00写道：",
        f"{SHOP} 於 2026年1月1日 週四 上午10:00寫道：",
        f"2026年1月1日(木) 10:00 {SHOP}:",
        f"2026년 1월 1일 (목) 오전 10:00, {SHOP}님이 작성:",
        f"\u202bבתאריך יום ה׳, 1 בינו׳ 2026 ב-10:00 מאת \u202a{SHOP}\u202c:\u202c",
        f"Vào Th 5, 1 thg 1, 2026 vào lúc 10:00 {SHOP} đã viết:",
        "On Thu, Jan 1, 2026 at\n10:00 AM Shop\n<s@shop.example> wrote:",
        "Il 1 gennaio 2026 10:00 Shop <s@shop.example>\nha scritto:",
    ],
)
def test_attributions_are_known_in_many_languages(attribution: str) -> None:
    assert new_text(f"My answer.\n\n{attribution}\n{QUOTE}") == "My answer."


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "headers",
    [
        "Van: Shop\nVerzonden: donderdag\nAan: Ann\nOnderwerp: x",
        "Från: Shop\nSkickat: torsdag\nTill: Ann\nÄmne: x",
        "Fra: Shop\nSendt: torsdag\nTil: Ann\nEmne: x",
        "Lähettäjä: Shop\nLähetetty: torstai\nVastaanottaja: Ann\nAihe: x",
        "Od: Shop\nWysłano: czwartek\nDo: Ann\nTemat: x",
        "От: Shop\nОтправлено: четверг\nКому: Ann\nТема: x",
        "Від: Shop\nНадіслано: четвер\nКому: Ann\nТема: x",
        "Kimden: Shop\nGönderildi: Perşembe\nKime: Ann\nKonu: x",
        "发件人: Shop\n发送时间: 2026\n收件人: Ann\n主题: x",
        "寄件者：Shop\n寄件日期：2026\n收件者：Ann\n主旨：x",
        "差出人: Shop\n送信日時: 2026\n宛先: Ann\n件名: x",
        "보낸 사람: Shop\n보낸 날짜: 2026\n받는 사람: Ann\n제목: x",
        "Feladó: Shop\nElküldve: 2026\nCímzett: Ann\nTárgy: x",
        "Expéditeur: Shop\nDate: jeudi\nDestinataire: x\nÀ: Ann\nObjet: x".replace(
            "Destinataire: x\n", ""
        ),
    ],
)
def test_header_blocks_are_known_in_many_languages(headers: str) -> None:
    assert new_text(f"My answer.\n\n{headers}\n\nunmarked quote") == "My answer."


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "line",
    [
        "-----Oorspronkelijk bericht-----",
        "-----Ursprungligt meddelande-----",
        "-----Wiadomość oryginalna-----",
        "-------- Исходное сообщение --------",
        "------------------ 原始邮件 ------------------",
        "-----元のメッセージ-----",
        "-----원본 메시지-----",
        "-----Orijinal İleti-----",
    ],
)
def test_so_is_the_line_above_an_original_message(line: str) -> None:
    assert new_text(f"My answer.\n\n{line}\nunmarked quote") == "My answer."


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "text",
    [
        "In the shop I was told:\n> no\nbut I insist",
        "A friend wrote:\nbuy it",
        "чт, 1 янв. 10:00, звонил s@shop.example:\nникто не ответил",
        "To: be\nor: not\nto be",
        "2026-01-01 10:00 I called help@shop.example:\nnobody answered",
        "Sent: the parcel\nTo: my aunt\nDate: yesterday\nFrom: me",
        "---------- Пересланное сообщение ---------\nОт: X\nДата: y\nТема: z\nКому: w\n\nhello",
        "-------- Weitergeleitete Nachricht --------\nVon: X\nDatum: y\nBetreff: z\nAn: w\n\nhello",
    ],
)
def test_sentences_and_forwarded_mails_are_kept_in_any_language(text: str) -> None:
    assert new_text(text) == text


@pytest.mark.parametrize("subject", ["Fwd: x", "WG: x", "I: x", "RV: x", "TR: x", "转发：x"])
def test_a_forwarding_subject_keeps_everything(subject: str) -> None:
    text = f"FYI\n\nOn 1 Jan 2026 {SHOP} wrote:\n{QUOTE}"

    assert new_text(text, subject) == text


HEADER = "<p><b>From:</b> Shop<br><b>Sent:</b> x<br><b>To:</b> Ann<br><b>Subject:</b> y</p>"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote">On x wrote:<blockquote>old</blockquote></div>',
        '<div class="gmail_extra">On x wrote:<br>old</div>',
        '<blockquote type="cite"><div>On x wrote:</div>old</blockquote>',
        '<div class="moz-cite-prefix">On x wrote:</div><blockquote type="cite">old</blockquote>',
        '<div class="protonmail_quote">On x wrote: old</div>',
        '<div class="yahoo_quoted"><div>On x wrote:</div>old</div>',
        f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADER}</div><div>old</div>',
        f'<div style="border:none;border-top:solid #E1E1E1 1.0pt">{HEADER}</div><p>old</p>',
        f'<div style="border: none; border-top: solid #B5C4DF 1.0pt">{HEADER}</div><p>old</p>',
        '<div id="mail-editor-reference-message-container"><p>old</p></div>',
        '<div name="messageReplySection">On x wrote: old</div>',
        '<div data-marker="__QUOTED_TEXT__">old</div>',
        '<span id="OLK_SRC_BODY_SECTION">old</span>',
    ],
)
def test_html_tells_where_the_quote_is(quote: str) -> None:
    page = read(f"<html><body><div>New <b>words</b></div><br>{quote}</body></html>")

    assert page.new is not None
    assert to_text(page.new) == "New words"
    assert "old" in to_text(page.full)


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "source",
    [
        "<p>hello</p>",
        "<blockquote type=cite>old</blockquote><p>my answer is below</p>",
        '<p>see</p><div class="gmail_quote"><blockquote>size?</blockquote><div>M</div></div>',
        '<div class="gmail_quote">On x:<blockquote>all of it is quoted</blockquote></div>',
        '<div style="border-top:solid #E1E1E1 1.0pt">My own line with a border</div>',
        "<p>From: Rome</p><p>To: Milan</p>",
    ],
)
def test_answers_between_and_below_quotes_keep_all_of_it(source: str) -> None:
    assert read(source).new is None


@pytest.mark.spec("ING 6")
def test_the_full_text_is_kept_wherever_a_quote_was_cut() -> None:
    html = '<p>Ja!</p><blockquote type="cite">Und?</blockquote>'

    message = the_message(a_mail(html, {"Content-Type": "text/html; charset=utf-8"}))

    assert (message.text, message.text_full) == ("Ja!", "Ja!\n\n> Und?")
    assert message.html is not None
    assert "Und?" in message.html


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p onclick=x style='color:red'>a<script>b</script></p>", "<p>a</p>"),
        (
            "<img src='https://t.example/x.gif' alt=a>",
            '<img data-remote="https://t.example/x.gif" alt="a">',
        ),
        ("<img data-remote='https://t.example/x.gif' src='CID:a'>", '<img src="CID:a">'),
        ("<img data-remote='javascript:x'>", "<img>"),
        ("<img src='CID:logo'>", '<img src="CID:logo">'),
        ("<form action=x><input name=y>a</form><iframe src=x></iframe>", "a"),
        ("<div style='display:none'>pre<p>header</p></div>a", "a"),
        ("<div hidden><div hidden>b</div></div>a", "a"),
        ("<p style='font-size:0px;max-height:0'>b</p>a<!-- c -->", "a"),
        ("<style>p{}</style><title>b</title><svg><script>c</script></svg>a", "a"),
        ("<a href='data:text/html,x'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
    ],
)
def test_html_is_kept_without_what_is_hidden_or_dangerous(source: str, shown: str) -> None:
    assert read(source).shown == shown


@pytest.mark.spec("ING 6")
def test_html_that_would_take_too_long_is_not_shown_but_its_text_is() -> None:
    html = "<div>" * 500 + "hello"

    message = the_message(a_mail(html, {"Content-Type": "text/html"}))

    assert not is_manageable(html)
    assert (message.text, message.html) == ("hello", None)
    assert "html_not_shown" in message.flags


@pytest.mark.parametrize(
    "source",
    [
        "<p>" * 5_000,
        "<ul>" + "<li>x" * 5_000,
        "<table>" + "<tr><td>x<td>y" * 2_000 + "</table>",
        "<div>" * 150 + "</div>" * 150,
        "<p><b>x</p>" * 20,
        "<br>" * 10_000,
        "a < b" * 1_000,
        "<script>" + "<div>" * 1_000 + "</script>",
    ],
)
def test_what_sloppy_programs_write_is_manageable(source: str) -> None:
    assert is_manageable(source)


@given(st.text("<>/!-\"'= abpdivstylehiddenblockquotetypecite&;#x0\n", max_size=300))
def test_any_html_is_taken_apart(source: str) -> None:
    page = read(source)

    assert isinstance(to_text(page.full), str)
    assert page.shown is not None
    assert "<script" not in page.shown.lower()


@pytest.mark.spec("ING 6")
def test_what_an_editors_button_indents_is_no_quote() -> None:
    indented = (
        '<div>These</div><blockquote style="margin: 0 0 0 40px; border: none">M, L</blockquote>'
    )

    assert to_text(indented) == "These\n\nM, L"
    assert the_message(a_mail(indented, {"Content-Type": "text/html"})).text == "These\n\nM, L"
    assert to_text('<blockquote type="cite" style="border:none">old</blockquote>') == "> old"


@pytest.mark.spec("ING 6")
def test_preformatted_lines_stay_lines() -> None:
    assert to_text("<p>log:</p><pre>one\n  two\n\nthree</pre><p>end</p>") == (
        "log:\n\none\ntwo\n\nthree\n\nend"
    )
