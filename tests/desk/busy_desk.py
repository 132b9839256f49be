"""A desk with one of each thing that a list shows."""

# ruff: noqa: E501  # a ticket is a row of a table

from datetime import timedelta
from typing import Any

from services.desk.rules.shown import ShownContact, ShownLast, ShownOther, ShownView
from tests.desk.fake_page import NOW, Fake, a_row


def a_busy_desk() -> Fake:
    """Return a desk with one of each thing that a list shows."""
    fake = Fake()
    fake.views = [
        ShownView("v-returns", "Returns to look at", "team", 3, 1),
        ShownView("v-mine", "VIPs that wait", "private", 2),
    ]

    def said(writer: Any, name: str, text: str, minutes: int) -> ShownLast:
        return ShownLast(writer, name, text, NOW - timedelta(minutes=minutes))

    def by(name: str, address: str = "") -> ShownContact:
        return ShownContact(name, name, address or None)

    fake.put(
        a_row(3, id="a1", number=1042, contact=by("Vera Bianchi"), unread=True, message_count=4,
              last=said("customer", "", "Where is my parcel? It should have come on Monday, and the tracking page says nothing.", 3),
              tags=("returns", "parcel")),
        a_row(12, id="a2", number=1041, channel="email", contact=by("Mario Neri"), subject="Re: order 77",
              last=said("agent", "Ann", "I have sent a new label, it comes by mail today.", 12),
              waiting_since=None, assignee="ann", assignee_name="Ann Rossi", assignee_online=True,
              team="returns", team_name="Returns", message_count=7),
        a_row(25, id="a3", number=1040, channel="whatsapp", contact=by("Giulia Conti"), unread=True,
              last=said("customer", "", "👍 grazie mille!", 25), assignee="bob",
              assignee_name="Bob Verdi", tags=("vip",), message_count=12),
        a_row(48, id="a4", number=1039, channel="instagram", contact=by("@sunny.feet"),
              last=said("customer", "", "Do you have these in 38?", 48),
              others=(ShownOther("bob", "Bob", "writing"),)),
        a_row(75, id="a5", number=1038, channel="webchat", contact=by("Visitor from Lyon"),
              last=said("ai", "Ada", "I have asked a colleague to look at it.", 75), ai_handled=True,
              message_count=9, tags=("billing", "invoice", "b2b", "france", "urgent", "vat")),
        a_row(190, id="a6", number=1037, channel="email", contact=by("procurement@a-very-long-company-name.example"),
              subject="Quote for 240 pairs of safety shoes, delivery to three warehouses",
              last=said("customer", "", "Dear team, please find attached our list of sizes.", 190),
              reply_failed=True, assignee="ann", assignee_name="Ann Rossi", assignee_online=True),
        a_row(400, id="a7", number=1036, contact=by("+39 347 555 0142"), status="snoozed",
              snoozed_until=NOW + timedelta(hours=20), last=said("agent", "Bob", "We will know tomorrow.", 400),
              waiting_since=None, assignee="ann", assignee_name="Ann Rossi", assignee_online=True),
        a_row(1600, id="a8", number=1031, channel="email", contact=by("Zoë Müller"), status="closed",
              subject="Danke!", last=said("customer", "", "Alles gut angekommen.", 1600), waiting_since=None),
        a_row(2500, id="s1", number=1030, channel="email", contact=by("WIN BIG"), spam=True, subject="You have won",
              last=said("customer", "", "Click here", 2500)),
        *(a_row(3000 + 400 * n, id=f"b{n}", number=1000 - n, channel=("sms", "email", "webchat")[n % 3],
                contact=by(("Paolo Gallo", "Irene Ferrari", "Luca Greco", "Sara Riva")[n % 4]),
                last=said("customer", "", "Is there news about my order?", 3000 + 400 * n), waiting_since=None)
          for n in range(14)),
    )  # fmt: skip
    return fake
