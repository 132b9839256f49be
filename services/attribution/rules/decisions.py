"""How a piece of news changes a contact's history, and which facts are published of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.attribution.rules.credits import Finding, attribute
from services.attribution.rules.forgetting import forget, reach
from services.attribution.rules.history import History, Marks, Message, Send
from shared.contracts.accounts import AttributionSettings
from shared.contracts.marketing import MessageAttributed, SendDelivered, SendFailed
from shared.contracts.tickets import CustomerWrote, TicketMarkedNotSpam, TicketMarkedSpam
from shared.values.ids import computed_id

Fact = SendDelivered | SendFailed | CustomerWrote | TicketMarkedSpam | TicketMarkedNotSpam

AHEAD = timedelta(days=1)
"""How far a producer's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class News:
    """A fact, and the phone of the contact whom it is about."""

    phone: str
    fact: Fact

    @property
    def id(self) -> str:
        """The same for each delivery of the same news; two accounts or contacts never share one."""
        fact = self.fact
        match fact:
            case SendDelivered():
                said = f"delivered:{fact.delivered_at.isoformat()}"
            case SendFailed():
                said = "failed"
            case _:
                return f"{fact.account_id}:ticket:{fact.id}"
        return f"{fact.account_id}:send:{self.phone}:{fact.send_id}:{said}"


def impossible(fact: SendDelivered | SendFailed, now: datetime) -> str | None:
    """Why a send's report cannot be true, in words; None when it can.

    A report may be `AHEAD` of our clock at most. One from the future would move the floor with it,
    so that true reports and messages came too late.
    """
    at = fact.delivered_at if isinstance(fact, SendDelivered) else fact.occurred_at
    if at > now + AHEAD:
        return f"send {fact.send_id} says {at.isoformat()}, which is yet to come"
    return None


def decide(
    history: History | None, news: News, settings: AttributionSettings
) -> tuple[History, list[MessageAttributed]]:
    """The history with the news in it, and the facts to be published, in order (ATT 5, ATT 7).

    All messages are attributed anew. A fact follows for each message whose credit is not the one
    that was last published. For a message that never had a credit and has none now, nothing is
    published (ATT 4).
    """
    fact = news.fact
    before = history or History(account_id=fact.account_id, phone=news.phone)
    known = _learn(before, fact, settings)
    if known is before:
        return before, []
    if not known.messages:  # as for most of a campaign's sends
        return forget(known, settings), []
    findings = attribute(known.sends, known.messages, known.marks)
    changed = [
        message
        for message in known.messages
        if findings[message.message_id].credit != message.credit
    ]
    # A credit is taken from one message before it is given to another. So whoever adds up the
    # facts in their order never sees a send credited twice.
    changed.sort(key=lambda message: findings[message.message_id].credit is not None)
    facts = [_fact(known, message, findings[message.message_id], fact) for message in changed]
    return forget(_published(known, facts), settings), facts


def _fact(history: History, message: Message, finding: Finding, cause: Fact) -> MessageAttributed:
    because = finding.because
    if message.credit is not None:
        lost = message.credit
        failed = any(send.failed for send in history.sends if send.send_id == lost.send_id)
        if failed:
            because = f"{lost.source} {lost.source_id} was not delivered after all; {because}"
    revision = message.revision + 1
    return MessageAttributed(
        account_id=history.account_id,
        id=_fact_id(history, message, revision),
        occurred_at=cause.occurred_at,
        correlation_id=message.correlation_id,
        ticket_id=message.ticket_id,
        message_id=message.message_id,
        phone=history.phone,
        credit=finding.credit,
        revision=revision,
        replaces=_fact_id(history, message, message.revision) if message.revision else None,
        because=because,
    )


def _fact_id(history: History, message: Message, revision: int) -> str:
    parts = (history.account_id, message.message_id, str(revision))
    return computed_id("attribution", *parts)


