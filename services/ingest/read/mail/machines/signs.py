"""Telling bounces, auto-replies and reports from what a person wrote (ING 4).

One sure sign is enough: a report, a header that is made for it, a daemon's name, a title that says
so. Of the others it takes two of different kinds, of which at least one is in the words. Who asks a
question, passes a mail on, speaks of an order or of something that is “mine”, or writes with a
person's mail program, has written it.
"""

from dataclasses import dataclass, field
from typing import Literal, cast

from services.ingest.read.mail.machines import reports, senders
from services.ingest.read.mail.machines.words import Words
from services.ingest.read.mail.mime.bodies import is_certified
from services.ingest.read.mail.mime.content import Content
from services.ingest.read.mail.mime.headers import Headers

Kind = Literal["bounce", "auto_reply", "complaint", "read", "delivery_status", "other"]

_RETURNED = ("message/rfc822", "text/rfc822-headers", "text/plain")
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
_NO = ("", "no", "false")
_GENERATED = ("auto-generated", "auto-notified")
_TWO, _THREE = 2, 3
_WEAK = ("a program's address", "no sender")
"""Signs of a server that people have too."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What a mail's header, structure and words say of who made it. `why` names what decided.

    `auto_generated`: its sender wants no automatic answer; a person may well have to read it.
    `generated`: a program made it, and not as an answer to anything: a notice, or a form.
    `report`: what it says in fields that were found in its text.
    """

    kind: Kind | None
    why: str = ""
    bulk: bool = False
    auto_generated: bool = False
    generated: bool = False
    report: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail as the rules below look at it."""

    headers: Headers
    content: Content
    words: Words
    sender: str
    null_sender: bool

    @property
    def submitted(self) -> str:
        raw = self.headers.raw("auto-submitted")
        return raw.split(";")[0].split("(")[0].strip().lower()

    @property
    def precedence(self) -> str:
        return (self.headers.raw("precedence") or self.headers.raw("x-precedence")).strip().lower()

    @property
    def is_listed(self) -> bool:
        """Whether a mailing list passed it on: then it is a person's, or a newsletter."""
        return any(self.headers.raw(name) for name in _LIST_HEADERS)

    @property
    def suppresses(self) -> bool:
        return bool(self.headers.raw("x-auto-response-suppress"))

    @property
    def program(self) -> str:
        return f"{self.headers.raw('x-mailer')} {self.headers.raw('user-agent')}"

    @property
    def is_by_a_person(self) -> bool:
        """Whether a person's mail program wrote it, or its subject says that one passes it on."""
        return bool(senders.PEOPLES_PROGRAMS.search(self.program)) or self.words.forwards

    @property
    def cites(self) -> bool:
        return bool(self.headers.raw("in-reply-to") or self.headers.raw("references"))

    @property
    def named(self) -> str:
        """The name in its From, or all of it where there is no address."""
        return next((name for name, _ in self.headers.people("from")), "")


def signs(headers: Headers, content: Content, sender: str, *, null_sender: bool = False) -> Signs:
    """The signs. A mail that is none of the kinds is a message, flagged where it is bulk.

    `null_sender`: it was delivered without an address to return it to.
    """
    null_sender = null_sender or headers.raw("return-path").replace(" ", "") == "<>"
    mail = _Mail(headers, content, Words.of(headers, content), sender, null_sender)
    if is_certified(headers):
        return Signs(None, bulk=_is_bulk(mail))
    report = reports.found(headers, content, mail.words, sender)
    generated, told = False, dict[str, str]()
    if report is not None:
        kind, why, told = report.kind, report.why, report.fields
        if kind == "delivery":
            kind = _of_a_report(told) or "bounce"
    else:
        kind, why = _returned(mail)
        if not kind:
            kind, why = _answered(mail)
            generated = _is_generated(mail, why)
    return Signs(
        cast("Kind", kind) if kind else None,
        why,
        bulk=_is_bulk(mail),
        auto_generated=mail.suppresses or generated,
        generated=generated,
        report=told,
    )


