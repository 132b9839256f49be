"""What is sent because of what happened, and why it is not (ARP 1 to 5)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.replies.rules import messages
from services.replies.rules.correspondent import (
    LONGEST_MISSED,
    MOST_MISSED,
    TO_CONTACTS,
    Chat,
    Correspondent,
    Kind,
    Missed,
    Mode,
    unknown,
)
from services.replies.rules.news import Due, News, contact_of
from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE, after
from shared.contracts.accounts import AccountSettings
from shared.contracts.handoffs import HandoffEnded
from shared.contracts.signals import Signal
from shared.contracts.tickets import AgentReplied, CustomerWrote
from shared.values import wording
from shared.values.hours import is_open

A_DAY: Final = 5
"""How many automatic replies a contact gets within a day, over all kinds (ARP 4)."""

TOO_OLD: Final = timedelta(hours=24)
"""What happened longer ago gets no automatic reply, which would only puzzle."""

TEAM_TOLD_EVERY: Final = timedelta(minutes=10)

RETURNS: Final = timedelta(seconds=30)
"""A visitor who goes to another page leaves and comes back: so long they count as there."""

_MACHINES: Final = frozenset({"short_code", "sender_name"})


@dataclass(slots=True)
class Decided:
    """What is remembered from now on, what is to be published, and what became of each kind.

    `told` pairs a kind of reply with `sent`, or with the reason for which none was.
    """

    known: Correspondent
    publish: list[Outgoing] = field(default_factory=list)
    told: list[tuple[Kind, str]] = field(default_factory=list)

    def send(self, kind: Kind, at: datetime, *records: Outgoing) -> None:
        """A reply of that kind goes out because of something at `at`."""
        self.known = self.known.having_sent(kind, at)
        self.publish += records
        self.told.append((kind, "sent"))


def decide(
    before: Correspondent | None, item: News, settings: AccountSettings, now: datetime
) -> Decided:
    """What follows from the item by the account's settings as they are now."""
    decided = Decided(before or unknown(item.account_id, contact_of(item)))
    match item:
        case CustomerWrote() if item.ticket.channel == "webchat":
            _chat_written(decided, item, settings, now)
        case CustomerWrote():
            _sms_written(decided, item, settings, now)
        case AgentReplied():
            _answered(decided, item, settings)
        case Signal():
            _seen(decided, item, settings)
        case HandoffEnded():
            _nobody_available(decided, item, settings, now)
        case Due():
            _followed_up(decided, item, settings)
    return decided


def _why_not(decided: Decided, at: datetime, now: datetime) -> str | None:
    """What holds of every automatic reply to a contact (ARP 4)."""
    if now - at > TOO_OLD:
        return "too_old"
    return "limit" if decided.known.count(TO_CONTACTS, at) >= A_DAY else None


def _sms_written(
    decided: Decided, item: CustomerWrote, settings: AccountSettings, now: datetime
) -> None:
    at = item.received_at
    replies = settings.auto_replies
    if replies.sms.enabled:
        reason = _sms_reason(decided, item, settings, now)
        if reason is None:
            command = messages.sms_reply(item, settings, now)
            decided.send("sms", at, messages.record(command))
            text = messages.as_compared(command.text)
            decided.known = decided.known.model_copy(update={"last_sms": text})
        else:
            decided.told.append(("sms", reason))
    if replies.new_sms.to:
        _tell_team(decided, item, settings, now)


def _sms_reason(
    decided: Decided, item: CustomerWrote, settings: AccountSettings, now: datetime
) -> str | None:
    """Why this SMS gets no automatic answer (ARP 1, ARP 4); None where it gets one."""
    sms = settings.auto_replies.sms
    contact = item.ticket.contact
    last = decided.known.last("sms")
    if item.spam or item.ticket.spam:
        return "spam"
    if any(identity.type in _MACHINES for identity in contact.identities[:1]):
        return "machine"
    if decided.known.last_sms and messages.as_compared(item.text) == decided.known.last_sms:
        return "echo"
    if sms.to == "without_consent" and contact.sms_consent != "none":
        return "consent"
    if last is not None and abs(item.received_at - last) < sms.every:
        return "recently"
    return _why_not(decided, item.received_at, now)


def _tell_team(
    decided: Decided, item: CustomerWrote, settings: AccountSettings, now: datetime
) -> None:
    last = decided.known.told_team_at
    reason = None
    if item.spam or item.ticket.spam:
        reason = "spam"
    elif last is not None and abs(item.received_at - last) < TEAM_TOLD_EVERY:
        reason = "recently"
    elif now - item.received_at > TOO_OLD:
        reason = "too_old"
    if reason is not None:
        decided.told.append(("new_sms", reason))
        return
    told = decided.known.model_copy(update={"told_team_at": item.received_at})
    decided.known = told
    decided.publish += messages.new_sms_mails(item, settings)
    decided.told.append(("new_sms", "sent"))


