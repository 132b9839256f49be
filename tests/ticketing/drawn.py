"""Whatever may come: histories, and the batches in which they are delivered."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from shared.contracts.base import Channel
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    ReportDelivery,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
    WakeTicket,
)
from shared.contracts.messages import InboundMessage
from tests.builders import (
    MONDAY,
    a_command,
    a_contact,
    a_deletion,
    a_message,
    a_signal,
    an_attribution,
    an_edit,
    an_inbound_mail,
    the_system,
)
from tests.ticketing.world import Item, ticket_opened_by, topic_of

MAILS = [f"mail-{n}@example.com" for n in range(5)]
NAMED = [*MAILS, "broadcast@acme.example"]
PEOPLE = ("anna", "bob", "cleo")
COMMANDS: list[tuple[type[Command], dict[str, Any]]] = [
    (ReplyToTicket, {"text": "Hello!"}),
    (ReplyToTicket, {"text": "Hello!", "cc": ("cleo@example.com",)}),
    (AddNote, {"text": "VIP"}),
    (AssignTicket, {"assignee": "ada"}),
    (AssignTicket, {"assignee": "ben", "seen_assignee": UNASSIGNED}),
    (UnassignTicket, {"share_again": True}),
    (CloseTicket, {}),
    (CloseTicket, {"reason": "inactivity", "waiting_epoch": 3, "by": the_system()}),
    (CloseTicket, {"reason": "inactivity", "waiting_epoch": 4, "by": the_system()}),
    (ReopenTicket, {}),
    (SnoozeTicket, {"until": MONDAY + timedelta(hours=1)}),
    (WakeTicket, {"snoozed_until": MONDAY + timedelta(hours=1)}),
    (TagTicket, {"tags": ("vip",)}),
    (UntagTicket, {"tags": ("vip", "late")}),
    (RouteTicket, {"team_id": "sales"}),
    (MarkRead, {}),
    (ReportDelivery, {"outbound_id": "c1", "status": "delivered"}),
    (ReportDelivery, {"outbound_id": "c2", "status": "failed", "error": "no route"}),
    (MarkSpam, {}),
    (MarkNotSpam, {}),
]


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[Item]:
    """Whatever a few people write, and whatever is done about it."""
    items: list[Item] = []
    for number in range(draw(st.integers(1, most))):
        messages = [item for item in items if isinstance(item, InboundMessage)]
        kinds = ["message", "mail", "command", "command", "other"] if messages else ["message"]
        at = MONDAY + timedelta(minutes=number - draw(st.integers(0, 3)))
        match draw(st.sampled_from(kinds)):
            case "message":
                items.append(draw(_messages(number, at)))
            case "mail":
                items.append(draw(_mails(number, at)))
            case "command":
                items.append(draw(_commands(number, at, messages)))
            case _:
                items.append(draw(_others(number, at, messages)))
    return items


def _messages(number: int, at: Any) -> st.SearchStrategy[Item]:
    channels: list[Channel] = ["sms", "webchat", "instagram", "whatsapp"]
    return st.builds(
        lambda channel, by, spam: a_message(
            id=f"m{number}", channel=channel, by=by, at=at, spam=spam
        ),
        st.sampled_from(channels),
        st.sampled_from(PEOPLE[:2]),
        st.sampled_from([False] * 4 + [True]),
    )


def _mails(number: int, at: Any) -> st.SearchStrategy[Item]:
    return st.builds(
        lambda by, own, references, cc, authentication, profile: an_inbound_mail(
            id=f"m{number}",
            mail_id=own,
            at=at,
            by=by,
            references=references,
            cc=[f"{name}@example.com" for name in cc],
            authentication=authentication,
            contact=a_contact(channel="email", name=by, profile_id=profile),
        ),
        st.sampled_from(PEOPLE),
        st.sampled_from([*MAILS, f"own-{number}@example.com"]),
        st.lists(st.sampled_from(NAMED), max_size=3, unique=True),
        st.lists(st.sampled_from(PEOPLE), max_size=1),
        st.sampled_from(["pass", "pass", "pass", "fail"]),
        st.sampled_from([None, None, "p-1"]),
    )


def _commands(number: int, at: Any, messages: Sequence[InboundMessage]) -> st.SearchStrategy[Item]:
    return st.builds(
        lambda of, command: a_command(
            command[0], id=f"c{number}", at=at, ticket_id=ticket_opened_by(of), **command[1]
        ),
        st.sampled_from(messages),
        st.sampled_from(COMMANDS),
    )


def _others(number: int, at: Any, messages: Sequence[InboundMessage]) -> st.SearchStrategy[Item]:
    def built(of: InboundMessage, kind: str) -> Item:
        match kind:
            case "edit":
                return an_edit(of=of, id=f"e{number}")
            case "deletion":
                return a_deletion(of=of, id=f"d{number}")
            case "keyword":
                channel: Channel = of.channel
                word = "stop" if number % 3 else "start"
                return a_signal(
                    id=f"s{number}", channel=channel, contact=of.contact, at=at,
                    keyword=word.upper(), keyword_class=word,
                )  # fmt: skip
            case _:
                return an_attribution(
                    id=f"a{number}", message_id=of.id, ticket_id=ticket_opened_by(of), at=at
                )

    # Nobody edits an SMS or a mail, and only phones know keywords.
    others = [
        (message, kind)
        for message in messages
        for kind, channels in (
            ("edit", ("webchat", "instagram", "whatsapp")),
            ("deletion", ("webchat", "instagram", "whatsapp")),
            ("keyword", ("sms", "whatsapp")),
            ("attribution", ("webchat", "instagram", "whatsapp", "sms")),
        )
        if message.channel in channels
    ]
    return st.sampled_from(others).map(lambda each: built(*each))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Item], list[list[Item]]]:
    """A history, and the batches in which it comes, with repeats of what came before."""
    items = draw(histories())
    batches: list[list[Item]] = []
    for place, item in enumerate(items):
        same = batches and topic_of(batches[-1][0]) is topic_of(item)
        if same and draw(st.booleans()):
            batches[-1].append(item)
        else:
            batches.append([item])
        if draw(st.integers(0, 5)) == 0:
            again = draw(st.sampled_from(items[: place + 1]))
            if topic_of(batches[-1][0]) is not topic_of(again):
                batches.append([])
            batches[-1].append(again)
    return items, batches
