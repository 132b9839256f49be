"""The contacts and identities of each channel, in one canonical form (ING 8).

`Contact.id` is the canonical form of the first thing a contact is known by: on SMS the number in
E.164 (of the forms in which networks write it, the one that is dialled: see
`shared.values.phones.variants`), the short code, the sender's name or the carrier's address; on
WhatsApp the business-scoped id, else the number; on Instagram the page and the id scoped to it; of
a mail the address; on web chat the widget and its visitor. The identities are what was given, as
it was given, and a number's other forms: a profile is found by any of them.
"""

import re

from shared.contracts.base import Contact, Identity
from shared.values.phones import e164, is_known, variants

_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_MAILBOX = re.compile(r"[^\s@:]+@[^\s@:]+\.[^\s@:]+")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_LONGEST_SHORT_CODE = 8
_LONGEST_MAILBOX = 500


def sms_sender(raw: str, region: str | None = None) -> Contact | None:
    """Whoever an SMS is from; None only for nobody.

    Providers write numbers with their country's code. Only what is no known number so is read as
    people of the account's `region` write theirs.
    """
    number = e164(raw)
    if number is None or not is_known(number):
        number = e164(raw, region) or number
    if number is not None:
        return _of(*_numbers(number))
    name = raw.strip()
    if not name:
        return None
    if _MAILBOX.fullmatch(name) and (known := email(name)) is not None:
        return known
    if _DIGITS.fullmatch(name) and len(name) <= _LONGEST_SHORT_CODE:
        return _of(Identity(type="short_code", value=name))
    return _of(Identity(type="sender_name", value=name[:100]))


def sms_address(raw: str) -> str:
    """One of the account's own numbers, as it is compared with what its settings list."""
    return e164(raw) or raw.strip()


def email(raw: str, name: str | None = None) -> Contact | None:
    """Whoever has a mail address; None where there can be no such address."""
    value = mailbox(raw)
    return _of(Identity(type="email", value=value), name=name) if may_be_mailbox(value) else None


def may_be_mailbox(compared: str) -> bool:
    """Whether an address, as it is compared, is no longer than one can be.

    As it was written it may be shorter: without regard to case some letters become three.
    """
    return 0 < len(compared) <= _LONGEST_MAILBOX


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
    dialled = (e164("+" + name) for name in numbers)
    found += [each for number in dialled if number for each in _numbers(number)]
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
    """The identity as ingest compares it, whoever wrote it: so that equal ones compare equal."""
    value = identity.value.strip()
    if identity.type == "email":
        value = mailbox(value)
    elif identity.type == "e164":
        number = e164(value)
        value = variants(number)[0] if number else value
    elif identity.type == "wa_id":
        value = variants("+" + value.removeprefix("+"))[0].removeprefix("+")
    return identity.model_copy(update={"value": value})


def _numbers(number: str) -> list[Identity]:
    """The number as given, and the other forms of it."""
    return [Identity(type="e164", value=form) for form in (number, *variants(number))]


def _of(*identities: Identity, name: str | None = None) -> Contact:
    unique = tuple(dict.fromkeys(identities))
    return Contact(
        id=canonical(unique[0]).key, identities=unique, display_name=(name or "")[:200] or None
    )
