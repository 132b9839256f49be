"""Reports that programs write for programs: as parts of their own, or flattened into a text."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from services.ingest.read.mail.machines.words import Words
from services.ingest.read.mail.mime.content import Content
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.ways_to_say import pattern, ways
from services.ingest.read.text import parse_json
from services.ingest.refusals import Refused

NOTICES: Final = {
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Delivery": "delivery_status",
    "DeliveryDelay": "delivery_status",
}
"""What Amazon SES tells of mail that went out, and what it is here."""

_CALENDAR_ANSWERS = ("REPLY", "COUNTER", "DECLINECOUNTER")
_PACKED = (
    "application/zip",
    "application/x-zip-compressed",
    "application/gzip",
    "application/x-gzip",
    "application/xml",
    "text/xml",
)
_DOMAINS_FILE = re.compile(r"[\w.-]+![\w.-]+!\d{9,11}!\d{9,11}")
_ABOUT_A_DOMAIN = re.compile(r"(?:\[[^\]]{1,20}\] )?report domain: ?\S+\.\S+", re.IGNORECASE)
_FIELD = re.compile(
    r"^(reporting-mta|reporting-ua|arrival-date|final-recipient|original-recipient|action|status|"
    r"diagnostic-code|remote-mta|last-attempt-date|will-retry-until|original-message-id|disposition|"
    r"feedback-type|source-ip|reported-domain|original-mail-from|original-rcpt-to|version|incidents)"
    r"[ \t]*:[ \t]*([^\n]{0,1000})",
    re.IGNORECASE | re.MULTILINE,
)
_ABUSE = pattern(
    r"""
    (?:this is an? |an? )?(?:e-?mail |spam )?abuse report (?:for|about|regarding) an?\x20
    complaint about (?:a )?(?:message|mail)
    marked (?:as|by) [^.?!]{0,40}(?:spam|junk)
    (?:spam|abuse) complaint (?:about|for|from|regarding)
    (?:reported|flagged)[^.?!]{0,60} as (?:spam|junk|abuse)
    spamcop v\d
    """
)
_COMPLAINERS = ways(
    r"""
    fbl
    feedback(?:loop)?
    abuse
    complaints?
    staff
    scomp
    arf
    postmaster
    spam(?:cop)?
    """
)
_OF_COMPLAINTS = re.compile(rf"(?:{_COMPLAINERS})(?:[-+._][\w.+-]{{0,40}})?@", re.IGNORECASE)
_LONGEST_DOCUMENT = 200_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is of (a kind of signal), what showed it, and what it says in fields."""

    kind: str
    why: str
    fields: dict[str, str] = field(default_factory=dict)


def found(headers: Headers, content: Content, words: Words, sender: str) -> Report | None:
    """The report that a mail is; None for other mails. Delivery reports in parts: see `signs`."""
    types, declared = content.types, headers.raw("content-type").lower()
    if "message/feedback-report" in types or "report-type=feedback-report" in declared:
        return Report("complaint", "feedback report")
    if any("disposition-notification" in each for each in (*types[:20], declared)):
        return Report("read", "disposition notification")
    if content.calendar in _CALENDAR_ANSWERS:
        return Report("other", "answer to an invitation")
    if _is_of_a_domain(content, words):
        return Report("other", "aggregate report")
    said = _notice(content.plain) or _in_fields(words)
    if said is not None or words.asks:
        return said
    return _complaint(content, words, sender) or _read_or_invited(headers, words)


def _is_of_a_domain(content: Content, words: Words) -> bool:
    """Whether it is a daily report on a domain's mail (DMARC, TLS)."""
    if any(each.startswith("application/tlsrpt") for each in content.types):
        return True
    if not any(each in _PACKED for each in content.types):
        return False
    named = any(_DOMAINS_FILE.match(file.filename or "") for file in content.attachments)
    return not words.asks and (named or _ABOUT_A_DOMAIN.match(words.subject) is not None)


def _notice(text: str) -> Report | None:
    """What Amazon SES tells, where its notification service sends that as a mail."""
    start = text[:_LONGEST_DOCUMENT].lstrip()
    if not start.startswith("{") or not ("notificationType" in start or "eventType" in start):
        return None
    try:
        document, _ = json.JSONDecoder().raw_decode(start)
        document = parse_json(json.dumps(document).encode())
    except (ValueError, RecursionError, Refused):
        return None
    said = document.get("notificationType") or document.get("eventType")
    kind = NOTICES.get(said) if isinstance(said, str) else None
    if kind is None:
        return None
    return Report(kind, "notification of a mail service", _told(document, str(said)))


def _told(document: dict[str, Any], said: str) -> dict[str, str]:
    details = document.get(said[:1].lower() + said[1:])
    details = details if isinstance(details, dict) else {}
    people = next((each for each in details.values() if isinstance(each, list) and each), [""])
    person = people[0] if isinstance(people[0], dict) else {"emailAddress": people[0]}
    mail = document.get("mail")
    mail = mail if isinstance(mail, dict) else {}
    common = mail.get("commonHeaders")
    told = {
        "final-recipient": person.get("emailAddress"),
        "action": person.get("action"),
        "status": person.get("status"),
        "diagnostic-code": person.get("diagnosticCode"),
        "feedback-type": details.get("complaintFeedbackType"),
        "original-message-id": common.get("messageId") if isinstance(common, dict) else None,
    }
    return {name: value[:1000] for name, value in told.items() if isinstance(value, str) and value}


def _in_fields(words: Words) -> Report | None:
    """A report whose fields stand in the text."""
    fields: dict[str, str] = {}
    for found in _FIELD.finditer(words.lines):
        if not fields and not words.is_a_servers(found.start()):
            return None  # a person shows what they got
        fields.setdefault(found[1].lower(), found[2].strip())
    if "feedback-type" in fields and len(fields) > 1:
        return Report("complaint", "feedback report in the text", fields)
    if "disposition" in fields and ("final-recipient" in fields or "reporting-ua" in fields):
        return Report("read", "disposition notification in the text", fields)
    of_somebody = "final-recipient" in fields or "original-recipient" in fields
    if of_somebody and ("action" in fields or "status" in fields):
        return Report("delivery", "delivery report in the text", fields)
    return None


def _complaint(content: Content, words: Words, sender: str) -> Report | None:
    if not _ABUSE.search(f"{words.subject}. {words.start[:500]}"):
        return None
    returned = "message/rfc822" in content.types or "text/rfc822-headers" in content.types
    if returned or words.returns_a_header or _OF_COMPLAINTS.match(sender):
        return Report("complaint", "abuse report in words")
    return None


def _read_or_invited(headers: Headers, words: Words) -> Report | None:
    if words.is_read_receipt:
        return Report("read", "read receipt in words")
    of_a_calendar = "calendarmessage" in headers.raw("content-class").lower()
    if words.is_calendars_answer and of_a_calendar:
        return Report("other", "answer to an invitation")
    return None
