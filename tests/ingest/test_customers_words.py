"""Ordinary mails of customers that talk like programs do: all are messages (ING 4)."""

import pytest

from tests.ingest.builders import a_mail, the_message

PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


def from_a_person(body: str, subject: str = "Order 12", **headers: str) -> None:
    fields = PLAIN | {"Subject": subject} | {k.replace("_", "-"): v for k, v in headers.items()}
    the_message(a_mail(body.encode(), fields))


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "body",
    [
        "Hola, es un caso urgente. Por favor contesten hoy.",
        "Boa tarde, é um caso urgente, aguardo contacto.",
        "Bonjour, en cas d'urgence appelez-moi au 06 12 34 56 78. La commande 12 est attendue.",
        "Guten Tag, in dringenden Fällen erreichen Sie mich unter 0170 1234567.",
        "We received your package today, but a cup is broken. Please send one as soon as possible.",
        "Thanks for getting in touch. Please refund order 12 as soon as possible.",
        "The ticket was created three weeks ago. Please answer as soon as possible.",
        "Nous avons bien reçu votre colis, mais un article manque. Envoyez-le au plus vite.",
        "La demande a bien été enregistrée, répondez dans les meilleurs délais.",
        "Hemos recibido su paquete, pero falta un artículo. Envíenlo lo antes posible.",
        "La solicitud fue registrada hace un mes, contesten lo antes posible.",
        "Recebemos a sua encomenda, mas falta um artigo. Enviem assim que possível.",
        "Wij hebben uw bericht gisteren ontvangen. Stuur zo snel mogelijk een nieuwe.",
        "Jag har tagit emot paketet men en kopp saknas. Skicka en ny så snart som möjligt.",
        "Dziękujemy za kontakt. Prosimy o zwrot pieniędzy jak najszybciej.",
        "Das Ticket wurde vor drei Wochen erstellt. Bitte melden Sie sich so bald wie möglich.",
        "先日お問い合わせをした田中です。返事がないのでご連絡しました。",
        "All I got was an automated reply that the request was received. Nobody called.",
        "您好，我正在出差，请尽快发货",
        "我下周外出，请尽快安排退款",
        "明日から出張で使うので、急ぎで届けてください",
        "내일 출장이라 급한 주문입니다",
        "Tatilde kullanacağım, siparişi acil gönderin",
        "Я сейчас в отпуске, на вопросы отвечу вечером. Доставку перенесите.",
        "I am on holiday next week. Please call my wife instead, she can take the delivery.",
        "Sono fuori ufficio fino a venerdì; per urgenze chiamatemi, il pacco è aperto.",
        "The checkout shows error 500 when paying. Order 12.",
        "Paid with 450 euros, got nothing.",
        "Your newsletter was marked as spam, so the voucher is gone.",
        "J'ai seulement reçu un message automatique.",
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"In_Reply_To": "<out@shop.example>", "X_Mailer": "Microsoft Outlook 16.0"},
        {"From": "Ann Taylor <mtaylor@example.com>"},
        {"From": "<12345678@qq.com>"},
        {"From": "Staffan <staffan@example.com>"},
        {"From": "Groupe <groupe.achat@example.com>"},
    ],
)
def test_urgency_thanks_and_travels_are_a_customers_own_words(
    body: str, headers: dict[str, str]
) -> None:
    from_a_person(body, **headers)


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Pedido no entregado", "El mensajero dice que no se ha podido entregar el paquete."),
        ("Pacco non consegnato", "Il corriere dice che non è stato possibile consegnare il pacco."),
        ("Encomenda não entregue", "Não foi possível entregar a encomenda, dizem."),
        ("Paket nicht zugestellt", "DHL meldet: Zustellung nicht möglich, das Paket ging zurück."),
        ("Posylka ne dostavlena", "Курьер пишет: не удалось доставить посылку."),
        ("Paczka niedostarczona", "Kurier pisze, że nie udało się dostarczyć paczki."),
        (
            "Colis non livré : échec de livraison",
            "Le livreur dit : destinataire inconnu. Colis 12.",
        ),
        ("Parcel could not be delivered", "UPS says: address not found, the parcel went back."),
        ("Delivery delayed", "The order is still not here."),
        ("Automatic reply - wrong language", "The answer was in German. We speak French."),
        ("Absence de réponse", "Personne ne répond à ce sujet."),
    ],
)
@pytest.mark.parametrize("sender", ["ann@example.com", "admin@example.com", "mtanaka@example.com"])
def test_parcels_that_did_not_arrive_are_no_bounces(subject: str, body: str, sender: str) -> None:
    encoded = f"=?utf-8?q?{''.join(f'={byte:02x}' for byte in subject.encode())}?="
    from_a_person(f"{body}\n\nAnna\nanna@example.com\n", encoded, From=f"Anna <{sender}>")


