"""For each check of the demonstration, a pipeline that gets just that wrong, as a document."""

from collections.abc import Callable
from typing import Any

from shared.cli.demo import samples
from shared.cli.demo.observed import Json

Alteration = Callable[[Json], Any]


def on(document: Json, channel: str, place: int = 0) -> Json:
    """A ticket of a channel, spam left out."""
    tickets = [t for t in document["tickets"] if t["channel"] == channel and not t["spam"]]
    ticket: Json = tickets[place]
    return ticket


def marios(document: Json) -> Json:
    return next(t for t in document["tickets"] if t["contact"] == f"e164:{samples.MARIO}")


def strangers(document: Json) -> Json:
    return next(t for t in document["tickets"] if t["contact"] == "e164:+393339999999")


def spam(document: Json) -> Json:
    return next(t for t in document["tickets"] if t["spam"])


def says(ticket: Json, text: str) -> None:
    ticket["messages"].append({"id": f"more-{text}", "text": text, "spam": False})


def without(ticket: Json, text: str) -> None:
    ticket["messages"] = [m for m in ticket["messages"] if m["text"] != text]


def said_otherwise(ticket: Json, text: str, instead: str) -> None:
    message = next(m for m in ticket["messages"] if m["text"] == text)
    message["text"] = instead


def without_signal(document: Json, kind: str) -> None:
    document["signals"] = [s for s in document["signals"] if s["kind"] != kind]


def without_refusal(document: Json, command: str) -> None:
    document["rejections"] = [r for r in document["rejections"] if r["command_type"] != command]


def letter(document: Json, reason: str) -> Json:
    return next(dead for dead in document["dead_letters"] if dead["reason"] == reason)


def split(document: Json, ticket: Json) -> None:
    """Make the ticket's last message a ticket of its own, which nobody was given."""
    more = {**ticket, "id": "split", "number": 1000, "messages": [ticket["messages"].pop()]}
    document["tickets"].append(more | {"assigned_automatically_to": []})


def given_to(ticket: Json, *agents: str) -> None:
    ticket["assigned_automatically_to"] = list(agents)
    ticket["assignee"] = agents[-1]


def _everything_to_ann(document: Json) -> None:
    for ticket in document["tickets"]:
        if not ticket["spam"] and ticket["team"] is None:
            given_to(ticket, "ann")