def _chat_written(
    decided: Decided, item: CustomerWrote, settings: AccountSettings, now: datetime
) -> None:
    """Whoever writes has read what was answered before; they are told who is there (ARP 2)."""
    chat = _chat_of(decided, item)
    if item.spam or item.ticket.spam:
        decided.told.append(("webchat", "spam"))
        begins = chat.told is None
        chat = chat.model_copy(update={"began_as_spam": begins or chat.began_as_spam})
        decided.known = decided.known.with_chat(chat)
        return
    language = wording.guessed(item.text) or chat.language
    chat = chat.model_copy(
        update={
            "language": language,
            "wrote_seq": max(chat.wrote_seq, item.seq),
            "came_at": max(chat.came_at or item.received_at, item.received_at),
            "missed": tuple(each for each in chat.missed if each.seq > item.seq),
        }
    )
    chat = armed(chat, settings)
    mode: Mode = "open" if is_open(settings, item.received_at) else "closed"
    command = messages.chat_reply(item, mode, settings, language, now)
    if command is not None:
        reason = _chat_reason(chat, item, mode) or _why_not(decided, item.received_at, now)
        if reason is None:
            decided.send("webchat", item.received_at, messages.record(command))
        else:
            decided.told.append(("webchat", reason))
    # A text that is off counts as told: what is told next is that the hours have changed.
    decided.known = decided.known.with_chat(chat.model_copy(update={"told": mode}))


def _chat_reason(chat: Chat, item: CustomerWrote, mode: Mode) -> str | None:
    """Why the visitor is not told who is there (ARP 2)."""
    if chat.told == mode:
        return "told_already"
    if item.ticket.ai_handled:
        return "ai_handled"
    # It began before the account had this on, or with the AI agent.
    begun = item.ticket.message_count > 1 and not chat.began_as_spam
    return "under_way" if chat.told is None and begun else None


def _chat_of(decided: Decided, item: CustomerWrote | AgentReplied) -> Chat:
    ticket = item.ticket
    chat = decided.known.chat(ticket.conversation_id or item.ticket_id, item.occurred_at)
    return chat.model_copy(
        update={
            "ticket_id": item.ticket_id,
            "active_at": max(chat.active_at, item.occurred_at),
            "contact": ticket.contact,
            "number": ticket.number,
        }
    )


def _answered(decided: Decided, item: AgentReplied, settings: AccountSettings) -> None:
    chat = _chat_of(decided, item)
    if item.mailed_to is None and item.seq > chat.wrote_seq:
        missed = Missed(
            seq=item.seq,
            at=item.occurred_at,
            text=item.text[:LONGEST_MISSED],
            correlation_id=item.correlation_id,
        )
        every = sorted([*chat.missed, missed], key=lambda each: each.seq)
        chat = chat.model_copy(update={"missed": tuple(every[-MOST_MISSED:])})
    decided.known = decided.known.with_chat(armed(chat, settings))


def _seen(decided: Decided, item: Signal, settings: AccountSettings) -> None:
    at = item.occurred_at
    chat = decided.known.chat(item.conversation_id or "", at)
    named = {"connected": "came_at", "disconnected": "left_at", "read": "read_at"}[item.kind]
    known: datetime | None = getattr(chat, named)
    changes = {named: max(known or at, at), "active_at": max(chat.active_at, at)}
    chat = chat.model_copy(update=changes)
    decided.known = decided.known.with_chat(armed(chat, settings))


def unread(chat: Chat) -> tuple[Missed, ...]:
    """What a visitor who is away has not read: nor written since, nor come back to."""
    seen_at = max(filter(None, (chat.came_at, chat.read_at)), default=None)
    if not chat.has_left:
        return ()
    return tuple(
        each
        for each in chat.missed
        if each.seq > chat.wrote_seq and (seen_at is None or each.at > seen_at)
    )


def armed(chat: Chat, settings: AccountSettings) -> Chat:
    """The chat with the moment at which its visitor may have to be written to (ARP 3)."""
    follow_up = settings.auto_replies.follow_up
    missed = unread(chat)
    if not missed or not follow_up.enabled or chat.is_mailed or chat.left_at is None:
        return chat.model_copy(update={"due_at": FAR_FUTURE})
    due_at = max(after(missed[-1].at, follow_up.after), after(chat.left_at, RETURNS))
    return chat.model_copy(update={"due_at": due_at})


def _followed_up(decided: Decided, item: Due, settings: AccountSettings) -> None:
    """The one mail goes out where it is still true that the visitor missed something (ARP 3)."""
    chat = armed(decided.known.chat(item.conversation_id, item.now), settings)
    if chat.due_at > item.now:
        # They came back, or read, or were answered again; or the account now waits for longer.
        decided.known = decided.known.with_chat(chat)
        return
    missed = unread(chat)
    reason = None
    if chat.email is None:
        reason = "no_address"
    elif not messages.mailbox_of(settings):
        reason = "no_mailbox"
    elif decided.known.count(TO_CONTACTS, item.now) >= A_DAY:
        reason = "limit"
    if reason is None:
        command = messages.follow_up(chat, missed, settings, item)
        decided.send("follow_up", item.now, messages.record(command))
    else:
        decided.told.append(("follow_up", reason))
    done = chat.model_copy(update={"mailed_at": item.now, "due_at": FAR_FUTURE})
    decided.known = decided.known.with_chat(done)


def _nobody_available(
    decided: Decided, item: HandoffEnded, settings: AccountSettings, now: datetime
) -> None:
    """The AI agent has handed over, and nobody is there: the visitor is told so (ARP 2, HND 3)."""
    chat = decided.known.chat(item.conversation_id or "", item.occurred_at)
    reason = _why_not(decided, item.occurred_at, now)
    if reason is None:
        decided.send(
            "webchat",
            item.occurred_at,
            *messages.nobody_there(item, chat, settings, now),
        )
        chat = chat.model_copy(update={"told": "closed"})
    else:
        decided.told.append(("webchat", reason))
    decided.known = decided.known.with_chat(chat)
