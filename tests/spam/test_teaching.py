"""Agents' marks teach the account's own model, once each, and nobody else's (SPM 2, SPM 3)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.spam.handlers import Marks
from services.spam.phrasebook import shipped
from services.spam.rules import teaching
from services.spam.rules.engine import Opinion
from services.spam.rules.learned import ENOUGH_MARKS, ENOUGH_OF_BOTH, Learned, sender_grams
from services.spam.rules.phrases import Rules
from services.spam.rules.teaching import SILENCE, SILENCES_WEIGHT
from services.spam.rules.text import features
from services.spam.rules.verdict import verdict
from services.spam.sweep import Sweep
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import SpamSettings
from shared.contracts.base import Contact
from shared.contracts.learning import Lesson
from shared.contracts.messages import Verdict
from shared.contracts.tickets import CustomerWrote, TicketFact, TicketSummary
from shared.errors import Transient
from shared.learning.coding import indices_text
from shared.learning.features import hashed
from shared.learning.models import WHETHER_SPAM, whole
from shared.learning.teaching import Account, WeightsTable
from shared.topics import LESSONS
from tests.examples import examples
from tests.learning.memory import MemoryMemories
from tests.learning.test_teaching import School
from tests.memory_bus import FakeClock
from tests.spam.samples import (
    MONDAY,
    SPAM_TEXT,
    marked_not_spam,
    marked_spam,
    message,
    replied,
)

WRITTEN = "Could you send me a price list for 200 pieces?"


def wrote(text: str = WRITTEN, seq: int = 2, contact: str = "anna") -> CustomerWrote:
    return CustomerWrote(
        account_id="acme",
        id=f"t1:{seq}",
        occurred_at=MONDAY,
        correlation_id="m1",
        ticket_id="t1",
        seq=seq,
        cause_id="m1",
        message_id="m1",
        text=text,
        sent_at=MONDAY,
        received_at=MONDAY,
        ticket=TicketSummary(
            number=1,
            channel="sms",
            address="+390299",
            contact=Contact(id=contact),
            status="open",
            opened_at=MONDAY,
        ),
    )


class World:
    """What turns tickets' events into lessons, with its store in memory."""

    def __init__(self) -> None:
        self.memories = MemoryMemories()
        self.lessons: list[Lesson] = []
        self.dies = False
        self.clock = FakeClock(MONDAY)
        self.marks = Marks(self.memories, self.publish)
        self.sweep = Sweep(self.memories, self.publish, self.clock)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            body = LESSONS.parse(
                Record(record.topic, 0, 0, record.key, record.value, record.headers, MONDAY)
            )
            assert isinstance(body, Lesson)
            self.lessons.append(body)
        if self.dies and records:
            raise Transient("dead")


@pytest.mark.spec("SPM 3")
async def test_a_mark_is_a_lesson_on_the_tickets_first_message() -> None:
    world = World()
    await world.marks.tickets_changed([wrote(), wrote("and again", seq=4), marked_spam(5)])
    [lesson] = world.lessons

    assert (lesson.example_id, lesson.teacher, lesson.sender) == ("t1", "ana", "anna")
    assert [(label.name, label.fits) for label in lesson.labels] == [("spam", True)]
    assert lesson.indices == indices_text(hashed(WRITTEN, "from:anna"))


@pytest.mark.spec("SPM 3")
async def test_of_several_marks_in_a_batch_the_last_one_is_the_lesson() -> None:
    world = World()
    await world.marks.tickets_changed([wrote(), marked_not_spam(7), marked_spam(5)])

    assert [lesson.labels[0].fits for lesson in world.lessons] == [False]


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize("kind", ["system", "ai", "integration"])
async def test_only_agents_teach(kind: Any) -> None:
    world = World()
    await world.marks.tickets_changed([wrote(), marked_spam(5, kind=kind), replied(6, kind=kind)])
    world.clock.forward(days=30)
    await world.sweep.sweep()

    assert world.lessons == []


@pytest.mark.spec("SPM 3")
async def test_whom_an_agent_answered_and_nobody_marked_for_a_week_is_no_spam_a_little() -> None:
    world = World()
    await world.marks.tickets_changed([wrote(), replied(1)])
    world.clock.now = MONDAY + timedelta(hours=1) + SILENCE - timedelta(seconds=1)
    await world.sweep.sweep()
    assert world.lessons == []
    world.clock.forward(seconds=1)
    await world.sweep.sweep()
    await world.sweep.sweep()
    [lesson] = world.lessons

    assert (lesson.rank, lesson.weight, lesson.labels[0].fits) == (0, SILENCES_WEIGHT, False)


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize(("days", "taught"), [(90, 1), (91, 0)])
async def test_a_first_message_teaches_when_it_is_marked_within_ninety_days(
    days: int, taught: int
) -> None:
    world = World()
    await world.marks.tickets_changed([wrote()])
    world.clock.now = MONDAY + timedelta(days=days)
    await world.sweep.sweep()
    await world.marks.tickets_changed([marked_spam(5)])

    assert len(world.lessons) == taught


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_mark_speaks_and_silence_does_not_any_more(order: tuple[int, int]) -> None:
    world = World()
    events: list[TicketFact] = [replied(1), marked_spam(2)]
    await world.marks.tickets_changed([wrote()])
    for place in order:
        await world.marks.tickets_changed([events[place]])
    world.clock.forward(days=30)
    await world.sweep.sweep()

    assert [lesson.rank for lesson in world.lessons] == [3]


