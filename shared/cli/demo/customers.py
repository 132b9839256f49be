"""Further customers for whoever looks at the desk: what they write, and what is answered."""

from dataclasses import dataclass, field
from typing import Literal

from shared.contracts.base import Channel

Then = Literal["", "close", "snooze", "spam", "unassign"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who wrote `hours` ago, to be answered by `agent`.

    `says` and `answers` take turns, beginning with the customer. `then` is done at the end;
    `delivery` is what the provider reports of the last answer.
    """

    channel: Channel
    name: str
    address: str
    hours: float
    says: tuple[str, ...]
    answers: tuple[str, ...] = ()
    agent: str = "ann"
    subject: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    then: Then = ""
    delivery: Literal["", "sent", "delivered", "read", "failed"] = ""
    html: str = ""
    quoted: str = ""
    files: tuple[str, ...] = field(default=())


_NEWSLETTER = """\
<div style="font-family:Georgia,serif"><img src="https://pictures.example/logo.png" width="120"
alt="Loom &amp; Thread"><h2>About the blue jacket</h2><p>Hello team,</p>
<p>the jacket on <a href="https://shop.example/jackets/blue">your page</a> looks
<b>different</b> from the one that came. Side by side:</p>
<table border="1" cellpadding="6"><tr><th>Ordered</th><th>Came</th></tr>
<tr><td>Blue, size M</td><td style="color:#a33">Green, size L</td></tr></table>
<p><img src="https://pictures.example/jacket-1.jpg" alt="The green one"></p>
<p>Please send the right one.</p><p>Harriet</p></div>"""

_QUOTED = """\
On Tue, 24 Nov 2026 at 09:12, Sample Shop wrote:
> Dear Mr Okafor,
> your order 2211 has left our warehouse.
> You can follow it with the number 1Z999AA10123456784."""

CUSTOMERS: tuple[Customer, ...] = (
    Customer(
        "email", "Harriet Lowe", "harriet.lowe@mail.example", 3.2,
        (("Hello team,\n\nthe jacket on your page looks different from the one that came.\n"
         "Ordered: blue, size M. Came: green, size L.\n\nPlease send the right one.\n\nHarriet"),),
        subject="Wrong jacket: green instead of blue", html=_NEWSLETTER, tags=("Returns",),
        files=("jacket.jpg", "order-2304.pdf"),
    ),
    Customer(
        "email", "Chidi Okafor", "chidi@okafor.example", 5.5,
        ("The tracking number says delivered, but nothing is here. Can you find out where it is?",
         "Found it, the neighbour had it. Thank you!"),
        ("I have asked the carrier and shall write as soon as they answer.",),
        subject="Re: Your order 2211 is on its way", quoted=_QUOTED, agent="bob",
        note="Carrier says: left with a neighbour. Waiting for the signature.",
        delivery="delivered",
    ),
    Customer(
        "email", "Lucía Fernández", "lucia.fernandez@correo.example", 20,
        (("Buenos días:\n\nquisiera devolver las zapatillas del pedido 1877, me quedan pequeñas."
         " ¿Cómo lo hago?\n\nUn saludo,\nLucía"),),
        ("Hola Lucía:\n\nte envío la etiqueta de devolución en un momento.",),
        subject="Devolución del pedido 1877", agent="carla", tags=("Returns",), then="snooze",
    ),
    Customer(
        "email", "Giulia Moretti", "giulia.moretti@posta.example", 26,
        (("Buongiorno,\n\nvorrei sapere se la borsa di pelle torna disponibile in nero.\n\nGrazie,"
         "\nGiulia"), "Perfetto, grazie mille!"),
        ("Buongiorno Giulia, torna a metà dicembre: le scrivo appena arriva.",),
        subject="Borsa di pelle nera", delivery="read",
    ),
    Customer(
        "email", "Owen Price", "owen@price.example", 44,
        ("Do you give discounts for orders of fifty and more? We are a small hotel.",),
        subject="Prices for a larger order", tags=("Pricing",), agent="bob",
    ),
    Customer(
        "email", "Marta Ruiz", "marta.ruiz@correo.example", 70,
        ("¿Puedo cambiar la dirección de entrega del pedido 1766?",),
        ("Ya está cambiada, Marta.",), subject="Cambio de dirección", then="close",
    ),
    Customer(
        "email", "Paolo Conti", "paolo@conti.example", 90,
        ("La fattura dell'ordine 1620 ha la partita IVA sbagliata. Potete correggerla?",),
        ("Ecco la fattura corretta, ci scusi.",), subject="Fattura errata", agent="carla",
        then="close", files=("fattura-1620.pdf",),
    ),
    Customer(
        "email", "Ingrid Solberg", "ingrid@solberg.example", 1.1,
        (("Hi,\n\nthe zip of the rucksack broke on the second day. I have photographed it.\n\n"
         "What shall I do with it?\n\nIngrid"),), subject="Broken zip",
        files=("zip-1.jpg", "zip-2.jpg"),
    ),
    Customer(
        "email", "Tom Baker", "tom.baker@mail.example", 9,
        ("I was charged twice for order 2290: 48.00 on Monday and again on Tuesday.",),
        subject="Charged twice", note="Payments see one charge only: ask for a statement.",
    ),
    Customer(
        "email", "Elena Greco", "elena.greco@posta.example", 14,
        ("Il pacco è arrivato aperto e manca una maglia. Ho fatto una foto.",),
        subject="Pacco aperto", files=("pacco.jpg",), tags=("Shipping",),
    ),
    Customer(
        "email", "Samuel Adeyemi", "sam@adeyemi.example", 31,
        ("Could you recommend boots for wet winters? I walk about ten kilometres a day.",),
        subject="Which boots?", tags=("Recommendations",),
    ),
    Customer(
        "email", "Carmen Ortega", "carmen.ortega@correo.example", 49,
        ("No recibo el correo para cambiar la contraseña de mi cuenta.",),
        subject="No puedo entrar en mi cuenta",
    ),
    Customer(
        "webchat", "Visitor", "visitor-nora", 0.2,
        ("Hi! Is the linen shirt in size 38 in stock?", "And can I pick it up in Bologna?"),
        ("Let me look… yes, two are left.",), delivery="read",
    ),
    Customer(
        "webchat", "Visitor", "visitor-pedro", 0.5,
        ("Hola, ¿el código BIENVENIDA vale también para rebajas?",), agent="bob",
    ),
    Customer(
        "webchat", "Visitor", "visitor-luca", 0.9,
        ("Buonasera, posso parlare con una persona?",), tags=("Talk to a human",),
    ),
    Customer(
        "webchat", "Visitor", "visitor-amy", 6,
        ("What is your address in Milan?",), ("Via Torino 12, every day from ten to eight.",),
        then="close", agent="carla",
    ),
    Customer(
        "webchat", "Visitor", "visitor-jo", 27,
        ("Do gift cards expire?", "Great, thanks"), ("They never do.",), then="close",
    ),
    Customer(
        "webchat", "Visitor", "visitor-ines", 2.4,
        ("La página de pago me da un error 502 todo el rato.",),
        note="Third one today about the payment page: told the shop's developers.",
    ),
    Customer(
        "sms", "Sofia Romano", "+393401112233", 0.3,
        ("Ciao, a che ora passa il corriere oggi? Ordine 2318", "Va bene, grazie"),
        ("Tra le 14 e le 16, Sofia.",), delivery="delivered",
    ),
    Customer(
        "sms", "James Carter", "+393402223344", 4.5,
        ("The shoes from your spring flow, do you have them in 44?",), ("Yes! In black and sand.",),
        agent="bob", delivery="failed",
    ),
    Customer(
        "sms", "Ana Torres", "+34611222333", 8,
        ("Hola, mi cupón de cumpleaños no funciona",), tags=("Loyalty",),
    ),
    Customer("sms", "", "+393403334455", 12, ("Where is my parcel? Order 2240",)),
    Customer("sms", "", "+447700900123", 36, ("Do you ship to the UK, and what does it cost?",)),
    Customer(
        "sms", "Davide Russo", "+393404445566", 52,
        ("Posso restituire un regalo senza scontrino?",), ("Certo, entro trenta giorni.",),
        agent="carla", then="close",
    ),
    Customer("sms", "", "+393405556677", 0.1, ("Is your shop in Florence open on Sunday?",)),
    Customer(
        "instagram", "", "6100000001", 1.6,
        ("Do you still have the green scarf from your story?", "The wool one"),
        ("The wool one or the silk one?",), agent="bob",
    ),
    Customer("instagram", "", "6100000002", 7, ("¿Hacéis envíos a Canarias?",)),
    Customer("instagram", "", "6100000003", 22, ("Bellissima la nuova collezione! Quando esce?",)),
    Customer(
        "instagram", "", "6100000004", 40, ("Can I get the bag with my initials?",),
        ("We do that in Milan, within a week.",), agent="carla", then="close",
    ),
    Customer("instagram", "", "6100000005", 200, ("Is the sale still on?",)),
    Customer("instagram", "", "6100000006", 3.8, ("I never got an answer to my comment :(",)),
    Customer(
        "whatsapp", "Aisha Khan", "393311000001", 0.7,
        ("Hello, my watch strap is too long. Can it be shortened in your shop?",
         "Tomorrow at five then"),
        ("Of course, it takes ten minutes.",), delivery="read",
    ),
    Customer(
        "whatsapp", "Jorge Medina", "34622000002", 2.9,
        ("Buenas, el jersey ha encogido al lavarlo a 30 grados.",), tags=("Product specific",),
    ),
    Customer("whatsapp", "Chiara Villa", "393311000003", 30, ("Fate riparazioni di borse?",)),
    Customer(
        "whatsapp", "Pieter de Vries", "31612000004", 55,
        ("Can I change the date of delivery to Friday?",), agent="bob",
    ),
    Customer(
        "whatsapp", "Noemi Sala", "393311000005", 11,
        ("Il reso è partito martedì: quando arriva il rimborso?",),
        ("Di solito entro cinque giorni, Noemi.",), then="snooze",
    ),
    Customer(
        "whatsapp", "Hannah Weiss", "491702000006", 17,
        ("Is the cashmere from Mongolia? I am allergic to some dyes.",), then="unassign",
    ),
    Customer(
        "email", "Crypto Bonus", "bonus@coins.example", 2,
        (("CONGRATULATIONS!!! You have won a $1,000,000 crypto prize. Claim your bitcoin now,"
         " limited time offer: https://bit.ly/claim-prize-now"),), subject="You are our WINNER",
    ),
    Customer(
        "email", "SEO Experts", "rank@seo.example", 28,
        (("Dear webmaster, we guarantee first page of Google within 7 days. Buy 10,000 backlinks"
         " now, limited offer: https://bit.ly/seo-now"),), then="spam",
        subject="FIRST PAGE GOOGLE guaranteed!!!",
    ),
)  # fmt: skip
