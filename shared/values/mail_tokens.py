"""Signed tokens that lead the answer to a mail back to its ticket (TKT 2). Pure.

A token is `t`, the id of the key that signed it (a digit), and 24 letters of base32: five bytes
of the ticket's id, by which it is found, and ten of a MAC over the account and the whole id. It
is understood in either case, since there are systems that change the case of addresses. It says
which ticket is meant and that we said so; who may join that ticket is another question, for a
token travels with every mail that is forwarded.
"""

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Where = Literal["address", "id", "text"]
"""Where a token was found: in an address or a mail id, which the writer's mail program copies from
the mail that is answered, or in the subject or the body (`text`), which anybody may quote."""

_SHORT_BYTES, _MAC_BYTES = 5, 10
_TOKEN = re.compile(r"(?<![a-z0-9])t[0-9][a-z2-7]{24}(?![a-z0-9])", re.IGNORECASE)
_TAGGED = re.compile(r"[+.=]t[0-9][a-z2-7]{24}(?=[+.=]|\Z)", re.IGNORECASE)
_MOST = 20
_LONGEST_LOCAL_PART = 64


@dataclass(frozen=True, slots=True)
class MailTokens:
    """Makes tokens and knows its own. The last key signs; all of them are recognised.

    `keys` are secrets by their ids, a digit each. Without any, there are no tokens.
    """

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def of(self, account_id: str, ticket_id: str) -> str | None:
        """The token of a ticket; None without a key."""
        if not self.keys:
            return None
        key_id = list(self.keys)[-1]
        return f"t{key_id}{_letters(self._signed(key_id, account_id, ticket_id))}"

    def proves(self, token: str, account_id: str, ticket_id: str) -> bool:
        """Whether the token is one that was made for that ticket of that account."""
        key_id, signed = token[1:2], _bytes(token)
        if signed is None or key_id not in self.keys:
            return False
        return hmac.compare_digest(signed, self._signed(key_id, account_id, ticket_id))

    def _signed(self, key_id: str, account_id: str, ticket_id: str) -> bytes:
        account_key = _mac(self.keys[key_id], "account", account_id)
        mac = _mac(account_key, "thread", account_id, ticket_id)
        return _short_bytes(ticket_id) + mac[:_MAC_BYTES]


NO_TOKENS: Final = MailTokens()
"""Without a key none is made and none recognised."""


def short_id(ticket_id: str) -> str:
    """The ten hexadecimal digits by which a ticket is found when a token names it."""
    return _short_bytes(ticket_id).hex()


def named_by(token: str) -> str | None:
    """The short id of the ticket that a token names; None for what is no token."""
    signed = _bytes(token)
    return None if signed is None else signed[:_SHORT_BYTES].hex()


def found_in(text: str) -> tuple[str, ...]:
    """Whatever looks like a token in a text, in lower case, each once, twenty at most."""
    found: dict[str, None] = {}
    for match in _TOKEN.finditer(text):
        found[match[0].lower()] = None
        if len(found) == _MOST:
            break
    return tuple(found)


def into_address(address: str, token: str) -> str:
    """The mail address with `+` and the token before its `@`.

    It is unchanged if it has no `@`, or if the part before that would be over 64 characters long.
    """
    local, at, domain = address.rpartition("@")
    tagged = f"{local}+{token}"
    return f"{tagged}{at}{domain}" if at and len(tagged) <= _LONGEST_LOCAL_PART else address


def without_token(address: str) -> str:
    """The address without what looks like a token after a `+`, a `.` or a `=` in it."""
    local, at, domain = address.rpartition("@")
    return f"{_TAGGED.sub('', local)}{at}{domain}"


def marked(where: Where, token: str) -> str:
    """A token and where it was found, as a message carries it."""
    return f"{where}:{token}"


def unmarked(mark: str) -> tuple[str, str]:
    """Where a token was found, and the token."""
    where, _, token = mark.partition(":")
    return where, token


def _mac(key: bytes, *parts: str) -> bytes:
    # With their lengths, so that no two different sequences of parts are signed alike.
    message = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key, message.encode(), hashlib.sha256).digest()


def _short_bytes(ticket_id: str) -> bytes:
    try:
        return uuid.UUID(ticket_id).bytes[:_SHORT_BYTES]
    except ValueError:
        return hashlib.sha256(ticket_id.encode()).digest()[:_SHORT_BYTES]


def _letters(signed: bytes) -> str:
    return base64.b32encode(signed).decode().lower()


def _bytes(token: str) -> bytes | None:
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return base64.b32decode(token[2:].upper())
    except binascii.Error:
        return None
