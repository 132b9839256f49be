"""Which of a mail's addresses is whose."""

import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress

from services.ingest import contacts
from services.ingest.channels.mail.delivery import Delivery
from services.ingest.mime import envelopes, headers
from services.ingest.mime.headers import Headers
from services.ingest.parts import Place
from shared.contracts.base import Contact
from shared.mail_tokens import without_token

_AUTHORS = ("from", "sender", "reply-to")
_OTHER_AUTHORS = ("x-original-from", "x-original-sender", "reply-to", "x-mailfrom")
_DELIVERED = ("x-original-to", "envelope-to", "x-envelope-to", "delivered-to")
_NOBODYS = ("unknown", "localhost", "undisclosed-recipients")


def of(head: Headers, delivery: Delivery) -> Place:
    """The mailbox and the author. Without an author the contact is None.

    Whom it is from, its From says. Other fields count only where that is a mailbox of the
    account itself, as with forms and lists: anybody can write them.
    """
    others = [pair for field in _OTHER_AUTHORS for pair in head.addresses(field)[:1]]
    return Place(
        provider=delivery.provider,
        addresses=_mailboxes(head, delivery),
        contact=_author(head, delivery),
        authors=tuple(contacts.email(canonical(address), name) for name, address in others),
    )


def _author(head: Headers, delivery: Delivery) -> Contact | None:
    for field in _AUTHORS:
        for name, address in head.addresses(field)[:1]:
            return contacts.email(canonical(address), name)
    envelope = [delivery.sender, head.raw("return-path")]
    for _, address in headers.addresses([found for found in envelope if found])[:1]:
        return contacts.email(canonical(envelopes.original(address)))
    return None


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
    """The addresses without names, as they are compared, each once."""
    return tuple(dict.fromkeys(contacts.mailbox(canonical(address)) for _, address in pairs))


def reply_address(head: Headers) -> str | None:
    """Where answers are wanted; None where no such address can exist."""
    for address in only_addresses(head.addresses("reply-to")):
        local, _, domain = address.rpartition("@")
        if local.strip('"') and domain not in _NOBODYS:
            return address
    return None


def canonical(address: str) -> str:
    """The address with its letters composed, and a domain of other scripts in ASCII."""
    local, at, domain = unicodedata.normalize("NFC", address).rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local}{at}{domain}"