def _is_bulk(mail: _Mail) -> bool:
    return mail.is_listed or mail.precedence in ("list", "bulk", "junk")


def _of_a_report(fields: dict[str, str]) -> str:
    """What a delivery report is where it tells of no failure; empty where it does."""
    action, status = fields.get("action", "").strip().lower(), fields.get("status", "").strip()
    arrived = action in ("delivered", "relayed", "expanded") or status.startswith("2.")
    delayed = action == "delayed" or (not action and status.startswith("4."))
    return "delivery_status" if arrived or delayed else ""


def _returned(mail: _Mail) -> tuple[str, str]:
    """Whether a mail was given back, delayed or delivered, and what shows it; empty for neither."""
    content, words = mail.content, mail.words
    whole = content.types[:1] == ["multipart/report"]
    if whole or (content.report and not mail.is_by_a_person and not words.asks_first):
        kind = _of_a_report(content.report)
        action = content.report.get("action", "").strip().lower() if kind else ""
        return kind or "bounce", action or "delivery report"
    nameless = "@" not in mail.sender and senders.NAMELESS_DAEMON.search(mail.named)
    found = {
        "X-Failed-Recipients": mail.headers.raw("x-failed-recipients"),
        "from a mail daemon": nameless or senders.DAEMON.match(mail.sender),
    }
    why = next((sign for sign, there in found.items() if there), "")
    if not why and not mail.is_by_a_person and not words.asks_first:
        why = _given_back(mail)
    if not why:
        return "", ""
    # A warning that the server goes on trying is no failure.
    return "delivery_status" if words.is_delayed or words.is_delivered else "bounce", why


def _given_back(mail: _Mail) -> str:
    """What shows, in the words and beside them, that a mail was given back; empty where too little.

    A single thing beside the words is too little where they speak of something that is “mine”.
    """
    words, said, shown = mail.words, mail.words.of_a_failure(), _shows_a_server(mail)
    titled = senders.LISTS_SUBJECT.search(words.subject) and not (mail.is_listed or mail.cites)
    if words.refused_by_a_list and (titled or senders.LISTS_ADDRESS.match(mail.sender)):
        return "refused by a mailing list"
    strong = [each for each in shown if each not in _WEAK]
    if words.is_delivered and (strong or (shown and not words.is_about_a_purchase)):
        return f"its words, and {shown[0]}"
    if "what servers say" in said and words.lines.lstrip().startswith(("<<<", ">>>")):
        return "a talk of servers"
    if words.speaks_of_own or (words.is_about_a_purchase and not strong):
        return " and ".join(said + shown) if said and len(said + strong) >= _THREE else ""
    if said and shown and (strong or "its opening" in said):
        return f"{said[0]} and {shown[0]}"
    if "a returned mail" in shown and len(strong) >= _TWO:
        return " and ".join(strong)
    if words.is_delayed and strong:
        return f"its words of a delay and {strong[0]}"
    by_words = len(said) >= _TWO and "its subject" in said and words.names_an_address
    return " and ".join(said) if by_words and not words.asks else ""


def _shows_a_server(mail: _Mail) -> list[str]:
    """What beside the words is of a mail server that gives a mail back."""
    types = mail.content.types
    returned = "message/rfc822" in types or "text/rfc822-headers" in types
    found = {
        "a returned mail": returned or mail.words.returns_a_header,
        "a null return path": mail.null_sender,
        "a mail system's address": senders.SYSTEMS_ADDRESS.match(mail.sender),
        "a mail system's name": senders.SYSTEMS_NAME.search(mail.named),
        "a program's address": not mail.is_listed and senders.PROGRAMS_ADDRESS.match(mail.sender),
        "no sender": "@" not in mail.sender,
        "Auto-Submitted": mail.submitted not in _NO,
        "Precedence": not mail.is_listed
        and mail.precedence in ("bulk", "junk", "auto", "auto_reply"),
    }
    return [name for name, there in found.items() if there]


