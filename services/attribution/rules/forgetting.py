"""Takes out of a history what can change no credit any more, so that no history grows for ever.

Two things must hold whatever is forgotten. The finding of a message that stays does not change.
And a forgotten message that is delivered again is not taken for a new one: it is older than the
floor.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from datetime import datetime, timedelta

from services.attribution.rules.history import History, Message, Send
from shared.contracts.accounts import AttributionSettings

MARKS_REACH = timedelta(days=90)
"""How much older than `newest` a message may be, so that a mark can still change its credit."""

LONGEST = 200
"""How many messages, and how many sends that no message answered, are remembered at most."""

_EVER = timedelta(days=3650)
_INSTANT = timedelta(milliseconds=1)


def reach(settings: AttributionSettings) -> timedelta:
    """How much older than `newest` a delivery or message may be and still be added (ATT 5)."""
    return min(settings.window, _EVER) + min(settings.grace, _EVER)


def forget(history: History, settings: AttributionSettings) -> History:
    """The history without what can change no credit any more."""
    history = _without_spare_sends(_without_most_messages(_without_old_messages(history, settings)))
    kept = sorted(history.messages, key=lambda message: message.order)
    moments = [message.received_at for message in kept]
    oldest = history.floor - min(settings.window, _EVER)

    def matters(send: Send) -> bool:
        place = bisect_left(moments, send.at)
        answered = place < len(kept) and kept[place].received_at - send.at <= kept[place].window
        return answered and send.counts

    sends = tuple(send for send in history.sends if send.at >= oldest or matters(send))
    threads = {message.ticket_id for message in kept}
    marks = tuple(
        mark
        for mark in history.marks
        if mark.marked_at >= history.floor or mark.ticket_id in threads
    )
    if (len(sends), len(marks)) == (len(history.sends), len(history.marks)):
        return history
    return history.model_copy(update={"sends": sends, "marks": marks})


def erased(history: History, at: datetime) -> History:
    """The history without what is known up to `at`; what is as old is added no more."""
    sends = tuple(send for send in history.sends if send.at > at)
    messages = tuple(each for each in history.messages if each.received_at > at)
    threads = {message.ticket_id for message in messages}
    marks = tuple(mark for mark in history.marks if mark.ticket_id in threads)
    floor = max(history.floor, at + _INSTANT)
    return history.model_copy(
        update={"sends": sends, "messages": messages, "marks": marks, "floor": floor}
    )


def _without_old_messages(history: History, settings: AttributionSettings) -> History:
    """Without messages below the floor, save those whose credit a mark could still change."""
    if all(message.received_at >= history.floor for message in history.messages):
        return history
    delivered = sorted(send.at for send in history.sends if send.counts)
    oldest = history.newest - max(MARKS_REACH, reach(settings))

    def matters(message: Message) -> bool:
        if message.received_at >= history.floor:
            return True
        place = bisect_right(delivered, message.received_at)
        answers = place > 0 and message.received_at - delivered[place - 1] <= message.window
        return answers and message.received_at >= oldest

    return _without(history, [each for each in history.messages if not matters(each)])


def _without_most_messages(history: History) -> History:
    if len(history.messages) <= LONGEST:
        return history
    gone = sorted(history.messages, key=lambda message: message.order)[:-LONGEST]
    floor = max(history.floor, gone[-1].received_at + _INSTANT)
    return _without(history.model_copy(update={"floor": floor}), gone)


def _without(history: History, gone: Collection[Message]) -> History:
    """Without these messages, and without the sends that they answered and all earlier sends.

    If a send stayed whose answer is forgotten, the next message would seem to be its first answer.
    No message that stays is credited to one of these sends: the messages that go are older.
    """
    if not gone:
        return history
    answered = {message.credit.send_id for message in gone if message.credit}
    used = max((send.order for send in history.sends if send.send_id in answered), default=None)
    ids = {message.message_id for message in gone}
    return history.model_copy(
        update={
            "messages": tuple(each for each in history.messages if each.message_id not in ids),
            "sends": tuple(send for send in history.sends if used is None or send.order > used),
        }
    )


def _without_spare_sends(history: History) -> History:
    """Without the oldest sends that no message answered, if there are more than `LONGEST`."""
    if len(history.sends) <= LONGEST:
        return history
    answered = {message.credit.send_id for message in history.messages if message.credit}
    spare = sorted(
        (send for send in history.sends if send.send_id not in answered),
        key=lambda send: send.order,
    )
    gone = spare[:-LONGEST]
    if not gone:
        return history
    ids = {send.send_id for send in gone}
    sends = tuple(send for send in history.sends if send.send_id not in ids)
    return history.model_copy(update={"sends": sends})
