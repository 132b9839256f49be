"""Automatic replies and hand-offs: each that is due once, and no other (ARP 1, 2, HND 3 to 5)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta

from shared.topics import COMMANDS, HANDOFFS
from tests.chaos.history import Finding, History, Json, Kind

TOO_OLD = timedelta(hours=24)
_ANSWERED = ("sms", "webchat")
_AUTHOR = "replies"


def automatic_replies(history: History) -> Iterator[Finding]:
    """One for each person who texted and each chat, where they wrote anything recent.

    The shops answer everybody on SMS, once a day, and each web chat once.
    """
    conversation_of: dict[str, str] = {
        event["ticket_id"]: said.conversation
        for said in history.said
        for event in history.written[said.marker]
    }
    asked: dict[str, set[str]] = defaultdict(set)
    for command in history.on(COMMANDS.name):
        if command.get("author", {}).get("id") == _AUTHOR:
            of = str(command["ticket_id"])
            asked[conversation_of.get(of, of)].add(command["id"])
    expected = set()
    for conversation, whole in history.conversations.items():
        if whole[0].channel not in _ANSWERED:
            continue
        recent = {s.marker: s.sent_at - s.received_at < TOO_OLD for s in whole}
        events = sorted(
            (event["ticket"].get("number", 0), event["seq"], recent[marker])
            for marker in recent
            for event in history.written[marker]
            if not event["spam"] and not event["ticket"].get("spam")
        )
        # On web chat the first line decides; on SMS any line does.
        told = [is_recent for _, _, is_recent in events]
        if any(told[:1] if whole[0].channel == "webchat" else told):
            expected.add(conversation)
    for conversation in sorted(expected | asked.keys()):
        count = len(asked[conversation])
        if count != (conversation in expected):
            kind: Kind = "doubled" if count else "lost"
            yield Finding(kind, f"{conversation} was answered automatically {count} times")


def hand_offs(history: History) -> Iterator[Finding]:
    """Each conversation that was handed over has one end, and one ticket where its method has one.

    Where the other helpdesk's ticket is, no ticket is made here.
    """
    ended: dict[str, dict[str, Json]] = defaultdict(dict)
    told: dict[str, set[str]] = defaultdict(set)
    for body in history.on(HANDOFFS.name):
        if body["type"] == "HandoffEnded":
            ended[body["handoff_id"]][body["id"]] = body
        elif body["type"] == "VisitorTold":
            told[body["handoff_id"]].add(body["id"])
    here = Counter(
        fact["handoff_id"]
        for facts in history.facts.values()
        for fact in facts
        if fact["type"] == "TicketHandedOver"
    )
    numbers = Counter(ticket["external_id"] for ticket in history.outside)
    there = {str(ticket["id"]): ticket["external_id"] for ticket in history.outside}
    for external_id, count in numbers.items():
        if count > 1:
            yield Finding("doubled", f"there are {count} tickets {external_id} outside")
    for handed in history.handed:
        ends = list(ended[handed.id].values())
        if len(ends) != 1:
            kind: Kind = "doubled" if ends else "lost"
            yield Finding(kind, f"{handed.id} has {len(ends)} ends")
            continue
        outside = int(str(ends[0].get("external_id")) in there)
        counts = (here[handed.id], outside, len(told[handed.id]))
        expected = {"helpdesk": (1, 0, 0), "zendesk": (0, 1, 1), "message": (0, 0, 1)}
        if counts != expected[handed.method]:
            kind = "doubled" if sum(counts) > sum(expected[handed.method]) else "lost"
            yield Finding(kind, f"{handed.id} by {handed.method} has {counts} tickets and texts")
    wanted = sum(handed.method == "zendesk" for handed in history.handed)
    if len(there) > wanted:
        yield Finding("doubled", f"{len(there)} tickets are outside for {wanted} hand-offs")