ALTERED: dict[str, Alteration] = {
    "ING 1: every channel made a ticket": lambda d: d["tickets"].remove(on(d, "whatsapp")),
    "ING 2: a mail delivered twice is one message": lambda d: on(d, "email")["messages"].append(
        on(d, "email")["messages"][0]
    ),
    "ING 2: an SMS delivered twice is one message": lambda d: says(
        marios(d), "Please cancel my order"
    ),
    "ING 2: a WhatsApp webhook delivered twice says everything once": lambda d: said_otherwise(
        on(d, "whatsapp"), "And how long does it take?", "Do you ship to Malta?"
    ),
    "ING 3: STOP is a keyword, not a message": lambda d: says(marios(d), "STOP"),
    "ING 3: the keyword is published with its class and text": lambda d: next(
        s for s in d["signals"] if s["kind"] == "keyword"
    ).update(keyword_class="help"),
    "ING 3: the keyword shows in the open ticket": lambda d: marios(d)["notices"].clear(),
    "ING 3: 'Please cancel my order' is a message": lambda d: without(
        marios(d), "Please cancel my order"
    ),
    "ING 3: 'I need help' is a message": lambda d: strangers(d)["messages"].clear(),
    "ING 4: an echo of the brand's own message is a signal": lambda d: without_signal(d, "echo"),
    "ING 4: an echo is in no ticket": lambda d: says(on(d, "instagram", 1), "Thanks!"),
    "ING 4: typing is a signal": lambda d: without_signal(d, "typing"),
    "ING 4: a delivery receipt is a signal": lambda d: without_signal(d, "delivery_status"),
    "ING 5: an answer to a story is a message": lambda d: said_otherwise(
        on(d, "instagram"), "How much is this one?", ""
    ),
    "ING 6: a mail's text is without what it quotes": lambda d: said_otherwise(
        on(d, "email"),
        "It came, but one item is missing!",
        "It came, but one item is missing!\n> It is on its way, Vera.",
    ),
    "ING 7: a broken payload is a dead letter, its bytes untouched": lambda d: letter(
        d, "malformed"
    ).update(value='{"MessageSid": "SM666"}'),
    "ING 7: a dead letter says where the record lay": lambda d: letter(d, "malformed").update(
        offset=""
    ),
    "ING 7: an address that no account has is a dead letter": lambda d: letter(
        d, "unknown_account"
    ).update(reason="bug"),
    "ING 8: the contact's segments are known": lambda d: on(d, "email")["segments"].clear(),
    "TKT 1: a closed web chat that goes on is a second ticket": lambda d: said_otherwise(
        on(d, "webchat", 1), "One more question", "Is the red one in stock?"
    ),
    "TKT 1: the first web chat stays closed": lambda d: on(d, "webchat").update(status="open"),
    "TKT 2: a mail thread is one ticket": lambda d: split(d, on(d, "email")),
    "TKT 2: an answer to a closed mail ticket reopens it": lambda d: on(d, "email")[
        "events"
    ].remove("TicketReopened"),
    "TKT 3: one SMS ticket per person": lambda d: split(d, marios(d)),
    "TKT 3: a person's later SMS joins their ticket": lambda d: without(
        marios(d), "Order 77, I mean"
    ),
    "TKT 4: a closed Instagram ticket stays closed, a new one opens": lambda d: on(
        d, "instagram"
    ).update(status="open"),
    "TKT 5: both messages of one WhatsApp webhook are in one ticket": lambda d: split(
        d, on(d, "whatsapp")
    ),
    "TKT 9: every ticket's events count 1, 2, 3 … without a gap": lambda d: marios(d)[
        "seqs"
    ].remove(3),
    "TKT 10: ticket numbers are unique": lambda d: marios(d).update(number=strangers(d)["number"]),
    "TKT 11: reopening a closed web chat is refused, with the reason": lambda d: without_refusal(
        d, "ReopenTicket"
    ),
    "TKT 13: the agent's mail goes out with the thread's headers": lambda d: d["outbound"][
        0
    ].update(references=[]),
    "TKT 13: no SMS to a contact without consent": lambda d: without_refusal(d, "ReplyToTicket"),
    "SPM 1: spam is a ticket, flagged": lambda d: d["tickets"].remove(spam(d)),
    "SPM 1: spam is nobody's": lambda d: spam(d).update(assignee="ann"),
    "SPM 4: no customer's message is taken for spam": lambda d: on(d, "webchat")["messages"][
        0
    ].update(spam=True),
    "ASG 1: every ticket but the spam has an assignee": lambda d: strangers(d).update(
        assignee=None
    ),
    "ASG 5: an important customer's ticket goes to their team": lambda d: on(d, "email").update(
        assignee="ann"
    ),
    "ASG 7: turns are even": _everything_to_ann,
    "ASG 8: no ticket was given out twice": lambda d: given_to(on(d, "email"), "bob", "carla"),
    "ATT 2: only the first SMS after a send is credited": lambda d: d["attributions"].append(
        {**d["attributions"][0], "message_id": marios(d)["messages"][1]["id"]}
    ),
    "TAG 1: a question about shipping is tagged so": lambda d: on(d, "whatsapp").update(
        tags=[], tagged_automatically=[]
    ),
    "TAG 1: spam has no tags": lambda d: spam(d).update(
        tags=["Pricing"], tagged_automatically=["Pricing"]
    ),
    "TAG 2: tags are given by the system": lambda d: on(d, "webchat")["tags"].append("gold"),
    "ATT 3: the flow is credited, not the campaign before it": lambda d: d["attributions"][0][
        "credit"
    ].update(source="campaign", source_id="spring-campaign"),
    "ATT 7: the credit shows on the ticket": lambda d: marios(d).update(credit=None),
}

ALSO: dict[str, set[str]] = {
    "ING 1: every channel made a ticket": {
        "ASG 7: turns are even",
        "ING 2: a WhatsApp webhook delivered twice says everything once",
        "TKT 5: both messages of one WhatsApp webhook are in one ticket",
        "TAG 1: a question about shipping is tagged so",
    },
    "ING 2: an SMS delivered twice is one message": {
        "TKT 3: a person's later SMS joins their ticket",
    },
    "ING 3: STOP is a keyword, not a message": {"TKT 3: a person's later SMS joins their ticket"},
    "ING 3: 'Please cancel my order' is a message": {
        "ATT 2: only the first SMS after a send is credited",
        "ING 2: an SMS delivered twice is one message",
        "TKT 3: a person's later SMS joins their ticket",
    },
    "ING 4: an echo is in no ticket": {
        "TKT 4: a closed Instagram ticket stays closed, a new one opens",
    },
    "TKT 2: a mail thread is one ticket": {
        "ING 2: a mail delivered twice is one message",
        "ING 6: a mail's text is without what it quotes",
    },
    "TKT 3: one SMS ticket per person": {"TKT 3: a person's later SMS joins their ticket"},
    "SPM 1: spam is a ticket, flagged": {
        "SPM 1: spam is nobody's",
        "VWS 1: spam is in its own view",
        "SPM 4: no customer's message is taken for spam",
    },
    "ATT 2: only the first SMS after a send is credited": {
        "ATT 3: the flow is credited, not the campaign before it",
    },
    "VWS 1: All holds every ticket but spam, closed ones too": {
        "VWS 2: page by page each order has every ticket once, the other way round too",
    },
}
"""What is rightly wrong besides: checks that look at the same message or ticket."""
