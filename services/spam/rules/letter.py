"""A mail as other programs read it, made of what is known of a message; never the mail itself."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

LONGEST_BODY: Final = 20_000
"""Characters of the text that are passed on."""

NOBODY: Final = "unknown@invalid"
"""Stands where an address is none that a header may hold."""

_LONGEST_SUBJECT = 500
_ADDRESS = re.compile(r"[A-Za-z0-9._%+=/~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10}")
_ID = re.compile(r"[A-Za-z0-9._%+=/~$!#-]{1,200}@[A-Za-z0-9._-]{1,200}")
_NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NO_LETTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is known of a mail. `id` is without angle brackets; `text` is what was newly written."""

    sender: str
    to: str
    subject: str
    text: str
    sent_at: datetime
    id: str = ""


def written(letter: Letter) -> bytes:
    """The letter by RFC 5322, with its headers and no other, whatever its sender wrote.

    An address that is none is replaced by `NOBODY`, an id that is none is left out.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(letter.sender)
    mail["To"] = _address(letter.to)
    mail["Subject"] = _NOT_PRINTABLE.sub(" ", letter.subject[:_LONGEST_SUBJECT])
    mail["Date"] = letter.sent_at
    if _ID.fullmatch(letter.id):
        mail["Message-ID"] = f"<{letter.id}>"
    text = _NO_LETTER.sub(" ", letter.text[:LONGEST_BODY])
    # Neither base64, for which filters blame plain texts, nor 8bit, whose lines have a limit.
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    return mail.as_bytes()


def _address(said: str) -> str:
    return said if _ADDRESS.fullmatch(said) else NOBODY
