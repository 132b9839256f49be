"""What engines look at: a message's text with the disguises taken off, and its links."""

import re
from dataclasses import dataclass

from services.spam.rules.letter import Letter
from shared.contracts.messages import InboundMessage
from shared.learning.seeds import whole_text
from shared.learning.text import fold

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+")
_BARE_LINK = re.compile(
    r"(?<![@\w.-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\."
    r"(?:com|net|org|io|me|ly|gl|info|biz|online|site|shop|store|club|live|xyz|top|icu|click|buzz"
    r"|loan|win|bid|vip|cyou|sbs|monster|rest|cc|gd|gy|at|ru|cn|tk)\b(?:/[^\s<>\"')\]]*)?"
)
_HOST = re.compile(r"^(?:https?://)?(?:[^/@\s]*@)?(?:www\.)?([^/:?#\s]+)")


@dataclass(frozen=True, slots=True)
class Features:
    """A message as engines see it.

    `whole` is the subject and the text; `text` the same, folded (see `fold`): one form for each
    letter, no accents, no invisible characters, no capitals, single spaces. `hosts` are the hosts
    of its links, without `www.`. `sender` is the contact's id. `letter` is the message as a mail,
    where it came as one.
    """

    account_id: str
    text: str
    hosts: tuple[str, ...]
    bulk: bool
    unauthenticated: bool
    whole: str = ""
    sender: str = ""
    letter: Letter | None = None


def features(message: InboundMessage) -> Features:
    """What engines may judge a message by: its content alone."""
    whole = whole_text(message.subject, message.text)
    text = fold(whole)
    return Features(
        account_id=message.account_id,
        text=text,
        hosts=hosts(text),
        bulk=message.mail is not None and message.mail.bulk,
        unauthenticated=message.mail is not None and message.mail.authentication == "fail",
        whole=whole,
        sender=message.contact.id,
        letter=_letter(message),
    )


def _letter(message: InboundMessage) -> Letter | None:
    if message.mail is None:
        return None
    return Letter(
        sender=message.mail.sender,
        to=message.address,
        subject=message.subject or "",
        text=message.text,
        sent_at=message.sent_at,
        id=message.mail.message_id,
    )


def hosts(folded: str) -> tuple[str, ...]:
    """The hosts of the links in a folded text, each once, in order."""
    links = _LINK.findall(folded) + _BARE_LINK.findall(folded)
    found = (_HOST.match(link) for link in links)
    return tuple(dict.fromkeys(match[1].rstrip(".,;!") for match in found if match))
