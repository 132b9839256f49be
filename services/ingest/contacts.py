"""The contacts and identities of each channel, in one canonical form (ING 8)."""

import re

from shared.contracts.base import Contact, Identity

_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_FORMATTING = re.compile(r"[\s().\-/\u00a0]+")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_SHORTEST_NUMBER, _LONGEST_NUMBER = 7, 15
_LONGEST_SHORT_CODE = 8


def phone(raw: str) -> str | None:
    """The number in E.164, None for what is none. Without a leading + it has to be complete.

    A plus that a form decoder made a space is put back.
    """
    broken_plus = raw.startswith(" ")
    number = _FORMATTING.sub("", raw)
    if broken_plus and number[:1].isdigit():
        number = "+" + number
    if number.startswith("00"):
        number = "+" + number[2:]
    digits = number.removeprefix("+")
    if not _DIGITS.fullmatch(digits) or digits.startswith("0"):
        return None
    if not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
        return None
    if number.startswith("+") or len(digits) > _LONGEST_SHORT_CODE:
        return "+" + digits
    return None


def sms_sender(raw: str) -> Contact | None:
    """Whoever an SMS is from: a phone number, a short code or a sender's name."""
    if number := phone(raw):
        return _of(Identity(type="e164", value=number))
    name = raw.strip()
    if not name:
        return None
    if _DIGITS.fullmatch(name) and len(name) <= _LONGEST_SHORT_CODE:
        return _of(Identity(type="short_code", value=name))
    return _of(Identity(type="sender_name", value=name[:100]))


def sms_address(raw: str) -> str:
    """One of the account's own numbers, as its settings list it."""
    return phone(raw) or raw.strip()


def email(raw: str, name: str | None = None) -> Contact:
    """The author of a mail. Addresses are compared without regard to case."""
    return _of(Identity(type="email", value=mailbox(raw)), name=name)


def mailbox(raw: str) -> str:
    """A mail address as it is compared: case does not matter, nor does space around it."""
    local, at, domain = raw.strip().rpartition("@")
    return f"{local}{at}{domain.rstrip('.')}".casefold()


def whatsapp(*names: str, display_name: str | None = None) -> Contact | None:
    """A WhatsApp user by the ids given: numbers and business-scoped ids, in any order.

    The business-scoped id comes first, because it is what stays when a user hides or changes
    their number; so a contact first known by it stays the contact it was.
    """
    scoped = [name for name in names if _BSUID.fullmatch(name)]
    numbers = [name.removeprefix("+") for name in names]
    numbers = [name for name in numbers if _DIGITS.fullmatch(name) and 5 <= len(name) <= 20]
    found = [Identity(type="wa_bsuid", value=name) for name in scoped]
    found += [Identity(type="wa_id", value=name) for name in numbers]
    dialled = (phone("+" + name) for name in numbers)
    found += [Identity(type="e164", value=number) for number in dialled if number]
    return _of(*found, name=display_name) if found else None


def instagram(page: str, scoped_id: str) -> Contact | None:
    """An Instagram user, whose id is scoped to the account's page."""
    if not page or not scoped_id:
        return None
    return _of(Identity(type="igsid", value=f"{page}:{scoped_id}"))


def visitor(
    widget: str, visitor_id: str, name: str | None = None, known_as: tuple[Identity, ...] = ()
) -> Contact:
    """A web-chat visitor; `known_as` are only identities that somebody has verified."""
    return _of(Identity(type="visitor", value=f"{widget}:{visitor_id}"), *known_as, name=name)


def canonical(identity: Identity) -> Identity:
    """The identity as ingest writes it, whoever wrote it: so that equal ones compare equal."""
    value = identity.value.strip()
    if identity.type == "email":
        value = mailbox(value)
    elif identity.type == "e164":
        value = phone(value) or value
    elif identity.type == "wa_id":
        value = value.removeprefix("+")
    return identity.model_copy(update={"value": value})


def _of(*identities: Identity, name: str | None = None) -> Contact:
    unique = tuple(dict.fromkeys(identities))
    return Contact(id=unique[0].key, identities=unique, display_name=(name or "")[:200] or None)
