"""What of a mail's text is shown: pairs of a text and what a reader wants to see of it (ING 6).

`corpus/quotes_given` holds a pair in two files, `corpus/quotes` many pairs in a file for each
program or kind of text. White space does not count.
"""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.read.mail.quoting.quotes import new_text

CORPUS = Path(__file__).parent / "corpus"
_PAIR = re.compile(r"^===== (?!wanted\n)(.*)\n([\s\S]*?)\n===== wanted\n", re.MULTILINE)


def _pairs() -> dict[str, tuple[str, str]]:
    found = {
        path.name.removesuffix(".want.txt"): (
            path.with_name(path.name.replace(".want.txt", ".txt")).read_text(),
            path.read_text(),
        )
        for path in (CORPUS / "quotes_given").glob("*.want.txt")
    }
    for path in (CORPUS / "quotes").glob("*.txt"):
        _, *pieces = _PAIR.split(path.read_text())
        for name, text, wanted in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
            found[name] = (text, wanted)
    return found


PAIRS = _pairs()
PLAIN_LINES = st.sampled_from(
    [
        "Yes, the blue one please",
        "Size M.",
        "order 1234: still not here!",
        "Am Montag war niemand da",
        "Il mio ordine non è arrivato",
        "ok",
        "Where is it? I paid 20.50 on 3 May",
        "From my point of view it is late",
        "my sister wrote that it fits",
        "* one",
        "- two",
        "1) first",
        "call me: 555 0100",
        "https://shop.example/lamp",
        "Subject to change, I know",
        "To be clear: no",
        "A > B",
        "gracias :)",
        "ありがとう",
        "ann@example.com is my address",
        "I bought it on 03/05/2026 at 10:12",
        "Sent from my iPhone it does not work",
        "C: drive, or D: drive",
        "| is a bar",
        "the parcel -- both halves",
    ]
)
OWN = st.lists(PLAIN_LINES, min_size=1, max_size=4)
QUOTES = st.sampled_from(
    [
        "On Thu, 1 Jan 2026 at 10:00 Shop <s@shop.example> wrote:\n\n> Which colour?\n> Nora",
        "Il 01/01/2026 10:00, Shop ha scritto:\n> Che colore?",
        "Am 01.01.26 um 10:00 schrieb Shop:\n> Welche Farbe?\n>> Blau",
        "> Which colour?\n>\n> -- Shop",
        "Shop <s@shop.example> writes:\n\n> Which one?",
        "N> Which colour?\nN>\nN> Nora",
    ]
)
LAST_QUOTES = st.sampled_from(
    [
        "-----Original Message-----\nFrom: Shop <s@shop.example>\nSent: x\nTo: Ann\n\nWhich?",
        "Von: Shop <s@shop.example>\nGesendet: x\nAn: Ann\nBetreff: y\n\nWelche Farbe?",
        "________________________________\nSubject: y\nFrom: s@shop.example\nTo: Ann\n\nWhich?",
        "On Thu, Jan 1, 2026 at 10:00 AM Shop <s@shop.example> wrote:\nWhich colour?",
        "##- Reply above this line -##\n\nYour request was updated.",
    ]
)


