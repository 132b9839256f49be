"""What travels on the topics, with everything a test does not care about made up.

All arguments are by keyword; whatever a contract has can be given. Two calls build two different
things, numbered; give `id` (a mail's `mail_id`) for the same one again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal, TypeVar
from zlib import crc32

from shared.contracts.accounts import AccountSettings, Address, Agent, Team
from shared.contracts.base import CHANNELS, Author, Channel, Contact, Identity
from shared.contracts.commands import Command
from shared.contracts.marketing import Credit, MessageAttributed
from shared.contracts.messages import InboundMessage, Mail, MessageDeleted, MessageEdited, Verdict
from shared.contracts.signals import Signal

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning; what is built happens then unless it is told otherwise."""

MAILBOX = "support@acme.example"
ADDRESSES: dict[Channel, str] = {
    "webchat": "widget-1",
    "email": MAILBOX,
    "sms": "+12025550100",
    "instagram": "17841400000000001",
    "whatsapp": "106540352242922",
}

_numbers = count(1)


def minutes(after: float) -> datetime:
    """Return the moment that many minutes after MONDAY."""
    return MONDAY + timedelta(minutes=after)


def an_account(*, account_id: str = "acme", **settings: Any) -> AccountSettings:
    """Build an account with all channels, the agents Ada and Ben, and the team `sales` of both."""
    values: dict[str, Any] = {
        "name": account_id.title(),
        "channels": CHANNELS,
        "addresses": tuple(
            Address(channel=channel, value=value) for channel, value in ADDRESSES.items()
        ),
        "agents": (Agent(id="ada", name="Ada"), Agent(id="ben", name="Ben")),
        "teams": (Team(id="sales", name="Sales", members=("ada", "ben")),),
    }
    return AccountSettings(account_id=account_id, **(values | settings))


def an_agent(*, id: str = "ada") -> Author:  # noqa: A002
    """Build a human author."""
    return Author(kind="agent", id=id, name=id.title())


def the_system(*, id: str = "autoclose") -> Author:  # noqa: A002
    """Build the author that a service is."""
    return Author(kind="system", id=id)


def a_contact(*, channel: Channel = "sms", name: str = "anna", **more: Any) -> Contact:
    """Build a contact as ingest names them on that channel; the same name is the same person."""
    number = f"+1202{crc32(name.encode()) % 10_000_000:07d}"
    identity = {
        "webchat": Identity(type="visitor", value=f"widget-1:{name}"),
        "email": Identity(type="email", value=f"{name}@example.com"),
        "sms": Identity(type="e164", value=number),
        "instagram": Identity(type="igsid", value=f"{ADDRESSES['instagram']}:{name}"),
        "whatsapp": Identity(type="wa_id", value=number.removeprefix("+")),
    }[channel]
    values: dict[str, Any] = {
        "id": identity.key,
        "identities": (identity,),
        "sms_consent": "marketing",
    }
    return Contact(**(values | more))


def a_message(
    *,
    channel: Channel = "sms",
    by: str = "anna",
    at: datetime = MONDAY,
    spam: bool = False,
    **more: Any,
) -> InboundMessage:
    """Build a screened message; `at` is its receipt, and when it was sent unless `sent_at` says.

    On web chat its conversation is the person's only one unless `conversation_id` says.
    """
    message_id = more.pop("id", None) or f"message-{next(_numbers)}"
    values: dict[str, Any] = {
        "account_id": "acme",
        "id": message_id,
        "occurred_at": at,
        "correlation_id": message_id,
        "channel": channel,
        "address": ADDRESSES[channel],
        "contact": a_contact(channel=channel, name=by),
        "conversation_id": f"chat-of-{by}" if channel == "webchat" else None,
        "provider_message_id": f"provider-{message_id}",
        "sent_at": at,
        "text": "Where is my parcel?",
        "verdict": a_verdict(spam=spam),
    }
    return InboundMessage(**(values | more))


def a_verdict(*, spam: bool = False) -> Verdict:
    """Build what screening says."""
    return Verdict(spam=spam, score=0.99 if spam else 0.01, threshold=0.9, model="test")


def an_sms(*, by: str = "anna", at: datetime = MONDAY, **more: Any) -> InboundMessage:
    """Build an SMS."""
    return a_message(channel="sms", by=by, at=at, **more)


