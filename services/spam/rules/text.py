"""What engines look at: a message's text with the disguises taken off, and its links."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from shared.contracts.messages import InboundMessage

LONGEST_TEXT: Final = 2_000
"""Characters that are looked at: what counts is said early, and the work stays bounded."""

_LONGEST_RAW = 10 * LONGEST_TEXT
_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cn", "Mn", "Me"})
_CONTROLS = dict.fromkeys(code for code in range(128) if not chr(code).isprintable())
# Letters of other scripts that look like Latin ones, as in "bitсоin"; words of these scripts are
# changed too, which no phrase minds.
_LOOK_ALIKE = str.maketrans("аеорсхуіѕјһԁɡοανρικτ\u2019\u02bc", "aeopcxyisjhdgoavpikt''")
_SPACE = re.compile(r"\s+")
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

    `text` is the subject and the text, folded (see `fold`): one form for each letter, no accents,
    no invisible characters, no capitals, single spaces. `hosts` are the hosts of its links, without
    `www.`.
    """

    account_id: str
    text: str
    hosts: tuple[str, ...]
    bulk: bool
    unauthenticated: bool


def features(message: InboundMessage) -> Features:
    """What engines may judge a message by: its content alone."""
    text = fold(f"{message.subject or ''}\n{message.text}")
    return Features(
        account_id=message.account_id,
        text=text,
        hosts=hosts(text),
        bulk=message.mail is not None and message.mail.bulk,
        unauthenticated=message.mail is not None and message.mail.authentication == "fail",
    )


def fold(text: str) -> str:
    """The text as people read it, in plain letters; `LONGEST_TEXT` characters at most.

    Letters that only look like Latin ones become Latin ones. Accents are dropped, so that "aquí"
    and "aqui" are one word.
    """
    # Capped before as well as after: one character may decompose into eighteen.
    raw = text[:_LONGEST_RAW]
    plain = _SPACE.sub(" ", raw.lower() if raw.isascii() else _latin(raw)).strip()
    return plain.translate(_CONTROLS)[:LONGEST_TEXT]


def _latin(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        letter
        for letter in letters
        if letter.isspace() or unicodedata.category(letter) not in _INVISIBLE
    ).translate(_LOOK_ALIKE)


def hosts(folded: str) -> tuple[str, ...]:
    """The hosts of the links in a folded text, each once, in order."""
    links = _LINK.findall(folded) + _BARE_LINK.findall(folded)
    found = (_HOST.match(link) for link in links)
    return tuple(dict.fromkeys(match[1].rstrip(".,;!") for match in found if match))
