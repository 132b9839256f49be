"""What browsers and integrations hold: drawn secrets, of which the desk keeps hashes alone."""

import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "hdt_"
"""So that a token that was published by mistake can be found."""


def drawn() -> str:
    """A new secret of 256 bits, fit for cookies and addresses."""
    return secrets.token_urlsafe(32)


def key_of(secret: str) -> str:
    """The hash under which a secret is kept; that it is a plain one does for 256 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def signed(secret: bytes, what: str, value: str) -> str:
    """A code that only whoever has `secret` can compute; `what` keeps uses apart."""
    return hmac.new(secret, f"{what}:{value}".encode(), "sha256").hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are equal; how long it takes does not say where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
