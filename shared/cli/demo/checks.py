"""What must be true after the demonstration: one check for each fact, named by its rule."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from shared.cli.demo import samples
from shared.cli.demo.desk_checks import DESK_CHECKS
from shared.cli.demo.observed import Json
from shared.cli.demo.unattended import UNATTENDED_CHECKS

Check = Callable[[Json], bool]


def failed_or_passed(document: Json) -> list[Json]:
    """Every check with its outcome; one that cannot even be asked has failed."""
    return [{"name": name, "ok": _holds(check, document)} for name, check in CHECKS.items()]


def _holds(check: Check, document: Json) -> bool:
    try:
        return bool(check(document))
    except (LookupError, TypeError, AttributeError, StopIteration):
        return False


def _on(document: Json, channel: str) -> list[Json]:
    return [t for t in document["tickets"] if t["channel"] == channel and not t["spam"]]


def _texts(ticket: Json) -> list[str]:
    return [message["text"] for message in ticket["messages"]]


def _sms(document: Json, phone: str) -> Json:
    return next(t for t in _on(document, "sms") if t["contact"] == f"e164:{phone}")


def _marios(document: Json) -> Json:
    return _sms(document, samples.MARIO)


def _kinds(document: Json, channel: str) -> list[str]:
    return [signal["kind"] for signal in document["signals"] if signal["channel"] == channel]


def _refused(document: Json, command: str) -> list[str]:
    return [r["code"] for r in document["rejections"] if r["command_type"] == command]


def _dead(document: Json, reason: str) -> list[Json]:
    return [letter for letter in document["dead_letters"] if letter["reason"] == reason]


def _turns(document: Json) -> Counter[str]:
    """How many tickets without a team each agent was given."""
    turns = Counter(dict.fromkeys(samples.AGENTS, 0))
    for ticket in document["tickets"]:
        if ticket["team"] is None:
            turns.update(ticket["assigned_automatically_to"])
    return turns


def _spam(document: Json) -> list[Json]:
    return [ticket for ticket in document["tickets"] if ticket["spam"]]


CHECKS: dict[str, Any] = {
    "ING 1: every channel made a ticket": lambda d: (
        {t["channel"] for t in d["tickets"]} == {"webchat", "email", "sms", "instagram", "whatsapp"}
    ),
    "ING 2: a mail delivered twice is one message": lambda d: (
        len(_on(d, "email")[0]["messages"]) == 2
    ),
    "ING 2: an SMS delivered twice is one message": lambda d: (
        _texts(_marios(d)).count("Please cancel my order") == 1
    ),
    "ING 2: a WhatsApp webhook delivered twice says everything once": lambda d: (
        sorted(text for ticket in _on(d, "whatsapp") for text in _texts(ticket))
        == ["And how long does it take?", "Do you ship to Malta?"]
    ),
    "ING 3: STOP is a keyword, not a message": lambda d: "STOP" not in _texts(_marios(d)),
    "ING 3: the keyword is published with its class and text": lambda d: (
        [(s["keyword_class"], s["text"]) for s in d["signals"] if s["kind"] == "keyword"]
        == [("stop", "STOP")]
    ),
    "ING 3: the keyword shows in the open ticket": lambda d: (
        len(_marios(d)["notices"]) == 1 and "STOP" in _marios(d)["notices"][0]
    ),
    "ING 3: 'Please cancel my order' is a message": lambda d: (
        "Please cancel my order" in _texts(_marios(d))
    ),
    "ING 3: 'I need help' is a message": lambda d: (
        _texts(_sms(d, "+393339999999")) == ["Hi, I need help with my parcel"]
    ),
    "ING 4: an echo of the brand's own message is a signal": lambda d: (
        "echo" in _kinds(d, "instagram")
    ),
    "ING 4: an echo is in no ticket": lambda d: (
        "Thanks!" not in [text for t in d["tickets"] for text in _texts(t)]
    ),
    "ING 4: typing is a signal": lambda d: "typing" in _kinds(d, "webchat"),
    "ING 4: a delivery receipt is a signal": lambda d: "delivery_status" in _kinds(d, "whatsapp"),
    "ING 5: an answer to a story is a message": lambda d: (
        "How much is this one?" in _texts(_on(d, "instagram")[0])
    ),
    "ING 6: a mail's text is without what it quotes": lambda d: (
        _texts(_on(d, "email")[0])[1] == "It came, but one item is missing!"
    ),
    "ING 7: a broken payload is a dead letter, its bytes untouched": lambda d: (
        [letter["value"] for letter in _dead(d, "malformed")]
        == ['{"MessageSid": "SM666", "Body": "half a']
    ),
    "ING 7: a dead letter says where the record lay": lambda d: (
        all(
            letter["topic"] == "helpdesk.inbound.sms"
            and letter["offset"].isdigit()
            and letter["text"]
            for letter in d["dead_letters"]
        )
        and len(d["dead_letters"]) == 2
    ),
    "ING 7: an address that no account has is a dead letter": lambda d: (
        len(_dead(d, "unknown_account")) == 1
    ),
    "ING 8: the contact's segments are known": lambda d: _on(d, "email")[0]["segments"] == ["VIP"],
    "TKT 1: a closed web chat that goes on is a second ticket": lambda d: (
        [_texts(t) for t in _on(d, "webchat")]
        == [["Is the red one in stock?"], ["One more question"]]
    ),
    "TKT 1: the first web chat stays closed": lambda d: (
        [t["status"] for t in _on(d, "webchat")] == ["closed", "open"]
    ),
    "TKT 2: a mail thread is one ticket": lambda d: len(_on(d, "email")) == 1,
    "TKT 2: an answer to a closed mail ticket reopens it": lambda d: (
        _on(d, "email")[0]["status"] == "open" and "TicketReopened" in _on(d, "email")[0]["events"]
    ),
    "TKT 3: one SMS ticket per person": lambda d: (
        sorted(t["contact"] for t in _on(d, "sms"))
        == sorted(["e164:+393339999999", f"e164:{samples.MARIO}"])
    ),
    "TKT 3: a person's later SMS joins their ticket": lambda d: (
        _texts(_marios(d)) == ["Please cancel my order", "Order 77, I mean"]
    ),
    "TKT 4: a closed Instagram ticket stays closed, a new one opens": lambda d: (
        [(t["status"], len(t["messages"])) for t in _on(d, "instagram")]
        == [("closed", 2), ("open", 1)]
    ),
    "TKT 5: both messages of one WhatsApp webhook are in one ticket": lambda d: (
        [len(t["messages"]) for t in _on(d, "whatsapp")] == [2]
    ),
    "TKT 9: every ticket's events count 1, 2, 3 … without a gap": lambda d: all(
        t["seqs"] == list(range(1, len(t["seqs"]) + 1)) for t in d["tickets"]
    ),
    "TKT 10: ticket numbers are unique": lambda d: (
        len({t["number"] for t in d["tickets"]}) == len(d["tickets"])
    ),
    "TKT 11: reopening a closed web chat is refused, with the reason": lambda d: (
        _refused(d, "ReopenTicket") == ["cannot_reopen"]
    ),
    "TKT 13: the agent's mail goes out with the thread's headers": lambda d: (
        [(o["channel"], o["in_reply_to"], o["references"]) for o in d["outbound"]]
        == [("email", "CAF-1042@mail.example.com", ["CAF-1042@mail.example.com"])]
    ),
    "TKT 13: no SMS to a contact without consent": lambda d: (
        _refused(d, "ReplyToTicket") == ["no_consent"]
    ),
    "SPM 1: spam is a ticket, flagged": lambda d: (
        [t["contact"] for t in _spam(d)] == [f"email:{samples.SPAMMER}"]
    ),
    "SPM 1: spam is nobody's": lambda d: [t["assignee"] for t in _spam(d)] == [None],
    "SPM 4: no customer's message is taken for spam": lambda d: (
        not any(message["spam"] for t in d["tickets"] if not t["spam"] for message in t["messages"])
        and len(_spam(d)) == 1
    ),
    "ASG 1: every ticket but the spam has an assignee": lambda d: all(
        t["assignee"] in samples.AGENTS for t in d["tickets"] if not t["spam"]
    ),
    "ASG 5: an important customer's ticket goes to their team": lambda d: (
        (
            _on(d, "email")[0]["team"],
            _on(d, "email")[0]["assignee"],
        )
        == ("vip", "carla")
    ),
    "ASG 7: turns are even": lambda d: (
        max(_turns(d).values()) - min(_turns(d).values()) <= 1 and sum(_turns(d).values()) == 7
    ),
    "ASG 8: no ticket was given out twice": lambda d: all(
        len(t["assigned_automatically_to"]) <= 1 for t in d["tickets"]
    ),
    "TAG 1: a question about shipping is tagged so": lambda d: (
        "Shipping" in _on(d, "whatsapp")[0]["tags"]
    ),
    "TAG 1: spam has no tags": lambda d: not any(t["tags"] for t in _spam(d)),
    "TAG 2: tags are given by the system": lambda d: (
        any(t["tags"] for t in d["tickets"])
        and all(sorted(t["tags"]) == sorted(t["tagged_automatically"]) for t in d["tickets"])
    ),
    "ATT 2: only the first SMS after a send is credited": lambda d: (
        [fact["message_id"] for fact in d["attributions"]] == [_marios(d)["messages"][0]["id"]]
    ),
    "ATT 3: the flow is credited, not the campaign before it": lambda d: (
        [fact["credit"]["source_id"] for fact in d["attributions"]] == ["spring-flow"]
    ),
    "ATT 7: the credit shows on the ticket": lambda d: (
        _marios(d)["credit"]["source_id"] == "spring-flow"
    ),
    **DESK_CHECKS,
    **UNATTENDED_CHECKS,
}