def an_inbound_mail(
    *,
    mail_id: str | None = None,
    answers: str | None = None,
    references: Sequence[str] | None = None,
    by: str = "anna",
    at: datetime = MONDAY,
    to: Sequence[str] = (MAILBOX,),
    cc: Sequence[str] = (),
    authentication: Literal["pass", "fail", "unknown"] = "pass",
    **more: Any,
) -> InboundMessage:
    """Build a mail of `<by>@example.com`, in answer to the mail id `answers` where given.

    `references` are that one only unless given, as short threads have them. Its `sender`, `tokens`,
    `thread_index` and `thread_topic` may be given too.
    """
    mail_id = mail_id or f"mail-{next(_numbers)}@example.com"
    in_reply_to = () if answers is None else (answers,)
    mail = Mail(
        message_id=mail_id,
        in_reply_to=in_reply_to,
        references=in_reply_to if references is None else tuple(references),
        sender=more.pop("sender", f"{by}@example.com"),
        to=tuple(to),
        cc=tuple(cc),
        tokens=tuple(more.pop("tokens", ())),
        thread_index=more.pop("thread_index", None),
        thread_topic=more.pop("thread_topic", None),
        authentication=authentication,
    )
    values: dict[str, Any] = {"id": f"m-{mail_id}", "subject": "My order", "mail": mail}
    return a_message(channel="email", by=by, at=at, **(values | more))


def an_edit(*, of: InboundMessage, text: str = "changed", **more: Any) -> MessageEdited:
    """Build what the channel says when the customer changed `of`."""
    values = _change(of) | {"version": 1, "text": text}
    return MessageEdited(**(values | more))


def a_deletion(*, of: InboundMessage, **more: Any) -> MessageDeleted:
    """Build what the channel says when the customer took `of` back."""
    return MessageDeleted(**(_change(of) | more))


def _change(of: InboundMessage) -> dict[str, Any]:
    change_id = f"change-{next(_numbers)}"
    return {
        "account_id": of.account_id,
        "id": change_id,
        "occurred_at": of.occurred_at + timedelta(minutes=1),
        "correlation_id": of.correlation_id,
        "channel": of.channel,
        "address": of.address,
        "contact": of.contact,
        "conversation_id": of.conversation_id,
        "message_id": of.id,
    }


def a_signal(
    *,
    kind: str = "keyword",
    channel: Channel = "sms",
    by: str = "anna",
    at: datetime = MONDAY,
    **more: Any,
) -> Signal:
    """Build a signal; a keyword is the word STOP."""
    signal_id = more.pop("id", None) or f"signal-{next(_numbers)}"
    values: dict[str, Any] = {
        "account_id": "acme",
        "id": signal_id,
        "occurred_at": at,
        "correlation_id": signal_id,
        "kind": kind,
        "channel": channel,
        "address": ADDRESSES[channel],
        "contact": a_contact(channel=channel, name=by),
        "conversation_id": f"chat-of-{by}" if channel == "webchat" else None,
    }
    if kind == "keyword":
        values |= {"text": "STOP", "keyword": "STOP", "keyword_class": "stop"}
    return Signal(**(values | more))


def an_attribution(
    *,
    message_id: str,
    ticket_id: str,
    send: str | None = "send-1",
    revision: int = 1,
    at: datetime = MONDAY,
    **more: Any,
) -> MessageAttributed:
    """Build a fact of attribution: to a campaign's send, or to nothing any more."""
    fact_id = more.pop("id", None) or f"attributed-{message_id}-{revision}"
    credit = None if send is None else Credit(send_id=send, source="campaign", source_id="spring")
    values: dict[str, Any] = {
        "account_id": "acme",
        "id": fact_id,
        "occurred_at": at,
        "correlation_id": message_id,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "phone": "+12025550123",
        "credit": credit,
        "revision": revision,
        "because": "the last send within 24 hours",
    }
    return MessageAttributed(**(values | more))


C = TypeVar("C", bound=Command)


def a_command(
    kind: type[C],
    *,
    ticket_id: str,
    by: Author | None = None,
    at: datetime = MONDAY,
    **more: Any,
) -> C:
    """Build a command of that kind by Ada, unless `by` says; `more` is what the kind needs."""
    command_id = more.pop("id", None) or f"command-{next(_numbers)}"
    values: dict[str, Any] = {
        "account_id": "acme",
        "id": command_id,
        "occurred_at": at,
        "correlation_id": command_id,
        "ticket_id": ticket_id,
        "author": by or an_agent(),
    }
    return kind(**(values | more))
