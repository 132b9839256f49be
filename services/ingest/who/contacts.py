"""The contacts and identities of each channel, in one canonical form (ING 8).

A contact's id is the canonical form of the first thing that we know the contact by:

- SMS: the number in E.164, in the form that people dial (`shared.values.phones.variants`). A sender
  without a number has a short code, a name or a carrier's address instead;
- WhatsApp: the business-scoped id, or the number where there is none;
- Instagram: the page, and the user's id on that page;
- mail: the address;
- web chat: the widget, and its visitor.

The contact's identities are what the provider gave, as it was given, and the other forms of a
number. A profile is found by any of them.
"""

import re
from functools import lru_cache

from shared.contracts.base import Contact, Identity
from shared.values.phones import e164, is_known, variants

_BSUID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_MAILBOX = re.compile(r"[^\s@:]+@[^\s@:]+\.[^\s@:]+")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_LONGEST_SHORT_CODE = 8
_LONGEST_MAILBOX = 500


def sms_sender(raw: str, region: str | None = None) -> Contact | None:
    """The contact that an SMS is from; None only where no sender is named.

    Providers write numbers with their country's code. What is no known number with it is read as
    people of the account's `region` write their numbers.
    """
    number = e164(raw)
    local = e164(raw, region) if region else number
    if local != number and (number is None or not is_known(number)):
        number = local or number
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
    """One of the account's own numbers, in the form that is compared with the settings."""
    return e164(raw) or raw.strip()


def email(raw: str, name: str | None = None) -> Contact | None:
    """The contact with that mail address; None where no such address can exist."""
    value = mailbox(raw)
    return _of(Identity(type="email", value=value), name=name) if may_be_mailbox(value) else None


def may_be_mailbox(compared: str) -> bool:
    """Whether an address is short enough to be one, in the form in which it is compared.

    That form may be longer than what was written: ignoring case makes three letters of some.
    """
    return 0 < len(compared) <= _LONGEST_MAILBOX


def mailbox(raw: str) -> str:
    """A mail address in the form in which it is compared: no case, no space around it."""
    local, at, domain = raw.strip().rpartition("@")
    return f"{local}{at}{domain.rstrip('.')}".casefold()


def whatsapp(*names: str, display_name: str | None = None) -> Contact | None:
    """The contact of a WhatsApp user with these ids: numbers and business-scoped ids, in any order.

    The business-scoped id comes first, because it stays when a user hides or changes their
    number.
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
    """The contact of an Instagram user. Instagram gives the user another id on every page."""
    if not page or not scoped_id:
        return None
    return _of(Identity(type="igsid", value=f"{page}:{scoped_id}"))


def visitor(
    widget: str, visitor_id: str, name: str | None = None, known_as: tuple[Identity, ...] = ()
) -> Contact:
    """The contact of a web-chat visitor. `known_as` has only identities that were verified."""
    return _of(Identity(type="visitor", value=f"{widget}:{visitor_id}"), *known_as, name=name)


def canonical(identity: Identity) -> Identity:
    """The identity in the form in which ingest compares it: equal people compare equal."""
    value = _canonical(identity.type, identity.value)
    return identity if value == identity.value else identity.model_copy(update={"value": value})


@lru_cache(maxsize=5_000)
def _canonical(kind: str, value: str) -> str:
    value = value.strip()
    if kind == "email":
        return mailbox(value)
    if kind == "e164":
        number = e164(value)
        return variants(number)[0] if number else value
    if kind == "wa_id":
        return variants("+" + value.removeprefix("+"))[0].removeprefix("+")
    return value


def _numbers(number: str) -> list[Identity]:
    """The number as given, and the other forms of it."""
    forms = dict.fromkeys((number, *variants(number)))
    return [Identity(type="e164", value=form) for form in forms]


def _of(*identities: Identity, name: str | None = None) -> Contact:
    unique = tuple(dict.fromkeys(identities))
    return Contact(
        id=canonical(unique[0]).key, identities=unique, display_name=(name or "")[:200] or None
    )
