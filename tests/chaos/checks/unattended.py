"""Automatic replies: each that is due was asked for once, and no other (ARP 1, ARP 2, ARP 4)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from shared.topics import COMMANDS
from tests.chaos.history import Finding, History, Kind

TOO_OLD = timedelta(hours=24)
_ANSWERED = ("sms", "webchat")
_AUTHOR = "replies"


def automatic_replies(history: History) -> Iterator[Finding]:
    """One for each person who texted and each chat, where they wrote anything recent.

    The shops answer everybody on SMS, once a day, and each web chat once.
    """
    conversation_of = {
        event["ticket_id"]: said.conversation
        for said in history.said
        for event in history.written[said.marker]
    }
    asked: dict[str, set[str]] = defaultdict(set)
    for command in history.on(COMMANDS.name):
        if command.get("author", {}).get("id") == _AUTHOR:
            of = command["ticket_id"]
            asked[conversation_of.get(of, of)].add(command["id"])
    expected = {
        said.conversation
        for said in history.said
        if said.kind == "message"
        and said.channel in _ANSWERED
        and said.sent_at - said.received_at < TOO_OLD
        and any(
            not event["spam"] and not event["ticket"].get("spam")
            for event in history.written[said.marker]
        )
    }
    for conversation in sorted(expected | asked.keys()):
        count = len(asked[conversation])
        if count != (conversation in expected):
            kind: Kind = "doubled" if count else "lost"
            yield Finding(kind, f"{conversation} was answered automatically {count} times")
