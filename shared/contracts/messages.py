"""Inbound messages: what customers wrote, whatever the channel (topics messages and screened)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from shared.contracts.base import Channel, Contact, Contract, Envelope, UtcTime, Whole

DEEPEST = 40
"""How many levels `structured` may have; the database takes a hundred, all around it included."""


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse what JSON can say and the database cannot hold."""
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        for item in level:
            if isinstance(item, int) and not -(2**63) <= item < 2**63:
                message = f"{str(item)[:40]}: no number has more than 64 bits"
                raise ValueError(message)
            if isinstance(item, dict) and any("\0" in name for name in item):
                message = "no name has a null character in it"
                raise ValueError(message)
        nested = (
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        )
        level = [item for items in nested for item in items]
        if not level:
            return value
    message = f"it has more than {DEEPEST} levels"
    raise ValueError(message)


Structured = Annotated[dict[str, Any], AfterValidator(_storable)]
"""What a channel says besides text, as JSON."""


class Attachment(Contract):
    """A file that came with a message: its description, and where its bytes are to be had.

    `ref` is an address, or says where in the raw record it lies. The bytes of a file with a
    `file_id` are on `helpdesk.files`, in parts; `refused` says why those of another one are not.
    """

    kind: Literal["image", "audio", "video", "document", "sticker", "other"] = "other"
    filename: str | None = None
    media_type: str | None = None
    size: Whole | None = None
    ref: str | None = None
    content_id: str | None = None
    inline: bool = False
    file_id: str | None = None
    refused: Literal["kind", "too_large", "unreadable"] | None = None


class Mail(Contract):
    """The headers of a mail that threading needs (TKT 2). Ids are without angle brackets.

    `tokens` are what looks like a signed token, not yet verified: where it was found (`address`,
    `id`, `text`), a colon, and the token. `thread_index` is the conversation's GUID by Outlook,
    in hexadecimal; `base_subject` the subject without what answering and forwarding put before it.
    `forwarded_by` is the agent, or the account's mailbox, who passed it on; `sender` then wrote it.
    """

    message_id: str
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    tokens: tuple[str, ...] = ()
    thread_index: str | None = None
    thread_topic: str | None = None
    base_subject: str | None = None
    authentication: Literal["pass", "fail", "unknown"] = "unknown"
    auto_generated: bool = False
    bulk: bool = False
    forwarded_by: str | None = None


class Story(Contract):
    """The Instagram story that a message answers or mentions (ING 5)."""

    id: str | None = None
    url: str | None = None


class Origin(Contract):
    """Where the raw record of a message lies: nothing that a provider sent is lost (ING 6).

    `ref` is where the raw mail lies if not in that record: a URL.
    """

    topic: str
    partition: Whole
    offset: Whole
    ref: str | None = None


class Reason(Contract):
    """One reason of a verdict, in words a person understands (SPM 3)."""

    code: str
    words: str
    weight: float


class Verdict(Contract):
    """What screening thinks of a message (SPM 3). `score` is between 0 and 1.

    `grey`: no spam, but near it; the message stays in the inbox, with a badge. `language` is a
    guess (ISO 639-1). `shadow` is what a model says that is only being tried; nothing follows.
    """

    spam: bool
    grey: bool = False
    score: float
    threshold: float
    reasons: tuple[Reason, ...] = ()
    model: str
    language: str | None = None
    shadow: float | None = None


class OnChannel(Envelope):
    """Something that a contact did on one of the account's addresses."""

    channel: Channel
    address: str
    contact: Contact
    conversation_id: str | None = None
    provider: str = "unknown"

    @property
    def party(self) -> str:
        """What must stay in order on a channel: the contact, on web chat the conversation."""
        if self.channel == "webchat" and self.conversation_id:
            return self.conversation_id
        return self.contact.id


class InboundMessage(OnChannel):
    """A customer's message, normalised. `occurred_at` is the time of receipt.

    `id` is computed from account, channel, address and the provider's id, so that a message
    delivered twice is one message (ING 2). `sent_at` is the provider's time, clamped to what is
    plausible. `text` is what the customer newly wrote, `text_full` all of it where that differs.
    `html` fetches nothing: pictures from the web have their address in `data-remote`.
    """

    type: Literal["InboundMessage"] = "InboundMessage"
    provider_message_id: str
    sent_at: UtcTime
    text: str = ""
    text_full: str | None = None
    html: str | None = None
    subject: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mail: Mail | None = None
    story: Story | None = None
    in_reply_to: str | None = None
    structured: Structured = Field(default_factory=dict)
    flags: tuple[str, ...] = ()
    origin: Origin | None = None
    verdict: Verdict | None = None

    @property
    def grey(self) -> bool:
        """Whether screening took it for near spam."""
        return self.verdict is not None and self.verdict.grey

    @property
    def spam(self) -> bool:
        """Whether screening took it for spam; what was not screened is not spam."""
        return self.verdict is not None and self.verdict.spam


class MessageEdited(OnChannel):
    """A customer changed a message of theirs. `message_id` is our id of that message."""

    type: Literal["MessageEdited"] = "MessageEdited"
    message_id: str
    version: Whole
    text: str


class MessageDeleted(OnChannel):
    """A customer took a message back. That is final, whatever edits come later."""

    type: Literal["MessageDeleted"] = "MessageDeleted"
    message_id: str


Message = Annotated[InboundMessage | MessageEdited | MessageDeleted, Field(discriminator="type")]
