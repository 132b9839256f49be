"""SendGrid's Inbound Parse: a form whose fields may each be in a charset of its own."""

from email.utils import quote

from services.ingest.read.findings import Finding
from services.ingest.read.mail import delivery, letter
from services.ingest.read.mail.mime import header_block
from services.ingest.read.mail.mime.content import Content, attachment
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.webhooks.forms import Form
from services.ingest.read.mail.webhooks.payloads import Payload
from services.ingest.read.media import Opener, placed
from services.ingest.read.text import Fields, parse_json
from services.ingest.refusals import Refused

_PROVIDER = "sendgrid"


def read(payload: Payload) -> list[Finding]:
    """The mail, read from its raw form if the webhook is set to send that."""
    form = payload.form
    envelope = _json(form, "envelope")
    to = envelope.raw.get("to")
    recipients = [each for each in to if isinstance(each, str)] if isinstance(to, list) else []
    known = payload.delivery(_PROVIDER)
    known = delivery.with_envelope(
        known, known.recipients or recipients, known.sender or envelope.text("from")
    )
    raw = form.fields.get("email")
    if raw:
        return [letter.raw(raw, known)]
    if "headers" not in form.fields and "from" not in form.fields:
        raise Refused("malformed", "neither a raw mail nor its headers are in the form")
    content = _content(form)
    body = form.fields.get("text", b"") + form.fields.get("html", b"")
    return [letter.finding(_header(form), content, known, body)]


def _header(form: Form) -> Headers:
    head, _ = header_block.split(form.fields.get("headers", b""))
    there = {name for name, _ in head.fields}
    charsets = _json(form, "charsets")
    told = delivery.header(
        (name, form.text(name, charsets.text(name) or "utf-8"))
        for name in ("from", "to", "cc", "subject")
        if form.fields.get(name) and name not in there
    )
    return Headers((*head.fields, *told.fields))


def _content(form: Form) -> Content:
    charsets, info = _json(form, "charsets"), _json(form, "attachment-info")
    files = []
    contents: dict[str, Opener] = {}
    for number, file in enumerate(form.files):
        known = info.fields(file.field)
        ref = placed(f"record-field:{quote(file.field) or number}", contents)
        contents[ref] = file.read
        files.append(
            attachment(
                media_type=known.text("type") or file.media_type,
                name=known.text("filename") or known.text("name") or file.name,
                size=len(file.content),
                ref=ref,
                content_id=known.text("content-id"),
            )
        )
    plain, html = (form.text(name, charsets.text(name) or "utf-8") for name in ("text", "html"))
    return delivery.content(plain, html, files, contents)


def _json(form: Form, name: str) -> Fields:
    try:
        return Fields(parse_json(form.fields.get(name, b"{}")))
    except Refused:
        return Fields({})