def folded(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("name", sorted(PAIRS))
def test_a_reader_sees_what_the_customer_newly_wrote(name: str) -> None:
    text, wanted = PAIRS[name]

    assert folded(new_text(text)) == folded(wanted)


def test_there_are_pairs_of_many_programs() -> None:
    assert len(PAIRS) >= 250


@pytest.mark.spec("ING 6")
@given(
    st.lists(st.tuples(OWN | st.just([]), QUOTES), min_size=1, max_size=3),
    OWN | st.just([]),
    st.none() | LAST_QUOTES,
)
def test_nothing_that_the_customer_wrote_is_cut(
    pieces: list[tuple[list[str], str]], last: list[str], ending: str | None
) -> None:
    own = [line for lines, _ in pieces for line in lines] + last
    blocks = [block for lines, quote in pieces for block in ("\n".join(lines), quote) if block]
    blocks += ["\n".join(last)] if last else []
    blocks += [ending] if ending else []
    shown = new_text("\n\n".join(blocks))

    for line in own:
        assert line in shown


@pytest.mark.spec("ING 6")
@example(
    own=["I bought it on 03/05/2026 at 10:12", "my sister wrote that it fits"],
    quote="> Which colour?\n>\n> -- Shop",
)
@given(OWN, QUOTES | LAST_QUOTES)
def test_above_a_quote_the_text_is_all_that_is_shown(own: list[str], quote: str) -> None:
    assert new_text("\n".join(own) + f"\n\n{quote}") == "\n".join(own)


@pytest.mark.spec("ING 6")
@given(OWN, QUOTES)
def test_below_a_quote_the_text_is_all_that_is_shown(own: list[str], quote: str) -> None:
    assert new_text(f"{quote}\n\n" + "\n".join(own)) == "\n".join(own)


@pytest.mark.spec("ING 6")
@given(st.lists(PLAIN_LINES, min_size=1, max_size=12))
def test_a_text_without_a_quote_is_shown_as_it_is(lines: list[str]) -> None:
    assert new_text("\n".join(lines)) == "\n".join(lines)


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "signature",
    [
        "-- \nVera\n“Be kind to everyone you meet today.”",
        "--\nVera Bianchi\nhttps://vera.example\nMobile: +39 000",
        "--\nVera\n\nThis e-mail is confidential and intended only for the addressee.",
        "Inviato da iPhone",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Envoyé de mon iPhone",
        "iPhoneから送信",
        "发自我的iPhone",
        "Отправлено из мобильной почты",
        "Sent from Yahoo Mail for iPhone",
        "Get Outlook for Android<https://aka.example/a>",
        "---\nYou are receiving this because you were mentioned.\nhttps://x.example",
    ],
)
@given(own=OWN)
def test_signatures_and_programs_lines_go(signature: str, own: list[str]) -> None:
    text = "\n".join(own)

    assert new_text(f"{text}\n\n{signature}") == text


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "below",
    [
        "--\nPlease also send me the invoice for the last order.",
        "---\nSecond question: how long is the cable?",
        "This is confidential: do not tell my wife about the ring.",
        "How do I unsubscribe from these mails?",
        "Best regards,\nVera",
        "I am receiving this newsletter twice, please stop it.",
        "To view my order I have to log in each time.",
    ],
)
def test_what_only_looks_like_a_closing_stays(below: str) -> None:
    text = f"It is broken.\n\n{below}"

    assert new_text(text) == text


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "text",
    [
        "Bonjour,\nPour répondre à votre question, voici mon numéro : 12345\nMerci\nAnne",
        "Buongiorno,\nPer annullare l'acquisto cosa devo fare?\nGrazie",
        "Buongiorno,\nPer rispondere alla vostra domanda: ho acquistato il 3.",
        "Hola,\nPara cancelar el pedido, ¿es posible que lo haga por teléfono?",
        "Hola,\nPara responder a su pregunta, aquí tiene el número: 12345",
        "Hello,\nTo change my password I click on the link and nothing happens.\nPlease help.",
        "Hi,\nYou are receiving this email because I placed order 12345 with you.",
        "Hallo,\nUm den Newsletter abzubestellen, habe ich dreimal auf den Link geklickt.",
        "Hallo,\nSie erhalten diese Nachricht, da ich telefonisch niemanden erreiche.",
        "Dag,\nU ontvangt dit bericht omdat ik een klacht heb.",
        "Bonjour,\nVous avez reçu ce message de ma part lundi.",
        "Hola,\n\nEste paquete no llegó al destinatario.",
        "Hola,\n\n¿El embalaje respeta el medio ambiente?",
        "Ciao,\n\nQuesto pacco non è arrivato al destinatario.",
        "Ciao,\n\nai sensi del GDPR chiedo la cancellazione dei miei dati.",
        "您好，订单12345还没到。\n\n请确认收到本邮件。",
        "您好：\n\n本邮件附上发票照片，请查收。",
        "Hi,\n\nI received an email intended for another customer.",
        "Hi,\n\nA parcel came. I am not the intended recipient.",
        "Hi,\n\nWhere can I find your privacy notice?",
        "Hi,\n\nthe attachment has my bank details, please keep it confidential.",
        "Hi,\n\nI ask for my data; your privacy notice says I may.\n\nPlease delete it in 30 days.",
        "Guten Tag,\n\nbitte behandeln Sie diese Nachricht vertraulich.",
        "Guten Tag,\n\nich bin nicht der richtige Empfänger, das Paket gehört Frau Meier.",
        "Bonjour,\n\nJ'ai reçu ce message alors que le destinataire est mon voisin.",
        "Hoi,\n\nDeze mail is bestemd voor de klantenservice: mijn pakket is kwijt.",
        "I returned it.\nSent via DHL, tracking number 00340434161094",
        "Zurückgeschickt.\nMit DHL am 3. Mai verschickt",
        "Je l'ai rendu.\nEnvoyé par Colissimo hier, numéro 6A1234567",
        "Reso fatto.\nInviato con BRT il 3 maggio, codice 12345",
        "Devuelto.\nEnviado por Correos el lunes, código PQ123",
        "Terug.\nVerzonden met PostNL, code 3SABC123",
        "Вернул.\nОтправлено через СДЭК 3 мая",
        "Sorry!\nSent by mistake",
        "你好，\n我想通过支付宝退款",
        "你好，\n来自上海的订单12345还没有发货",
        "Hi,\nDownload in the app keeps failing",
        "New inquiry:\n\nFrom: Ann Smith\nSubject: Broken vase\nDate: 3 May 2026\n\nIt is broken.",
        "Anfrage:\n\nVon: Anna\nE-Mail: a@example.com\nDatum: 3.5.26\nBetreff: Vase\n\nKaputt.",
        "The card:\n\nFrom: Ann\nTo: bob@example.com\nDate: 24 December\nMessage: Merry!\n\nThanks",
        "Hi,\nOn 3 May 2026 at 10:15 your agent Tom wrote:\n“We refund you.”\nI want the money.",
        "Hallo,\nam 12.03.2026 um 14:30 schrieb mir Ihr Kollege:\n„Kommt morgen.“\nEs kam nichts.",
        "Hi,\nOn 3 May 2026 at 10:15 I wrote:\nplease cancel.\nNobody answered.",
        "please change it to:\n\n--\nAnn Smith\n5 New Street\nLeeds LS1 1AA",
        "I need:\n--\n2 red chairs\n1 table",
        "Hello, I have two questions:\n> When will it ship\n> Can I change the colour",
        "chat log:\nAnn> hi\nAnn> where is it",
    ],
)
def test_ordinary_sentences_are_no_quotes_footers_notices_or_programs_lines(text: str) -> None:
    assert new_text(text) == text


ACME = "Acme <support@shop.example>"
OUTLOOK = """From: Acme <support@shop.example>
Sent: Monday, March 2, 2026 9:15 AM
To: anna@example.com
Subject: Re: order

Hello"""


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "own",
    [
        "Please engrave:\nTo: Dad\nFrom: Sophie",
        "Order: 123\nDate: 14 Feb 2026",
        "Name: Bob\nSubject: lamp is broken",
        "Commande : 12\nDate : 3 mars",
        "👍",
        "?",
        "✅",
        "ok",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n"])
def test_a_short_answer_and_labels_above_a_header_block_stay(own: str, gap: str) -> None:
    assert new_text(f"{own}{gap}{OUTLOOK}") == own


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "quote",
    [
        f"------- Original Message -------\nOn Monday, March 2nd, 2026, {ACME} wrote:\n\n> Hello",
        "Mar 2, 2026, 09:15 by support@shop.example:\n\n> Hello",
    ],
)
def test_answers_above_and_below_such_quotes_are_all_that_is_shown(quote: str) -> None:
    assert new_text(f"Thanks.\n\n{quote}") == "Thanks."
    assert new_text(f"{quote}\n\nWhere is it") == "Where is it"
