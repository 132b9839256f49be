"""Signals: what happens on a channel and is no message (ING 3, ING 4)."""

from typing import Literal

from pydantic import Field

from shared.contracts.base import Channel, Contact, Envelope

KeywordClass = Literal["stop", "start", "help", "campaign"]


class Signal(Envelope):
    """Something that opens no ticket, and reopens, wakes and resets nothing.

    `kind` is open: a reader ignores the kinds it does not know. `message_id` is our id of the
    inbound message it is about, `provider_message_id` the provider's id of whatever it is about
    (an outbound message, for a receipt). `occurred_at` is the time of receipt.
    Known kinds: keyword, typing, connected, disconnected, delivery_status, read, reaction, echo,
    bounce, auto_reply, complaint, opt_out, opt_in, identity_changed, referral, standby, history,
    empty, other.
    """

    type: Literal["Signal"] = "Signal"
    kind: str
    channel: Channel
    address: str
    contact: Contact | None = None
    conversation_id: str | None = None
    provider: str = "unknown"
    message_id: str | None = None
    provider_message_id: str | None = None
    text: str | None = None
    keyword: str | None = None
    keyword_class: KeywordClass | None = None
    detail: dict[str, str] = Field(default_factory=dict)

    @property
    def party(self) -> str:
        """The contact, on web chat the conversation; the address where neither is known."""
        if self.channel == "webchat" and self.conversation_id:
            return self.conversation_id
        return self.contact.id if self.contact else self.address
