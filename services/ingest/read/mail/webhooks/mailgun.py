"""Mailgun's routes: a form, with the raw mail in it where the route's address ends in `mime`."""

from typing import Any

from services.ingest.read.findings import Finding, Happened, Place
from services.ingest.read.mail import delivery, evidence, letter
from services.ingest.read.mail.mime.content import Content, attachment
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.webhooks.forms import Form
from services.ingest.read.mail.webhooks.payloads import Payload
from services.ingest.read.media import Opener, placed
from services.ingest.read.text import Fields, parse_json
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from shared.contracts.messages import Attachment

_PROVIDER = "mailgun"
_KINDS = {
    "failed": "bounce",
    "complained": "complaint",
    "delivered": "delivery_status",
    "accepted": "delivery_status",
    "unsubscribed": "opt_out",
}


def read(payload: Payload) -> list[Finding]:
    """The mail, or what became of one that went out."""
    if payload.is_json:
        if event := payload.json.fields("event-data"):
            return [_notice(event)]
        raise Refused("malformed", "no event, and inbound mail comes as a form")
    form = payload.form
    known = payload.delivery(_PROVIDER)
    recipients = [each.strip() for each in form.text("recipient").split(",") if each.strip()]
    known = delivery.with_envelope(
        known,
        known.recipients or recipients,
        known.sender or form.text("sender"),
        stamp=form.text("timestamp") or None,
    )
    raw = form.fields.get("body-mime")
    if raw:
        return [letter.raw(raw, known)]
    if not {"message-headers", "from", "sender"} & form.fields.keys():
        raise Refused("malformed", "neither a raw mail nor its headers are in the form")
    content = _content(form)
    # Mailgun makes a plain body of the HTML if a mail has none, and may make another one after a
    # change of that program. So the HTML tells the mail from others, if it has any.
    body = form.fields.get("body-html") or form.fields.get("body-plain", b"")
    return [letter.finding(_header(form), content, known, body)]


def _header(form: Form) -> Headers:
    found = _json(form, "message-headers")
    pairs = [
        (str(pair[0]), str(pair[1]))
        for pair in (found if isinstance(found, list) else [])
        if isinstance(pair, list) and len(pair) == 2
    ]
    there = {name.lower() for name, _ in pairs}
    told = ("From", "To", "Cc", "Subject", "Date", "Message-Id", "In-Reply-To", "References")
    for name in told:
        text = form.text(name) or form.text(name.lower())
        if text and name.lower() not in there:
            pairs.append((name, text))
    return delivery.header(pairs)


def _content(form: Form) -> Content:
    found = _json(form, "content-id-map")
    names = {
        str(field): str(content_id)
        for content_id, field in (found.items() if isinstance(found, dict) else ())
    }
    contents: dict[str, Opener] = {}
    files = []
    for file in form.files:
        ref = placed(f"record-field:{file.field[:100]}", contents)
        contents[ref] = file.read
        files.append(
            attachment(
                media_type=file.media_type,
                name=file.name,
                size=len(file.content),
                ref=ref,
                content_id=names.get(file.field, ""),
            )
        )
    plain, html = form.text("body-plain"), form.text("body-html")
    return delivery.content(plain, html, [*files, *_stored(form)], contents)


def _stored(form: Form) -> list[Attachment]:
    """Files that Mailgun keeps, at its own address."""
    found = _json(form, "attachments")
    stored = [Fields(each) for each in (found if isinstance(found, list) else [])]
    return [
        attachment(
            media_type=each.text("content-type"),
            name=each.text("name"),
            size=int(size) if (size := each.text("size")).isdecimal() and len(size) < 16 else None,
            ref=each.text("url"),
        )
        for each in stored
        if each
    ]


def _json(form: Form, name: str) -> Any:  # noqa: ANN401  # whatever the field holds
    try:
        return parse_json(form.fields.get(name, b"null"))
    except Refused:
        return None


def _notice(event: Fields) -> Happened:
    kind, person = event.text("event"), event.text("recipient")
    head = event.fields("message").fields("headers")
    about, status = head.text("message-id"), event.fields("delivery-status")
    temporary = event.text("severity") == "temporary"
    detail = {
        "what": kind,
        "status": status.text("code"),
        "recipient": person,
        "class": "temporary" if temporary else "",
        "original_id": about,
        "tokens": evidence.tokens_of(about),
        "diagnostic": status.text("message") or status.text("description"),
        "subject": head.text("subject"),
    }
    return Happened(
        place=Place(
            provider=_PROVIDER,
            addresses=tuple(
                (contacts.mailbox(each),)
                for each in (
                    event.fields("envelope").text("sender"),
                    head.text("from"),
                )
                if each
            ),
            contact=contacts.email(person) if "@" in person else None,
        ),
        kind="delivery_status" if kind == "failed" and temporary else _KINDS.get(kind, "other"),
        key=(kind, event.text("id"), about, person),
        about=about or None,
        at=event.time("timestamp"),
        detail={name: text for name, text in detail.items() if text},
    )
