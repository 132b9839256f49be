"""Whatever order the topics come in, who dies meanwhile and what comes twice: once each (ARP)."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.replies.rules.deciding import A_DAY, TEAM_TOLD_EVERY
from shared.contracts.commands import FollowUpByMail, ReplyToTicket
from shared.contracts.signals import Signal
from shared.contracts.tickets import CustomerWrote
from shared.errors import Transient
from tests.examples import examples
from tests.replies.world import CARLO, GIULIA, MORNING, Ticket, World

CAME = {"wrote", "connected"}


@dataclass(frozen=True)
class Happening:
    """Something that happened in truth, `minutes` after the one before."""

    what: str
    minutes: int


HAPPENINGS = st.lists(
    st.builds(
        Happening,
        st.sampled_from(["wrote", "answered", "connected", "disconnected", "read", "sms"]),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=25,
)


def told(happenings: list[Happening]) -> list[Any]:
    """The records of what happened, in the order of truth."""
    chat, sms = Ticket("webchat", GIULIA), Ticket("sms", CARLO, "t2")
    at = MORNING
    records: list[Any] = []
    for place, each in enumerate(happenings):
        at += timedelta(minutes=each.minutes, milliseconds=1 + place)
        match each.what:
            case "wrote":
                records.append(chat.wrote(at))
            case "answered":
                records.append(chat.answered(at))
            case "sms":
                records.append(sms.wrote(at, f"Question number {place}"))
            case kind:
                records.append(chat.signal(kind, at))
    return records


def of(record: Any) -> str:
    """The partition on which a record lies: within it, order is kept."""
    return "signals" if isinstance(record, Signal) else str(record.ticket_id)


@pytest.mark.spec("ARP 1", "ARP 2", "ARP 3", "ARP 4", "ARP 5")
@given(data=st.data(), happenings=HAPPENINGS)
@settings(max_examples=examples(150), deadline=None)
async def test_whatever_the_order_and_whoever_dies_each_reply_is_sent_once_and_within_its_limits(
    data: st.DataObject, happenings: list[Happening]
) -> None:
    records = told(happenings)
    queues: dict[str, list[Any]] = {}
    for record in records:
        queues.setdefault(of(record), []).append(record)
    one = World()
    replicas = [one, World(one.store)]
    while any(queues.values()):
        name = data.draw(st.sampled_from(sorted(name for name, left in queues.items() if left)))
        record = queues[name][0]
        await _heard(data, replicas, record)
        if data.draw(st.integers(0, 4)) < 4:  # else it comes again
            queues[name].pop(0)
        if data.draw(st.booleans()):
            await data.draw(st.sampled_from(replicas)).sweep()
    for replica in replicas:
        replica.now = max(each.now for each in replicas) + timedelta(minutes=10)
        replica.broker_takes = None
        await replica.sweep()

    said = [body for replica in replicas for body in replica.said]
    _the_same_id_says_the_same(said)
    replies = list({body.id: body for body in said}.values())
    _within_limits(replies, records)


async def _heard(data: st.DataObject, replicas: list[World], record: Any) -> None:
    """A replica hears it, not before it happened; if it dies on the way, another one hears it."""
    for attempt in range(3):
        replica = data.draw(st.sampled_from(replicas))
        late = timedelta(minutes=data.draw(st.integers(0, 5)))
        now = max(*(each.now for each in replicas), record.occurred_at + late)
        for each in replicas:
            each.now = now
        dies = attempt < 2 and data.draw(st.booleans())
        replica.broker_takes = data.draw(st.integers(0, 2)) if dies else None
        try:
            await replica.hears(record)
        except Transient:
            continue
        finally:
            replica.broker_takes = None
        return


def _the_same_id_says_the_same(said: list[Any]) -> None:
    first: dict[str, Any] = {}
    for body in said:
        assert first.setdefault(body.id, body) == body


def _within_limits(replies: list[Any], records: list[Any]) -> None:
    to_contact: dict[str, list[datetime]] = {}
    for body in replies:
        if isinstance(body, ReplyToTicket | FollowUpByMail):
            to_contact.setdefault(body.ticket_id, []).append(_because_of(body, records))
    for times in to_contact.values():
        for at in times:
            assert sum(timedelta(0) <= other - at < timedelta(days=1) for other in times) <= A_DAY
    sms = sorted(_because_of(r, records) for r in replies if r.ticket_id == "t2" and is_reply(r))
    assert all(later - one >= timedelta(days=1) for one, later in itertools.pairwise(sms))
    team = sorted(r.occurred_at for r in replies if r.type == "OutboundMessage")
    assert all(later - one >= TEAM_TOLD_EVERY for one, later in itertools.pairwise(team))
    mails = sorted(r.occurred_at for r in replies if isinstance(r, FollowUpByMail))
    came = [r.occurred_at for r in records if is_coming(r)]
    for one, later in itertools.pairwise(mails):
        assert any(one < at <= later for at in came), "a second mail, and they were not back"


def _because_of(body: ReplyToTicket | FollowUpByMail, records: list[Any]) -> datetime:
    if isinstance(body, FollowUpByMail):
        return body.occurred_at
    found: datetime = next(r.occurred_at for r in records if r.id == body.correlation_id)
    return found


def is_reply(body: Any) -> bool:
    return isinstance(body, ReplyToTicket)


def is_coming(record: Any) -> bool:
    connected = isinstance(record, Signal) and record.kind == "connected"
    return connected or (isinstance(record, CustomerWrote) and record.ticket.channel == "webchat")


@pytest.mark.spec("ARP 3")
@given(happenings=HAPPENINGS)
@settings(max_examples=examples(150), deadline=None)
async def test_told_in_time_exactly_those_absences_get_a_mail_in_which_an_answer_was_missed(
    happenings: list[Happening],
) -> None:
    records = told([each for each in happenings if each.what != "sms"])
    world = World()
    reference = Reference()
    for record in records:
        while world.now < record.occurred_at:
            world.now = min(world.now + timedelta(minutes=1), record.occurred_at)
            await world.sweep()
            reference.at(world.now)
        await world.hears(record)
        reference.hears(record)
    for _ in range(10):
        world.now += timedelta(minutes=1)
        await world.sweep()
        reference.at(world.now)

    mails = [body.missed_seq for body in world.replies("FollowUpByMail")]
    assert mails == reference.mails


class Reference:
    """The rule as a person would follow it, who sees everything at once."""

    def __init__(self) -> None:
        self.there: bool | None = None
        self.left_at = MORNING
        self.missed: list[tuple[int, datetime]] = []
        self.mailed = False
        self.mails: list[int] = []
        self.sent: list[datetime] = []
        self.told = False

    def hears(self, record: Any) -> None:
        kind = record.kind if isinstance(record, Signal) else record.type
        match kind:
            case "CustomerWrote":
                self.there, self.missed, self.mailed = True, [], False
                if not self.told and self._may(record.occurred_at):
                    self.told = True
                    self.sent.append(record.occurred_at)
            case "connected":
                self.there, self.missed, self.mailed = True, [], False
            case "disconnected":
                self.there, self.left_at = False, record.occurred_at
            case "read":
                self.missed = []
            case "AgentReplied":
                self.missed.append((record.seq, record.occurred_at))

    def at(self, now: datetime) -> None:
        if self.there is not False or self.mailed or not self.missed:
            return
        seq, last = self.missed[-1]
        if now > last + timedelta(minutes=3) and now > self.left_at + timedelta(seconds=30):
            self.mailed = True
            if self._may(now):
                self.mails.append(seq)
                self.sent.append(now)

    def _may(self, at: datetime) -> bool:
        return sum(at - each < timedelta(days=1) for each in self.sent) < A_DAY