async def test_a_ticket_whose_first_message_is_not_known_teaches_nothing() -> None:
    world = World()
    await world.marks.tickets_changed([marked_spam(5), replied(6)])

    assert world.lessons == []


@pytest.mark.spec("SPM 3")
@settings(deadline=None, max_examples=examples(50))
@given(st.data())
def test_any_repetition_and_death_gives_the_same_lessons(data: st.DataObject) -> None:
    events: list[TicketFact] = [wrote(), replied(1), marked_spam(5), marked_not_spam(7)]

    async def run() -> None:
        world = World()
        start = 0
        while start < len(events):
            size = data.draw(st.integers(1, 4))
            world.dies = data.draw(st.booleans())
            try:
                await world.marks.tickets_changed(events[start : start + size])
            except Transient:
                continue
            start += size - data.draw(st.integers(0, size - 1))
        world.dies = False
        world.clock.forward(days=30)
        await world.sweep.sweep()
        last = max(world.lessons, key=lambda lesson: lesson.rank)
        assert (last.rank, last.labels[0].fits) == (8, False)
        assert len({lesson.id for lesson in world.lessons}) == len(
            {lesson.rank for lesson in world.lessons}
        )

    asyncio.run(run())


MODEL = whole(WHETHER_SPAM)


UNTAUGHT = Account()


def judged(text: str, account: Account = UNTAUGHT, contact: str = "anna") -> Verdict:
    seen = features(message(text, contact=contact))
    engines = (Rules(shipped(), alone=False), Learned(MODEL, lambda _: account))
    opinions = [each for engine in engines if (each := engine.opinion(seen)) is not None]
    return verdict(opinions, SpamSettings())


async def taught(*lessons: Lesson) -> Account:
    school = School()
    table = WeightsTable("spam", MODEL.version)
    school.teaching = type(school.teaching)("spam", MODEL, school.lessons, school.publish)
    school.table = table
    await school.teaching.lessons_given(lessons)
    return table.of("acme")


def a_mark(ticket: int, text: str, contact: str = "anna", *, spam: bool = True) -> Lesson:
    first = teaching.first_messages([wrote(text, contact=contact)])[0]
    mark = marked_spam(5) if spam else marked_not_spam(5)
    lesson = teaching.lesson_of_mark(mark, {("acme", "t1"): first})
    assert lesson is not None
    return lesson.model_copy(update={"example_id": f"t{ticket}", "id": f"l{ticket}"})


@pytest.mark.spec("SPM 3")
async def test_what_an_account_marks_is_found_there_from_then_on() -> None:
    pitch = "We can rank your shop on page one, reply for our offer"
    before = judged(pitch, contact="new")
    account = await taught(*(a_mark(number, pitch, f"c{number}") for number in range(5)))
    after = judged(pitch, account, contact="new")

    assert after.score > before.score
    assert account.marks == 5


@pytest.mark.spec("SPM 3")
async def test_whoever_was_marked_is_known_by_their_address() -> None:
    account = await taught(
        *(
            a_mark(number, f"hello number {number}", "email:pesky@spam.example")
            for number in range(8)
        )
    )
    text = "good morning to everybody"
    theirs = judged(text, account, contact="email:pesky@spam.example").score
    same_domain = judged(text, account, contact="email:other@spam.example").score
    strangers = judged(text, account, contact="email:ann@example.com").score

    assert theirs > same_domain > strangers
    assert sender_grams("email:a@b.example") == ("from:email:a@b.example", "domain:b.example")
    assert sender_grams("+3900") == ("from:+3900",)


@pytest.mark.spec("SPM 4")
def test_below_so_many_marks_the_model_hides_nothing_against_the_rules() -> None:
    def opinions(marks: int, rules: float, rarer: int = ENOUGH_OF_BOTH) -> list[Opinion]:
        model = Learned(MODEL, lambda _: Account(marks=marks, rarer=rarer)).opinion(
            features(message("x"))
        )
        sure = Opinion("model", 1, 9.0, (), needs_consent=model.needs_consent)
        return [Opinion("rules", 0.5, rules, ()), sure]

    assert not verdict(opinions(ENOUGH_MARKS - 1, -1.0), SpamSettings()).spam
    assert verdict(opinions(ENOUGH_MARKS - 1, 1.0), SpamSettings()).spam
    assert verdict(opinions(ENOUGH_MARKS, -1.0), SpamSettings()).spam
    assert not verdict(opinions(ENOUGH_MARKS, -1.0, ENOUGH_OF_BOTH - 1), SpamSettings()).spam


@pytest.mark.spec("SPM 3")
def test_the_reasons_quote_the_words_that_did_it() -> None:
    [reason] = [each for each in judged(SPAM_TEXT).reasons if each.code == "learned"]

    assert reason.words.startswith("it reads like spam: “")
    assert judged("where is my order?").reasons[0].words