def _published(history: History, facts: Iterable[MessageAttributed]) -> History:
    latest = {fact.message_id: fact for fact in facts}
    if not latest:
        return history
    messages = tuple(
        message.model_copy(update={"credit": fact.credit, "revision": fact.revision})
        if (fact := latest.get(message.message_id))
        else message
        for message in history.messages
    )
    return history.model_copy(update={"messages": messages})


def _learn(history: History, fact: Fact, settings: AttributionSettings) -> History:
    """The history with the fact in it; the very same one where that changes nothing."""
    match fact:
        case SendDelivered():
            return _seen(_with_send(history, fact), fact.delivered_at, settings)
        case SendFailed():
            return _seen(_with_send(history, fact), fact.occurred_at, settings)
        case CustomerWrote():
            history = _marked(history, fact, spam=fact.ticket.spam, cleared=0)
            return _seen(_with_message(history, fact, settings), fact.received_at, settings)
        case TicketMarkedSpam():
            return _marked(history, fact, spam=True, cleared=0)
        case TicketMarkedNotSpam(author=author):
            # The system lifts a flag because a legitimate message followed; whoever else does it
            # has judged what is in the thread (SPM 2).
            cleared = 0 if author.kind == "system" else fact.seq
            return _marked(history, fact, spam=False, cleared=cleared)


def _with_send(history: History, fact: SendDelivered | SendFailed) -> History:
    """Add a report: a failure is final, and the earliest delivery counts, in whatever order.

    A report older than the floor is ignored, unless it says that a known send failed.
    """
    delivered_at = fact.delivered_at if isinstance(fact, SendDelivered) else None
    there = next((send for send in history.sends if send.send_id == fact.send_id), None)
    late = (delivered_at or fact.occurred_at) < history.floor
    if late and (delivered_at is not None or there is None):
        return history
    if there is None:
        new = Send(
            send_id=fact.send_id,
            source=fact.source,
            source_id=fact.source_id,
            heard_at=fact.occurred_at,
            delivered_at=delivered_at,
            failed=delivered_at is None,
        )
        return history.model_copy(update={"sends": (*history.sends, new)})
    moments = [at for at in (there.delivered_at, delivered_at) if at is not None]
    send = there.model_copy(
        update={
            "delivered_at": min(moments, default=None),
            "failed": there.failed or delivered_at is None,
        }
    )
    others = tuple(other for other in history.sends if other.send_id != send.send_id)
    return history.model_copy(update={"sends": (*others, send)})


def _with_message(history: History, fact: CustomerWrote, settings: AttributionSettings) -> History:
    there = any(message.message_id == fact.message_id for message in history.messages)
    if there or fact.received_at < history.floor:
        return history
    message = Message(
        message_id=fact.message_id,
        ticket_id=fact.ticket_id,
        seq=fact.seq,
        received_at=fact.received_at,
        spam=fact.spam,
        correlation_id=fact.correlation_id,
        window=settings.window,
    )
    return history.model_copy(update={"messages": (*history.messages, message)})


def _marked(
    history: History,
    fact: CustomerWrote | TicketMarkedSpam | TicketMarkedNotSpam,
    *,
    spam: bool,
    cleared: int,
) -> History:
    """The event with the highest seq says whether the ticket is spam (ATT 6)."""
    blank = Marks(ticket_id=fact.ticket_id, seq=0, spam=False, marked_at=fact.occurred_at)
    there = next((mark for mark in history.marks if mark.ticket_id == fact.ticket_id), blank)
    mark = there.model_copy(update={"cleared": max(there.cleared, cleared)})
    if fact.seq > there.seq:
        newer = {"seq": fact.seq, "spam": spam, "marked_at": fact.occurred_at}
        mark = mark.model_copy(update=newer)
    if mark == there:
        return history
    others = tuple(other for other in history.marks if other.ticket_id != fact.ticket_id)
    return history.model_copy(update={"marks": (*others, mark)})


def _seen(history: History, at: datetime, settings: AttributionSettings) -> History:
    """Note the time of news: what is older by more than window and grace is too late from now."""
    if at <= history.newest:
        return history
    floor = max(history.floor, at - reach(settings))
    return history.model_copy(update={"newest": at, "floor": floor})
