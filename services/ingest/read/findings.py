"""What a channel's reader finds in a record, before it is known whose account it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read.media import Contents
from services.ingest.read.times import RawTime
from services.ingest.refusals import Refused
from shared.contracts.base import Channel, Contact
from shared.contracts.messages import Attachment, Mail, Story
from shared.contracts.signals import KeywordClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """At which of the account's addresses, with whom, and through which provider it happened.

    `contact` is the customer. If it is None, `phone` may say who the customer is: a number, short
    code or name as the provider wrote it. The account's region decides how a number is read. If
    `channel` is None, it is the topic's; formats of SMS give it, because some carry WhatsApp too.

    `addresses` are what may be the account's address, in groups, the best evidence first. The first
    group in which an account has an address decides: every address in it that an account has
    counts.

    The rest is for mails only. `senders` are who may have written the mail if `contact` turns out
    to be the account itself, or a mailing list of the account that took the sender's place
    (`rewritten` says that a list seems to have done so). `reply_to` is where answers are wanted.
    `forwarded_from` is who wrote the mail that this one passes on.
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
    """A customer's message. `id` is the provider's; `id_parts` tell it from others with that id.

    `keyword_class` is set if the provider took it for a keyword of that class. A message `to_many`
    is one message, at however many of the account's addresses it arrives. `original` is where the
    raw message lies, if not in the record. `contents` are the bytes of those of its files that came
    with it. `automatic` is the signal that takes the message's place
    at a mailbox that takes no messages from programs.
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
    contents: Contents = field(default_factory=dict, repr=False, compare=False)
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
    """Part `number` (from 1) of the `total` parts of a customer's long SMS.

    `id` is the provider's id of the part. All parts of one long SMS have the same `reference`,
    which the phone uses again for later ones. `body` is text in UTF-16 (little-endian), which may
    begin or end with half a character; if `binary`, it is the bytes that were sent.
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
    """A customer changed the message with the provider's id `id`; `text` is its new text.

    `edit_id` tells the edit from others of the same message. `version` counts up with each edit. If
    it is None, the version is the time of the change (`at`), in milliseconds since 1970.
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
    """Anything else that happened (ING 4). `key` tells it from others of its kind at that address.

    `about` is the provider's id of the message that it is about. If `about_inbound`, that is a
    customer's message, and our own id of it follows from `about` and `about_parts`.
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
"""A finding that could be read, with the place where it happened."""

Finding = Content | Refused
"""A finding: one thing that a record says, or why something in the record cannot be taken."""
