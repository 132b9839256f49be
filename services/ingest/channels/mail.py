"""E-mail. Provider: raw MIME (`message/rfc822`), as a mailbox forwards it (ING 6)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest import contacts
from services.ingest.mime import automatic, bodies, headers, html_text, quotes
from services.ingest.mime.automatic import Signs
from services.ingest.mime.bodies import Content
from services.ingest.mime.headers import Headers
from services.ingest.parts import Happened, Part, Place, Wrote
from services.ingest.refusals import Refused
from services.ingest.times import moment
from shared.contracts.base import Contact
from shared.contracts.messages import Mail
from shared.delivery import Record

_PROVIDER = "raw"
_LONGEST_HTML = 400_000
_WHITESPACE = re.compile(rb"\s+")
_AUTHORS = ("from", "sender", "reply-to", "return-path")
_OTHER_AUTHORS = ("x-original-from", "x-original-sender", "reply-to")


def read(record: Record) -> list[Part]:
    """The parts of a mail: one."""
    named = (record.header("x-provider") or _PROVIDER).strip().lower()
    if named != _PROVIDER:
        raise Refused("unknown_provider", f"{named} is none of: {_PROVIDER}")
    raw = record.value or b""
    if not raw.strip():
        raise Refused("empty", "a record without a value says nothing")
    head, body = headers.split(raw)
    if not head.fields:
        raise Refused("malformed", "not one header line: this is no mail")
    author = _author(head)
    if author is None:
        raise Refused("no_sender", "no From, Sender, Reply-To or Return-Path with an address")
    content = bodies.read(head, body)
    place = Place(
        provider=_PROVIDER, addresses=_mailboxes(record, head), contact=author,
        authors=tuple(contacts.email(address, name) for name, address in _others(head)),
    )
    digest = hashlib.sha256(_WHITESPACE.sub(b"", body)).hexdigest()
    letter = _Letter(head, content, place, author.identities[0].value, digest)
    found = automatic.signs(head, content.types, letter.sender)
    return [letter.signal(found) if found.kind else letter.message(found, _dmarc(record))]


def _author(head: Headers) -> Contact | None:
    for field in _AUTHORS:
        for name, address in head.addresses(field)[:1]:
            return contacts.email(address, name)
    return None


def _others(head: Headers) -> list[tuple[str, str]]:
    return [pair for field in _OTHER_AUTHORS for pair in head.addresses(field)[:1]]


def _dmarc(record: Record) -> str:
    said = (record.header("x-auth-dmarc") or "").strip().lower()
    return said if said in ("pass", "fail") else "unknown"


def _mailboxes(record: Record, head: Headers) -> tuple[tuple[str, ...], ...]:
    """What may be the account's mailbox, the best evidence first: the envelope, then the header."""
    envelope = headers.addresses([record.header("x-rcpt-to") or ""])
    groups = [envelope]
    for field in ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to"):
        groups += [headers.addresses([value]) for value in head.all(field)]
    groups.append(head.addresses("x-forwarded-to"))
    groups.append(head.addresses("to", "cc", "bcc", "resent-to", "apparently-to"))
    return tuple(_only_addresses(group) for group in groups if group)


def _only_addresses(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(contacts.mailbox(address) for _, address in pairs))


@dataclass(frozen=True, slots=True)
class _Letter:
    head: Headers
    content: Content
    place: Place
    sender: str
    digest: str

    @property
    def message_id(self) -> str:
        """The mail's own id; where it has none, one made of what no hop on the way changes."""
        given = headers.message_ids(self.head.raw("message-id"))
        if given:
            return given[0]
        said = "|".join(self.head.raw(name) for name in ("from", "date", "subject", "to"))
        made = hashlib.sha256(f"{said}|{self.digest}".encode("utf-8", "surrogateescape"))
        return f"gen.{made.hexdigest()}@ingest"

    @property
    def text_full(self) -> str:
        plain = self.content.plain
        if bodies.says_something(plain) or not self.content.html:
            return plain.strip("\n")
        return html_text.to_text(self.content.html)

    @property
    def sent(self) -> str:
        """The mailbox's own stamp before the sender's, which anybody can set."""
        stamp = self.head.raw("received").rpartition(";")[2].strip()
        return stamp if moment(stamp) else self.head.raw("date") or "missing"

    def message(self, signs: Signs, dmarc: str) -> Part:
        subject, full = self.head.text("subject"), self.text_full
        attachments = tuple(self.content.attachments)
        if not (full.strip() or subject or attachments):
            return Happened(
                place=self.place, kind="empty", key=(self.message_id, self.sender, self.digest),
                about=self.message_id, about_parts=(self.sender, self.digest), about_inbound=True,
            )
        text, html = quotes.new_text(full, subject), self.content.html
        flags = list(self.content.flags)
        if html is not None and len(html) > _LONGEST_HTML:
            html, flags = html[:_LONGEST_HTML], [*flags, "truncated"]
        if signs.bulk:
            flags.append("bulk")
        if self.head.raw("x-spam-flag").strip().lower().startswith("yes"):
            flags.append("spam_flagged")
        return Wrote(
            place=self.place, id=self.message_id, id_parts=(self.sender, self.digest),
            sent=self.sent, text=text, text_full=full if full != text else None, html=html,
            subject=subject, attachments=attachments, mail=self._mail(signs, dmarc),
            in_reply_to=next(iter(self.head.ids("in-reply-to")), None),
            structured=self._outlook_thread(), flags=tuple(dict.fromkeys(flags)),
        )

    def _mail(self, signs: Signs, dmarc: str) -> Mail:
        reply_to = _only_addresses(self.head.addresses("reply-to"))
        return Mail.model_validate({
            "message_id": self.message_id,
            "in_reply_to": self.head.ids("in-reply-to"),
            "references": self.head.ids("references"),
            "sender": self.sender,
            "to": _only_addresses(self.head.addresses("to")),
            "cc": _only_addresses(self.head.addresses("cc")),
            "reply_to": next(iter(reply_to), None),
            "authentication": dmarc,
            "auto_generated": signs.auto_generated,
            "bulk": signs.bulk,
        })

    def _outlook_thread(self) -> dict[str, str]:
        named = {name: self.head.text(name)[:500] for name in ("thread-index", "thread-topic")}
        return {name.replace("-", "_"): text for name, text in named.items() if text}

    def signal(self, signs: Signs) -> Part:
        """A bounce and the like, about the mail it returns or answers."""
        original, _ = headers.split(self.content.embedded)
        about = [
            *headers.message_ids(original.raw("message-id")),
            *self.head.ids("in-reply-to"),
            *reversed(self.head.ids("references")),
        ]
        failed = self.head.text("x-failed-recipients") or original.text("to")
        detail = {
            "why": signs.why, "subject": self.head.text("subject"), "recipient": failed,
            "message_id": self.message_id,
        }
        return Happened(
            place=self.place, kind=signs.kind or "other", about=next(iter(about), None),
            key=(self.message_id, self.sender, self.digest), at=self.sent, text=self.text_full,
            detail={name: text for name, text in detail.items() if text},
        )
