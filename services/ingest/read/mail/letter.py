"""A mail, read: the message or the signal that it is (ING 4, ING 6)."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

from services.ingest.read.findings import Finding, Happened, Place, Wrote
from services.ingest.read.mail import envelopes, evidence, place
from services.ingest.read.mail.delivery import Delivery, kept_elsewhere
from services.ingest.read.mail.machines.signs import Signs, signs
from services.ingest.read.mail.mime import bodies, header_block, headers, html_tree
from services.ingest.read.mail.mime.content import Content, named, says_something
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.mime.html_tree import Html
from services.ingest.read.mail.quoting import forwards, quotes
from services.ingest.read.mail.quoting.subjects import base_subject
from services.ingest.read.times import RawTime, moment
from services.ingest.refusals import Refused
from shared.contracts.base import Contact
from shared.contracts.messages import Mail
from shared.values.html_guard import LARGEST

_FLAGGED_SPAM = (
    ("x-spam-flag", "yes"),
    ("x-spam-status", "yes"),
    ("x-mailgun-sflag", "yes"),
)
_LONGEST_REFERENCES = 900
_SHORTEST_TEXT = 2


def raw(value: bytes, delivery: Delivery) -> Finding:
    """What a raw mail says. Raises Refused for what is none, if not even its envelope is known."""
    head, body = header_block.split(value)
    if not head.fields and not delivery.sender:
        raise Refused("malformed", "not one header line can be read: this is no mail")
    if not head.fields or delivery.lost:
        return finding(head, kept_elsewhere(), delivery, value)
    return finding(head, bodies.read(head, body), delivery, body)


def finding(head: Headers, content: Content, delivery: Delivery, body: bytes) -> Finding:
    """What a mail says. `body` is what tells it from others of the same id.

    A message whose sender cannot be read is from a sender of its own, whom nobody else is and who
    cannot be answered; it is flagged `unknown_sender`.
    """
    found = place.of(head, delivery)
    # Line ends change on the way, and what is elsewhere has no body: there its place counts.
    said = (
        delivery.original.encode(errors="replace")
        if delivery.lost and delivery.original
        else b"".join(body.split())
    )
    letter = Letter(head, content, delivery, found, hashlib.sha256(said).hexdigest())
    made = signs(head, content, letter.sender, null_sender=delivery.sender == "<>")
    if made.kind is not None and not made.generated:
        return letter.signal(made)
    if found.contact is None:
        letter = replace(letter, place=replace(found, contact=letter.nobody()))
    if made.kind is None:
        return letter.message(made)
    noticed = letter.signal(made)
    wrote = letter.message(made)
    return replace(wrote, automatic=noticed) if isinstance(wrote, Wrote) else noticed


@dataclass(frozen=True)
class Letter:
    """A mail: its header, its content, how it came, who wrote it, and a digest of its body."""

    head: Headers
    content: Content
    delivery: Delivery
    place: Place
    digest: str

    @property
    def sender(self) -> str:
        """The sender's address, as it is compared; empty where none can be read."""
        contact = self.place.contact
        return contact.identities[0].value if contact and contact.identities else ""

    def nobody(self) -> Contact:
        """The contact of a mail that names no sender: this mail's alone, each time it comes."""
        made = hashlib.sha256("|".join((self.message_id, *self.id_parts)).encode())
        named = next((name for name, _ in self.head.people("from") if name), "")
        return Contact(id=f"unknown:{made.hexdigest()[:32]}", display_name=named or None)

    @cached_property
    def message_id(self) -> str:
        """The mail's own id; where it has none, one made of what no hop on the way changes."""
        given = headers.message_ids(self.head.raw("message-id"))
        if given:
            return given[0]
        said = "|".join(self.head.raw(name) for name in ("from", "date", "subject", "to"))
        made = hashlib.sha256(f"{said}|{self.digest}".encode("utf-8", "surrogateescape"))
        return f"gen.{made.hexdigest()}@ingest"

    @property
    def id_parts(self) -> tuple[str, ...]:
        """What besides its id tells it from others: whoever knows an id may use it too.

        A mail that somebody sent on to the team is another one than what they got.
        """
        resent = headers.message_ids(self.head.raw("resent-message-id"))
        return (self.sender, self.digest, *resent[:1])

    @cached_property
    def subject(self) -> str:
        """The subject, on one line."""
        return self.head.text("subject")

    @cached_property
    def page(self) -> Html | None:
        """Its HTML, taken apart."""
        source = self.content.html
        return html_tree.read(source[:LARGEST]) if source else None

    @cached_property
    def text_full(self) -> str:
        """All of its text: the plain one, if that says anything, else the HTML's."""
        if says_something(self.content.plain) or not self.page:
            return self.content.plain.strip("\n")
        return to_text(self.page.full)

    @cached_property
    def forwards(self) -> bool:
        """Whether it passes another mail on."""
        return quotes.forwards(self.text_full, self.subject)

    @property
    def text(self) -> str:
        """What its sender newly wrote.

        The HTML tells best what is quoted. Where the plain text does too, what leaves more counts:
        some programs write one with less care than the other.
        """
        full = self.text_full
        by_text = quotes.new_text(full, self.subject)
        if not self.page or not self.page.new or self.forwards:
            return by_text
        by_html = quotes.new_text(to_text(self.page.new), self.subject)
        if len(by_html.strip()) < _SHORTEST_TEXT:
            return by_text
        found_by_both = by_text != full and says_something(self.content.plain)
        return by_text if found_by_both and _letters(by_text) > _letters(by_html) else by_html

    @property
    def sent(self) -> RawTime:
        """The mailbox's own stamp before the sender's, which anybody can set."""
        if moment(self.delivery.stamp):
            return self.delivery.stamp
        stamp = self.head.raw("received").rpartition(";")[2].strip()
        return stamp if moment(stamp) else self.head.raw("date") or "missing"

    def message(self, signs: Signs) -> Wrote | Happened:
        """The message, or what shows that there was an empty mail."""
        full, attachments = self.text_full, tuple(named(self.content.attachments))
        if not (full.strip() or self.subject or attachments):
            return Happened(
                place=self.place,
                kind="empty",
                key=(self.message_id, *self.id_parts),
                about=self.message_id,
                about_parts=self.id_parts,
                about_inbound=True,
            )
        text = self.text
        original = forwards.original_sender(full, self.subject, self.content)
        return Wrote(
            place=replace(self.place, forwarded_from=place.person(*original) if original else None),
            id=self.message_id,
            id_parts=self.id_parts,
            sent=self.sent,
            text=text,
            text_full=full if full != text else None,
            html=self.page.shown if self.page else None,
            subject=self.subject,
            attachments=attachments,
            contents=self.content.contents,
            mail=self._mail(signs),
            original=self.delivery.original,
            in_reply_to=next(iter(self.head.ids("in-reply-to")), None),
            flags=self._flags(signs),
        )

    def _flags(self, signs: Signs) -> tuple[str, ...]:
        found = [*self.delivery.flags, *self.content.flags]
        if len(self.content.html or "") > LARGEST:
            found.append("truncated")
        if self.page and self.page.shown is None:
            found.append("html_not_shown")
        if signs.bulk:
            found.append("bulk")
        if signs.auto_generated:
            found.append("auto_generated")
        if any(
            self.head.raw(name).strip().lower().startswith(said) for name, said in _FLAGGED_SPAM
        ):
            found.append("spam_flagged")
        if not self.sender:
            found.append("unknown_sender")
        if len(self.head.all("from")) > 1:
            found.append("several_from")
        if self.forwards:
            found.append("forwarded")
        return tuple(dict.fromkeys(found))

    def _mail(self, signs: Signs) -> Mail:
        head = self.head
        return Mail(
            message_id=self.message_id,
            in_reply_to=head.ids("in-reply-to"),
            references=head.ids("references"),
            sender=self.sender,
            to=place.only_addresses(head.addresses("to")),
            cc=place.only_addresses(head.addresses("cc")),
            reply_to=place.reply_address(head),
            tokens=evidence.tokens(head, self.delivery, self.text_full),
            thread_index=evidence.thread_index(head),
            thread_topic=head.text("thread-topic")[:500] or None,
            base_subject=base_subject(self.subject),
            # What is proven of a provider of certified mail proves nothing of whom it writes for.
            authentication="unknown" if place.certified_for(self.head) else self.delivery.dmarc,
            auto_generated=signs.auto_generated,
            bulk=signs.bulk,
        )

    def signal(self, signs: Signs) -> Happened:
        """A bounce and the like, about the mail it returns or answers."""
        returned = self.content.embedded or forwards.pasted_header(self.text_full)
        original, _ = header_block.split(returned)
        report = signs.report | self.content.report
        about = [
            *headers.message_ids(report.get("original-message-id", "")),
            *headers.message_ids(original.raw("message-id")),
            *self.head.ids("in-reply-to"),
            *reversed(self.head.ids("references")),
        ]
        references = dict.fromkeys([*original.ids("in-reply-to"), *original.ids("references")])
        marks = (
            *evidence.tokens(self.head, self.delivery),
            *evidence.tokens(original, Delivery(provider="")),
        )
        status = report.get("status", "")
        detail = {
            "why": signs.why,
            "subject": self.subject,
            "message_id": self.message_id,
            "recipient": self._recipient(report, original),
            "status": status,
            "class": _CLASSES.get(status[:1], ""),
            "action": report.get("action", ""),
            "diagnostic": report.get("diagnostic-code", ""),
            "disposition": report.get("disposition", ""),
            "feedback_type": report.get("feedback-type", ""),
            "original_id": next(iter(about), ""),
            "original_references": _as_many_as_fit(references),
            "tokens": " ".join(dict.fromkeys(marks)),
        }
        return Happened(
            place=self.place,
            kind=signs.kind or "other",
            about=next(iter(about), None),
            key=(self.message_id, *self.id_parts),
            at=self.sent,
            text=self.text_full,
            detail={name: text for name, text in detail.items() if text},
        )

    def _recipient(self, report: dict[str, str], original: Headers) -> str:
        """Whom the returned mail was for."""
        for name in ("original-recipient", "final-recipient", "original-rcpt-to"):
            if said := report.get(name, "").rpartition(";")[2].strip():
                return said
        verp = (envelopes.bounced_for(recipient) for recipient in self.delivery.recipients)
        return (
            self.head.text("x-failed-recipients")
            or next(filter(None, verp), "")
            or original.text("to")
        )


_CLASSES = {"2": "success", "4": "temporary", "5": "permanent"}


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _as_many_as_fit(ids: dict[str, None]) -> str:
    kept: list[str] = []
    for found in ids:
        if sum(map(len, kept)) + len(kept) + len(found) > _LONGEST_REFERENCES:
            break
        kept.append(found)
    return " ".join(kept)
