"""E-mail (ING 6): raw, as a mailbox forwards it, or as a provider's webhook tells it."""

from collections.abc import Callable, Mapping

from services.ingest.read.findings import Finding
from services.ingest.read.mail import letter
from services.ingest.read.mail.delivery import NOT_IN_RECORD, of_record
from services.ingest.read.mail.mime import header_block
from services.ingest.read.mail.webhooks import mailgun, postmark, sendgrid, ses
from services.ingest.read.mail.webhooks.payloads import Payload
from services.ingest.refusals import Refused
from shared.bus.delivery import Record

_RAW = "raw"
_ALSO_CALLED = {
    "mime": _RAW,
    "rfc822": _RAW,
    "imap": _RAW,
    "smtp": _RAW,
    "aws_ses": "ses",
    "aws-ses": "ses",
    "amazon_ses": "ses",
    "sns": "ses",
}
_PROVIDERS: Mapping[str, Callable[[Payload], list[Finding]]] = {
    "postmark": postmark.read,
    "sendgrid": sendgrid.read,
    "mailgun": mailgun.read,
    "ses": ses.read,
}


def read(record: Record) -> list[Finding]:
    """The findings in a mail record: one, but for notices about several.

    The header `x-provider` says whose format it is; without it, its looks do.
    """
    payload = Payload(record)
    elsewhere = record.header(NOT_IN_RECORD) is not None
    if not payload.value.strip() and not elsewhere:
        raise Refused("empty", "a record without a value says nothing")
    named = (record.header("x-provider") or "").strip().lower()
    provider = _ALSO_CALLED.get(named, named) or _by_its_looks(payload)
    if provider == _RAW or elsewhere:
        return [letter.raw(payload.value, of_record(record, _RAW))]
    if provider not in _PROVIDERS:
        known = ", ".join((_RAW, *_PROVIDERS))
        raise Refused("unknown_provider", f"{provider or 'the payload'} is none of: {known}")
    return _PROVIDERS[provider](payload)


def _by_its_looks(payload: Payload) -> str:
    try:
        found = _whose_json(payload) if payload.is_json else _whose_form(payload)
    except Refused:
        if header_block.has_usual_headers(payload.value):
            return _RAW  # a mail with a line above it that only begins like JSON
        raise
    return found or (_RAW if header_block.has_usual_headers(payload.value) else "")


def _whose_form(payload: Payload) -> str:
    if not payload.is_form:
        return _RAW
    has = set(payload.form.fields)
    if "recipient" in has and {"body-plain", "body-mime", "token"} & has:
        return "mailgun"
    return "sendgrid" if {"envelope", "email"} & has and {"headers", "email"} & has else ""


def _whose_json(payload: Payload) -> str:
    has = set(payload.json.raw)
    if {"FromFull", "MailboxHash"} & has or "RecordType" in has:
        return "postmark"
    if {"Type", "TopicArn"} <= has or {"notificationType", "eventType"} & has:
        return "ses"
    if any("ses" in each or "Sns" in each for each in payload.json.each("Records")[:1]):
        return "ses"
    return "mailgun" if "event-data" in has else ""
