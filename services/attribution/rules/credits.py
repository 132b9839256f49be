"""Which message is credited to which send, given everything that is known (ATT 1 to 4, ATT 6)."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.attribution.rules.history import Marks, Message, Send
from shared.contracts.marketing import Credit


@dataclass(frozen=True, slots=True)
class Finding:
    """What a message is credited to, None for nothing, and why, in words."""

    credit: Credit | None
    because: str


def attribute(
    sends: Sequence[Send], messages: Sequence[Message], marks: Sequence[Marks]
) -> dict[str, Finding]:
    """The finding of every message, by its id; the order within the arguments does not matter.

    A message answers the last send that was delivered at or before its receipt. The first message
    to answer a send is credited if it came within its window, the last instant included. Further
    messages are not, until the next send: not even if the first one came too late. Spam answers
    nothing, so that it uses no send up.
    """
    tickets = {mark.ticket_id: mark for mark in marks}
    delivered = sorted((send for send in sends if send.counts), key=lambda send: send.order)
    moments = [send.at for send in delivered]
    answered: set[str] = set()
    findings: dict[str, Finding] = {}
    for message in sorted(messages, key=lambda message: message.order):
        place = bisect_right(moments, message.received_at)
        if why := _spam(message, tickets):
            finding = Finding(None, why)
        elif place == 0:
            finding = Finding(None, "no send was delivered before it")
        else:
            send = delivered[place - 1]
            finding = _answer(message, send, first=send.send_id not in answered)
            answered.add(send.send_id)
        findings[message.message_id] = finding
    return findings


def _spam(message: Message, tickets: Mapping[str, Marks]) -> str | None:
    """Why the message is spam; None when it is not."""
    marks = tickets.get(message.ticket_id)
    if marks is not None and marks.spam:
        return "its ticket is marked as spam"
    if message.spam and (marks is None or message.seq > marks.cleared):
        return "it was screened as spam"
    return None


def _answer(message: Message, send: Send, *, first: bool) -> Finding:
    named = f"{send.source} {send.source_id}"
    elapsed = message.received_at - send.at
    if not first:
        return Finding(None, f"an earlier message answered {named}")
    if elapsed > message.window:
        text = f"{named} was delivered {_words(elapsed)} before, over {_words(message.window)}"
        return Finding(None, text)
    return Finding(send.credit, f"it is the first answer to {named}, {_words(elapsed)} after it")


def _words(time: timedelta) -> str:
    """The duration for people, to the second: `1 d 2 h 5 min`, `40 s`."""
    rest = int(time.total_seconds())
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"
