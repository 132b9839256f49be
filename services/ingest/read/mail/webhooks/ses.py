"""Amazon SES: mails in notifications, by SNS or without it, and notices of mails that went out."""

import base64
import binascii
from dataclasses import replace

from services.ingest.read.findings import Finding, Happened, Place
from services.ingest.read.mail import delivery, evidence, letter
from services.ingest.read.mail.delivery import Delivery, kept_elsewhere
from services.ingest.read.mail.machines.reports import NOTICES
from services.ingest.read.mail.webhooks.payloads import Payload, raw_text
from services.ingest.read.text import Fields, parse_json
from services.ingest.refusals import Refused
from services.ingest.who import contacts

_PROVIDER = "ses"
_RECIPIENTS = {
    "Bounce": "bouncedRecipients",
    "Complaint": "complainedRecipients",
    "DeliveryDelay": "delayedRecipients",
}
_FLAGS = (("spamVerdict", "spam_flagged"), ("virusVerdict", "virus_flagged"))


def read(payload: Payload) -> list[Finding]:
    """The mails and notices in the payload. The event of a Lambda function may have several."""
    fields, document = payload.json, payload.value
    if fields.text("Type") and fields.text("TopicArn"):
        if fields.text("Type") != "Notification":
            return [_of_topic(fields)]
        document = raw_text(document, "Message") or b""
        fields = Fields(parse_json(document))
    if records := fields.each("Records"):
        return [found for each in records for found in _of_record(each, payload)]
    kind = fields.text("notificationType") or fields.text("eventType")
    if kind in ("", "Received"):
        return [_mail(fields, document, payload)]
    return _notices(kind, fields)


def _of_record(record: Fields, payload: Payload) -> list[Finding]:
    """What a record of a Lambda function's event says; it is from SES itself, or from SNS."""
    said = record.fields("Sns")
    try:
        if not said:
            return [_mail(record.fields("ses"), b"", payload)]
        inner = Fields(parse_json(said.text("Message").encode()))
        kind = inner.text("notificationType") or inner.text("eventType")
        if kind not in ("", "Received"):
            return _notices(kind, inner)
        return [_mail(inner, said.text("Message").encode(), payload)]
    except Refused as refused:
        return [refused]


def _of_topic(fields: Fields) -> Happened:
    """SNS asks whether a subscription is wanted. Somebody has to open the URL in the signal."""
    detail = {
        "what": fields.text("Type"),
        "topic": fields.text("TopicArn"),
        "url": fields.text("SubscribeURL"),
    }
    return Happened(
        place=Place(provider=_PROVIDER, addresses=(("",),)),
        kind="other",
        key=("topic", fields.text("MessageId"), fields.text("TopicArn")),
        at=fields.time("Timestamp"),
        detail={name: text for name, text in detail.items() if text},
    )


def _mail(fields: Fields, document: bytes, payload: Payload) -> Finding:
    mail, receipt = fields.fields("mail"), fields.fields("receipt")
    if not mail:
        raise Refused("malformed", "a notification without a mail")
    known = _delivery(mail, receipt, payload.delivery(_PROVIDER))
    content = raw_text(document, "content") if document else None
    if content is not None:
        return letter.raw(_decoded(content, receipt), known)
    # The mail is in a bucket (or nowhere): its header is here all the same.
    head = delivery.header((each.text("name"), each.text("value")) for each in mail.each("headers"))
    if not head.fields:
        head = delivery.header(_common(mail.fields("commonHeaders")))
    action = receipt.fields("action")
    bucket, key = action.text("bucketName"), action.text("objectKey")
    known = replace(
        known,
        lost=True,
        flags=(*known.flags, "kept_elsewhere"),
        original=known.original
        or (f"s3://{bucket}/{key}" if bucket and key else f"ses:{mail.text('messageId')}"),
    )
    return letter.finding(head, kept_elsewhere(), known, b"")


def _delivery(mail: Fields, receipt: Fields, known: Delivery) -> Delivery:
    to = receipt.raw.get("recipients") or mail.raw.get("destination")
    recipients = [each for each in to if isinstance(each, str)] if isinstance(to, list) else []
    verdicts = {name: receipt.fields(name).text("status").upper() for name, _ in _FLAGS}
    flags = [flag for name, flag in _FLAGS if verdicts[name] == "FAIL"]
    dmarc = delivery.verdict(receipt.fields("dmarcVerdict").text("status"))
    known = delivery.with_envelope(
        known,
        known.recipients or recipients,
        known.sender or mail.text("source"),
        stamp=mail.time("timestamp"),
    )
    return replace(
        known,
        flags=(*known.flags, *flags),
        dmarc=known.dmarc if known.dmarc != "unknown" else dmarc,
    )


def _decoded(content: bytes, receipt: Fields) -> bytes:
    encoding = receipt.fields("action").text("encoding").upper()
    if encoding == "BASE64" or (not encoding and b":" not in content[:2_000]):
        try:
            return base64.b64decode(b"".join(content.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            if encoding:
                raise Refused("malformed", f"what should be base64 is not: {error}") from None
    return content


def _common(common: Fields) -> list[tuple[str, str]]:
    found = [
        ("Message-ID", common.text("messageId")),
        ("Subject", common.text("subject")),
        ("Date", common.text("date")),
    ]
    for name in ("from", "to", "cc", "replyTo"):
        people = common.raw.get(name)
        field = "Reply-To" if name == "replyTo" else name
        found += [
            (field, each)
            for each in (people if isinstance(people, list) else [])
            if isinstance(each, str)
        ]
    return [(name, text) for name, text in found if text]


def _notices(kind: str, fields: Fields) -> list[Finding]:
    """What became of a mail that went out, a notice for each of its recipients."""
    mail, said = fields.fields("mail"), fields.fields(kind[:1].lower() + kind[1:])
    about, common = mail.text("messageId"), mail.fields("commonHeaders")
    original = common.text("messageId").strip("<> ")
    people = [each for each in said.each(_RECIPIENTS.get(kind, "")) if each.text("emailAddress")]
    told = said.raw.get("recipients")
    people += [
        Fields({"emailAddress": each})
        for each in (told if isinstance(told, list) else [])
        if isinstance(each, str)
    ]
    notices: list[Finding] = []
    for person in people or [Fields({})]:
        recipient = person.text("emailAddress")
        detail = {
            "what": kind,
            "recipient": recipient,
            "subject": common.text("subject"),
            "class": said.text("bounceType").lower(),
            "action": person.text("action"),
            "status": person.text("status") or kind.lower(),
            "original_id": original or about,
            "diagnostic": person.text("diagnosticCode"),
            "feedback_type": said.text("complaintFeedbackType"),
            "tokens": evidence.tokens_of(original),
        }
        notices.append(
            Happened(
                place=Place(
                    provider=_PROVIDER,
                    addresses=((contacts.mailbox(mail.text("source")),),),
                    contact=contacts.email(recipient) if "@" in recipient else None,
                ),
                kind=NOTICES.get(kind, "other"),
                key=(kind, about, said.text("feedbackId"), recipient),
                about=about or None,
                at=said.time("timestamp") or mail.time("timestamp"),
                detail={name: text for name, text in detail.items() if text},
            )
        )
    return notices