OUTLOOK = """From: Shop Support <support@shop.example>
Sent: Monday, May 3, 2026 10:00 AM
To: Ann <ann@example.com>
Subject: We got it

{}"""
OUTLOOK_DE = """Von: Shop <support@shop.example>
Gesendet: Montag, 3. Mai 2026 10:00
An: Ann
Betreff: Eingang

{}"""
GMAIL = "On Mon, May 3, 2026 at 10:00 AM Shop <support@shop.example> wrote:\n{}"
QUOTES = [OUTLOOK, OUTLOOK_DE, GMAIL, "> {}"]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("quote", QUOTES)
@pytest.mark.parametrize(
    "ours",
    [
        "Thank you for contacting us. We have received your request. Our team will reply soon.",
        "I am out of the office until Monday. In urgent cases write to Bob.",
        "This is an automatic reply. Your message has been received.",
    ],
)
def test_who_answers_our_own_automatic_answer_is_a_person(quote: str, ours: str) -> None:
    body = f"The number is 4711.\n\n{quote.format(ours)}\n"
    for headers in ({}, {"In_Reply_To": "<out@shop.example>"}):
        from_a_person(body, "RE: Order 12", **headers)


AWAY = [
    """Hi Lucy,

Approved.

I will be out of the office from Monday until 8 April. For urgent matters please contact Tom.

Sue""",
    "Freigegeben.\n\nIch bin ab Montag im Urlaub, in dringenden Fällen hilft Herr Meier.",
    "Bon pour accord.\n\nJe suis en congé jusqu'au 9, en cas d'urgence appelez Paul.",
    "Sono in ferie fino al 9, per urgenze chiamate mio marito al 333 111222.",
    "Jestem na urlopie do 9 marca, w pilnych sprawach proszę dzwonić do męża 600 111 222.",
    "3月9日まで出張のため不在です。急ぎの場合は携帯090-0000-0000にお電話ください。",
    "我3月3日到17日休假不在家，请之后再送货。",
    "Estaré de vacaciones del 3 al 17 de marzo, así que no me lo enviéis antes por favor.",
]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("body", AWAY)
@pytest.mark.parametrize("subject", ["Re: Quote 2231", "Quote 2231", ""])
@pytest.mark.parametrize("headers", [{}, {"In_Reply_To": "<out@shop.example>"}])
def test_an_answer_that_tells_of_an_absence_too_is_an_answer(
    body: str, subject: str, headers: dict[str, str]
) -> None:
    from_a_person(body, subject, **headers)


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (
            "Automatische Antwort",
            "Ich bekomme immer nur Ihre automatische Antwort zu Bestellung 4.",
        ),
        (
            "Risposta automatica",
            "Ricevo solo la vostra risposta automatica, il mio ordine è fermo.",
        ),
    ],
)
def test_a_title_like_a_programs_does_not_hide_a_person(subject: str, body: str) -> None:
    from_a_person(body, subject)


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("sender", ["mtaylor@x.example", "admin@x.example", "it-help@x.example"])
def test_a_mail_attached_to_a_persons_mail_makes_no_bounce(sender: str) -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nSee the attached mail of the courier, please act.\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: courier@example.com\nSubject: x\n\ny\n--b--\n"
    )
    the_message(
        a_mail(body, {"Content-Type": "multipart/mixed; boundary=b", "From": f"Ann <{sender}>"})
    )


@pytest.mark.spec("ING 4")
def test_who_shows_the_fields_of_a_report_is_a_person() -> None:
    from_a_person(
        "Your mails bounce here, this is what we get:\n\n"
        "Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n"
    )
