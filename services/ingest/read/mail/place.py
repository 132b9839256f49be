"""Finds out which of a mail's addresses are the account's mailbox, and which the sender's."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress

from services.ingest.read.findings import Place
from services.ingest.read.mail import envelopes
from services.ingest.read.mail.delivery import Delivery
from services.ingest.read.mail.mime import headers
from services.ingest.read.mail.mime.bodies import is_certified
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.who import contacts
from shared.contracts.base import Contact
from shared.values.mail_tokens import without_token

_SENDERS = ("from", "sender", "reply-to")
_OTHER_SENDERS = ("x-original-from", "x-original-sender", "reply-to", "x-mailfrom")
_OF_LISTS = ("list-id", "list-post", "mailing-list", "x-original-from", "x-google-group-id")
_VIA = re.compile(r".{1,200}\s(?:via|über|par|por|tramite|through)\s.{1,200}", re.IGNORECASE)
_DELIVERED = ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to")
_NOBODYS = ("unknown", "localhost", "undisclosed-recipients")


def of(head: Headers, delivery: Delivery) -> Place:
    """The mailbox and the sender. Without a sender the contact is None.

    The From says whom the mail is from. If it names nobody, Sender counts, then Reply-To, then the
    envelope. The settings of the account decide later whether another field counts in place of
    the From, since anybody can write one (`services.ingest.who.mail_senders`).
    """
    others = (_first(_possible(head.addresses(field))) for field in _OTHER_SENDERS)
    return Place(
        provider=delivery.provider,
        addresses=_mailboxes(head, delivery),
        contact=_sender(head, delivery),
        senders=tuple(each for each in others if each is not None),
        rewritten=_is_rewritten(head),
        reply_to=_first(_possible(head.addresses("reply-to"))),
    )


def person(name: str, address: str) -> Contact | None:
    """The contact with that address; None if no such address can exist."""
    return contacts.email(canonical(address), name)


def _first(pairs: Iterable[tuple[str, str]]) -> Contact | None:
    return next((found for pair in pairs if (found := person(*pair)) is not None), None)


def _possible(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The addresses that can exist. Programs that have none write `unknown`, or empty quotes."""
    found = []
    for name, address in pairs:
        local, _, domain = address.rpartition("@")
        if local.strip('"') and domain.casefold() not in _NOBODYS:
            found.append((name, address))
    return found


def _is_rewritten(head: Headers) -> bool:
    """Whether a list seems to have put itself into the From in the sender's place, for DMARC."""
    named = next((name for name, _ in head.addresses("from")), "")
    return any(head.raw(field) for field in _OF_LISTS) and bool(
        _VIA.fullmatch(named) or head.raw("x-original-from") or head.raw("x-mailfrom")
    )


def certified_for(head: Headers) -> Contact | None:
    """For whom a provider of certified mail writes; None for other mail.

    The provider's own address is in the From, behind “Per conto di:” and the sender's.
    """
    if not is_certified(head):
        return None
    named = next((name for name, _ in head.addresses("from")), "")
    written_for = headers.addresses([named.rpartition(":")[2]])
    return _first(_possible([*written_for, *head.addresses("reply-to")]))


def _sender(head: Headers, delivery: Delivery) -> Contact | None:
    if certified := certified_for(head):
        return certified
    for field in _SENDERS:
        if found := _first(head.addresses(field)[:1]):
            return found
    envelope = [delivery.sender, head.raw("return-path")]
    told = headers.addresses([found for found in envelope if found])
    return _first(("", envelopes.original(address)) for _, address in told)


def _mailboxes(head: Headers, delivery: Delivery) -> tuple[tuple[str, ...], ...]:
    """What may be the account's mailbox, the best evidence first: the envelope, then the header."""
    groups = [[("", found) for found in delivery.recipients]]
    for field in _DELIVERED:
        groups += [headers.addresses([value]) for value in head.all(field)]
    groups.append(head.addresses("x-forwarded-to"))
    groups.append(head.addresses("to", "cc", "bcc", "resent-to", "apparently-to"))
    return tuple(_forms(group) for group in groups if group)


def _forms(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The addresses in each form in which an account's settings may list them."""
    forms: dict[str, None] = {}
    for _, address in pairs:
        before = envelopes.original(address)
        for form in (address, without_token(address), before, without_token(before)):
            forms[contacts.mailbox(canonical(form))] = None
            forms[contacts.mailbox(unicodedata.normalize("NFC", form))] = None
    return tuple(forms)


def only_addresses(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The addresses without names, in the form in which they are compared, each once.

    Those that cannot exist are left out.
    """
    compared = (contacts.mailbox(canonical(address)) for _, address in pairs)
    return tuple(dict.fromkeys(filter(contacts.may_be_mailbox, compared)))


def reply_address(head: Headers) -> str | None:
    """Where answers are wanted (Reply-To); None if no address is named that can exist."""
    return next(iter(only_addresses(_possible(head.addresses("reply-to")))), None)


def canonical(address: str) -> str:
    """The address with its letters composed, and a domain of other scripts in ASCII."""
    local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"
