"""Cursors: where a list goes on, signed, and good for that list alone. Pure."""

import binascii
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b

from services.desk.rules.views import Query

_LONGEST = 2_000


def cursor(secret: bytes, query: Query, after: str) -> str:
    """A cursor to what comes after that key in the list of that query."""
    return signed(secret, _digest(query), after)


def after(secret: bytes, query: Query, given: str) -> str | None:
    """The key that the cursor names; None for one that is broken or of another list."""
    return unsigned(secret, _digest(query), given)


def signed(secret: bytes, what: str, value: str) -> str:
    """The value, signed for that purpose alone."""
    body = json.dumps([what, value], separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(secret, body) + body).decode().rstrip("=")


def unsigned(secret: bytes, what: str, given: str) -> str | None:
    """The value that was signed for that purpose; None for anything else."""
    if len(given) > _LONGEST:
        return None
    try:
        raw = urlsafe_b64decode(given.encode() + b"=" * (-len(given) % 4))
        if not hmac.compare_digest(raw[:16], _mac(secret, raw[16:])):
            return None
        named, value = json.loads(raw[16:])
    except (ValueError, binascii.Error):
        return None
    return str(value) if named == what else None


def _mac(secret: bytes, body: bytes) -> bytes:
    key = blake2b(secret, person=b"desk-cursor").digest()
    return blake2b(body, digest_size=16, key=key).digest()


def _digest(query: Query) -> str:
    said = [
        query.account_id,
        query.spam,
        query.statuses,
        query.filters.model_dump_json(exclude_defaults=True),
        query.order,
        query.descending,
        # Who is offline changes while somebody pages; whose view it is does not.
        query.seats if query.filters.assignee_offline is None else None,
    ]
    return blake2b(json.dumps(said).encode(), digest_size=12).hexdigest()
