"""Postmark's inbound webhook: JSON, with the raw mail in it where the server is set to send it."""

from functools import cache, partial

from services.ingest.read.findings import Finding, Happened, Place
from services.ingest.read.mail import delivery, evidence, letter
from services.ingest.read.mail.delivery import Delivery
from services.ingest.read.mail.mime.content import Content, attachment
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.webhooks.payloads import Payload, from_base64, raw_text, size_of
from services.ingest.read.text import Fields
from services.ingest.who import contacts

_PROVIDER = "postmark"
_KINDS = {
    "Bounce": "bounce",
    "SpamComplaint": "complaint",
    "Delivery": "delivery_status",
    "SubscriptionChange": "opt_out",
    "Reactivation": "opt_in",
}
_NO_BOUNCES = {
    "AutoResponder": "auto_reply",
    "ChallengeVerification": "auto_reply",
    "Transient": "delivery_status",
    "Subscribe": "opt_in",
    "Unsubscribe": "opt_out",
    "SpamComplaint": "complaint",
}
"""The kinds of signal for notices that Postmark calls bounces but that are none, by `Type`."""
_LONGEST_DUMP = 64 * 1024


def read(payload: Payload) -> list[Finding]:
    """The mail, or what became of one that went out."""
    fields = payload.json
    if fields.text("RecordType") not in ("", "Inbound"):
        return [_notice(fields)]
    known = _delivery(fields, payload.delivery(_PROVIDER))
    raw = raw_text(payload.value, "RawEmail")
    if raw is not None:
        return [letter.raw(raw, known)]
    content = _content(fields)
    body = (content.plain + (content.html or "")).encode()
    return [letter.finding(_header(fields), content, known, body)]


def _delivery(fields: Fields, known: Delivery) -> Delivery:
    rcpt = fields.text("OriginalRecipient")
    # Older payloads do not say at which address a mail came in. One with a mailbox hash is ours.
    hashed = [
        each.text("Email")
        for name in ("ToFull", "CcFull", "BccFull")
        for each in fields.each(name)
        if each.text("MailboxHash")
    ]
    return delivery.with_envelope(
        known, known.recipients or ([rcpt] if rcpt else hashed), known.sender
    )


def _header(fields: Fields) -> Headers:
    pairs = [(each.text("Name"), each.text("Value")) for each in fields.each("Headers")]
    there = {name.lower() for name, _ in pairs}
    told = [
        ("From", _people([fields.fields("FromFull")]) or fields.text("From")),
        ("To", _people(fields.each("ToFull")) or fields.text("To")),
        ("Cc", _people(fields.each("CcFull")) or fields.text("Cc")),
        ("Reply-To", fields.text("ReplyTo")),
        ("Subject", fields.text("Subject")),
        ("Date", fields.text("Date")),
    ]
    return delivery.header(
        [*pairs, *((name, text) for name, text in told if text and name.lower() not in there)]
    )


def _people(people: list[Fields]) -> str:
    return ", ".join(
        delivery.named(each.text("Name"), each.text("Email"))
        for each in people
        if each.text("Email")
    )


def _content(fields: Fields) -> Content:
    files, contents = [], {}
    for number, each in enumerate(fields.each("Attachments")):
        ref = f"record-field:Attachments.{number}"
        # Postmark's own test has the content in another field (`Data`) than its mails.
        encoded = each.text("Content") or each.text("Data")
        length = each.text("ContentLength")
        if encoded:
            contents[ref] = cache(partial(from_base64, encoded))
        files.append(
            attachment(
                media_type=each.text("ContentType"),
                name=each.text("Name"),
                size=int(length) if length.isdecimal() and len(length) < 16 else size_of(encoded),
                ref=ref,
                content_id=each.text("ContentID"),
            )
        )
    return delivery.content(fields.text("TextBody"), fields.text("HtmlBody"), files, contents)


def _notice(fields: Fields) -> Happened:
    kind = fields.text("RecordType")
    about = fields.text("MessageID")
    person = fields.text("Email") or fields.text("Recipient")
    detail = {
        "what": kind,
        "status": fields.text("Type") or kind,
        "recipient": person,
        "diagnostic": fields.text("Description") or fields.text("Details"),
        "subject": fields.text("Subject"),
        "original_id": about,
        # If the server is set so, this is the whole bounce, and the mail that it returns.
        "tokens": evidence.tokens_of(fields.text("Content")[:_LONGEST_DUMP]),
    }
    if kind == "SubscriptionChange" and fields.raw.get("SuppressSending") is False:
        kind = "Reactivation"
    return Happened(
        place=Place(
            provider=_PROVIDER,
            addresses=((contacts.mailbox(fields.text("From")),),),
            contact=contacts.email(person) if "@" in person else None,
        ),
        kind=_NO_BOUNCES.get(fields.text("Type"), "") or _KINDS.get(kind, "other"),
        about=about or None,
        key=(kind, about, fields.text("ID"), person),
        at=fields.time("BouncedAt") or fields.time("DeliveredAt"),
        detail={name: text for name, text in detail.items() if text},
    )