def _is_generated(mail: _Mail, why: str) -> bool:
    """Whether all that shows a program is that it says so, and nothing that it answers."""
    return (
        mail.submitted in _GENERATED
        and why.startswith("Auto-Submitted")
        and not mail.cites
        and not mail.words.is_titled_automatic
    )


def _answered(mail: _Mail) -> tuple[str, str]:
    """Whether a program answered, and what shows it; empty for no such mail."""
    headers = mail.headers
    named = [
        name
        for name, value in headers.fields
        if senders.AUTO_HEADER.fullmatch(name) and value.strip().lower() not in _NO
    ]
    words = mail.words
    found = {
        ", ".join(named): bool(named),
        "Precedence: auto_reply": mail.precedence == "auto_reply",
        "X-POST-MessageClass": "autoresponder" in headers.raw("x-post-messageclass").lower(),
        "Delivered-To: autoresponder": any(
            value.strip().lower() == "autoresponder" for value in headers.all("delivered-to")
        ),
        "null return path": mail.null_sender
        and (bool(words.of_an_answer) or not _is_written(mail)),
        "inbox rule": mail.suppresses and bool(headers.raw("x-ms-exchange-inbox-rules-loop")),
        f"Auto-Submitted: {mail.submitted[:40]}": mail.submitted not in _NO,
        "its title": words.is_titled_automatic
        and (mail.suppresses or mail.null_sender or not _speaks_of_titles(words)),
    }
    why = next((sign for sign, there in found.items() if there), None) or _by_its_words(mail)
    return ("auto_reply", why) if why else ("", "")


def _speaks_of_titles(said: Words) -> bool:
    """Whether a mail that is titled like an automatic answer seems to be a person's on these."""
    if ":" not in said.subject and "：" not in said.subject:
        return said.asks or said.speaks_of_own or said.is_about_a_purchase
    answers = {"away", "automatic", "defers", "received", "created"}
    return said.asks and not answers.intersection(said.of_an_answer)


def _is_written(mail: _Mail) -> bool:
    """Whether a person seems to have written a mail that came without a return path."""
    quotes = any(line.startswith(">") for line in mail.content.plain.split("\n", 200))
    quotes = quotes or "<blockquote" in (mail.content.html or "")
    files = any(each.media_type not in _RETURNED for each in mail.content.attachments)
    return mail.is_by_a_person or mail.words.asks or files or (mail.cites and quotes)


def _by_its_words(mail: _Mail) -> str:
    """What shows a program that answers, in its words and beside them; empty where too little."""
    if mail.words.asks or mail.is_by_a_person:
        return ""
    words = mail.words.of_an_answer
    by_helpdesk = bool(senders.HELPDESKS.search(mail.program)) or any(
        mail.headers.raw(name) for name in senders.HELPDESK_HEADERS
    )
    beside = {
        "X-Auto-Response-Suppress": mail.suppresses,
        "Precedence": mail.precedence in ("bulk", "junk") and not mail.is_listed,
        "X-Loop": bool(mail.headers.raw("x-loop")) and not mail.is_listed,
        "a helpdesk's program": by_helpdesk,
    }
    shown = [name for name, there in beside.items() if there]
    if mail.words.is_a_customers and not (shown or "automatic" in words):
        return ""
    of_a_case = shown + ["a case's number"] * mail.words.names_a_case
    if senders.PROGRAMS_ADDRESS.match(mail.sender):
        of_a_case.append("a program's address")
    for about, others in (
        ("away", _among(words, "away title with a colon", "automatic") + shown),
        ("nothing but an away title", _among(words, "automatic", "defers") + shown),
        ("automatic title", _among(words, "away", "defers", "received") + shown),
        ("automatic", _among(words, "defers", "received", "created") + shown),
        ("created", _among(words, "received", "promises") + of_a_case),
        ("received", _among(words, "promises") + shown),
        ("promises", ["a helpdesk's program"] if by_helpdesk else []),
        ("challenges", _among(words, "automatic") + of_a_case),
    ):
        if about in words and others:
            return f"{about}, and {others[0]}"
    return ""


def _among(words: list[str], *names: str) -> list[str]:
    return [name for name in names if name in words]
