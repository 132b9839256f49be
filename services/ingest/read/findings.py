"""What a channel's reader finds in a record, before it is known whose account it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read.times import RawTime
from services.ingest.refusals import Refused
from shared.contracts.base import Channel, Contact
from shared.contracts.messages import Attachment, Mail, Story
from shared.contracts.signals import KeywordClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """On which of the account's addresses, by whom, and through which provider.

    Whom it is from is `contact`, or the phone number (short code, name) `phone` as the provider
    wrote it: the account's region tells which number that is. `channel` is said only where it is
    another than the topic's. `addresses` are what may be the account's address, the best evidence
    first: the first group with an address that some account has decides, and all of that group's
    that are somebody's count. Of a mail: `senders` are whom it is from if `contact` turns out to
    be the account itself, or its list (`rewritten`: so it seems); `reply_to` is where answers are
    wanted, and `forwarded_from` who wrote the mail that it passes on.
    """

    provider: str
    addresses: tuple[tuple[str, ...], ...]
    contact: Contact | None = None
    phone: str = ""
    channel: Channel | None = None
    conversation_id: str | None = None
    senders: tuple[Contact, ...] = ()
    rewritten: bool = False
    reply_to: Contact | None = None
    forwarded_from: Contact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """A customer's message. `id` is the provider's, `id_parts` what else tells it from others.

    `keyword_class` is the class of keyword that the provider took it for. What was sent `to_many`
    is one message, at however many of the account's addresses it arrives. `original` is where the
    raw message lies, if not in the record. `automatic` is what it is instead, at a mailbox that
    takes no messages from programs.
    """

    place: Place
    id: str
    id_parts: tuple[str, ...] = ()
    sent: RawTime = None
    text: str = ""
    text_full: str | None = None
    html: str | None = None
    subject: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mail: Mail | None = None
    story: Story | None = None
    in_reply_to: str | None = None
    structured: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    keyword_class: KeywordClass | None = None
    to_many: bool = False
    original: str | None = None
    automatic: "Happened | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Part `number` of `total` of a customer's SMS that is too long for one, `id` the provider's.

    All parts of it have its `reference`, which its phone uses again for later ones. `body` is
    UTF-16 (little-endian, where a character may be cut in two), or the bytes of a `binary` one.
    """

    place: Place
    id: str
    reference: str
    number: int
    total: int
    body: bytes
    binary: bool = False
    sent: RawTime = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A customer changed the message with the provider's id `id`.

    Versions count up; without one, the time of the change (`at`) is the version.
    """

    place: Place
    id: str
    id_parts: tuple[str, ...] = ()
    text: str
    edit_id: str
    version: int | None = None
    at: RawTime = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TookBack:
    """A customer deleted the message with the provider's id `id`."""

    place: Place
    id: str
    id_parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Anything else (ING 4). `key` tells it from others of its kind at that address.

    `about` is the provider's id of what it is about; `about_inbound` says that this is a
    customer's message, whose own id is then known too.
    """

    place: Place
    kind: str
    key: tuple[str, ...]
    about: str | None = None
    about_parts: tuple[str, ...] = ()
    about_inbound: bool = False
    text: str | None = None
    at: RawTime = None
    detail: Mapping[str, str] = field(default_factory=dict)


Content = Wrote | Fragment | Edited | TookBack | Happened
"""What a record says of a place."""

Part = Content | Refused
"""One thing that a record says, or why a part of it says nothing."""
