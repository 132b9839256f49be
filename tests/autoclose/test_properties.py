"""Whatever happens, in whatever order it is heard of: never too early, never on who waits."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.accounts import AutoClose
from shared.contracts.base import Channel
from shared.contracts.commands import CloseTicket
from shared.topics import COMMANDS
from tests.autoclose.story import AI, DAY, HOUR, Story
from tests.autoclose.world import ON, World
from tests.examples import examples

assert COMMANDS.allowance is not None
BELIEVED = COMMANDS.allowance
"""How far ticketing believes the clocks of those who command (TKT 11)."""

HAPPENINGS: dict[str, Callable[[Story], Any]] = {
    "customer writes": Story.customer_writes,
    "customer spams": lambda story: story.customer_writes(spam=True),
    "agent replies": Story.reply,
    "AI replies": lambda story: story.reply(AI),
    "agent replies, by a clock that is wrong": lambda story: story.reply(
        at=BELIEVED.bounded(story.now - timedelta(days=3), story.now)
    ),
    "auto-reply": Story.auto_reply,
    "note": Story.note,
    "notice": Story.notice,
    "tag": Story.tag,
    "snooze": Story.snooze,
    "close": Story.close,
    "reopen": Story.reopen,
    "annul": Story.annul,
    "mark spam": Story.mark_spam,
    "mark not spam": Story.mark_not_spam,
}
HONEST = [name for name in HAPPENINGS if "wrong" not in name]
SETTINGS = (
    ON,
    AutoClose(),
    AutoClose(enabled=True, period=timedelta(days=1)),
    AutoClose(enabled=True, period=timedelta(days=3), starts_at="last_reply"),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happens"), st.sampled_from([0, 1]), st.sampled_from([*HAPPENINGS])),
        st.tuples(st.just("hours pass"), st.integers(1, 30)),
        st.tuples(st.just("is heard"), st.sampled_from([0, 1]), st.integers(1, 5)),
        st.tuples(st.just("is heard again"), st.sampled_from([0, 1]), st.integers(0, 40)),
        st.tuples(st.just("settings"), st.sampled_from([0, 1]), st.sampled_from(SETTINGS)),
        st.tuples(st.just("typing"), st.sampled_from([0, 1])),
        st.tuples(st.just("Redis is flushed")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("sweep")),
    ),
    max_size=60,
)


class Run:
    """Two accounts' tickets, autoclose that hears of them late and more than once, ticketing."""

    def __init__(self) -> None:
        self.world = World()
        self.stories = [Story("acme", channel="sms"), Story("zeta", channel="webchat")]
        self.heard = [0, 0]
        self.current = [ON, ON]
        self.closed: list[CloseTicket] = []
        for story in self.stories:
            self.world.settings(ON, story.account_id)

    async def step(self, step: Sequence[Any]) -> None:
        match step:
            case ["happens", who, what]:
                HAPPENINGS[what](self.stories[who])
            case ["hours pass", hours]:
                self.pass_time(timedelta(hours=hours))
            case ["is heard", who, count]:
                await self.hear(who, count)
            case ["is heard again", who, since]:
                events = self.stories[who].events[since : self.heard[who]]
                await self.world.happen(events)
            case ["settings", who, settings]:
                self.current[who] = settings
                self.world.settings(settings, self.stories[who].account_id)
            case ["typing", who]:
                await self.world.signal(self.stories[who].typing())
            case ["Redis is flushed"]:
                self.world.typing.flush()
            case ["restart"]:
                self.world.restart()
            case ["sweep"]:
                await self.sweep()

    def pass_time(self, time: timedelta) -> None:
        for story in self.stories:
            story.wait(time)
        self.world.now = self.stories[0].now

    async def hear(self, who: int, count: int) -> None:
        await self.world.happen(self.stories[who].events[self.heard[who] : self.heard[who] + count])
        self.heard[who] = min(self.heard[who] + count, len(self.stories[who].events))

    async def sweep(self) -> None:
        before = len(self.world.published)
        await self.world.sweep()
        for close in self.world.published[before:]:
            self.ticketing_takes(close)

    def ticketing_takes(self, close: CloseTicket) -> None:
        who = [story.account_id for story in self.stories].index(close.account_id)
        story, policy = self.stories[who], self.current[who]
        assert policy.enabled
        if not story.accepts(close):
            return
        assert story.waits_since is not None, "a customer who waits for the team was closed on"
        assert story.now - story.waits_since >= policy.period - BELIEVED.before
        if policy.starts_at == "last_reply" and self.heard[who] == len(story.events):
            assert story.replied_at is not None
            assert story.now - story.replied_at >= policy.period - BELIEVED.before
        self.closed.append(close)
        story.close("inactivity")


async def lived(steps: Sequence[Sequence[Any]]) -> Run:
    run = Run()
    for step in steps:
        await run.step(step)
    return run


@pytest.mark.spec("ACL 2")
@pytest.mark.spec("ACL 5")
@pytest.mark.spec("ACL 7")
@settings(deadline=None, max_examples=examples(300))
@given(STEPS)
def test_no_close_that_ticketing_would_accept_is_early_or_on_a_waiting_customer(
    steps: Sequence[Sequence[Any]],
) -> None:
    asyncio.run(lived(steps))


@pytest.mark.spec("ACL 2")
async def test_a_reply_by_a_clock_that_is_days_behind_has_its_whole_period() -> None:
    run = Run()
    short = ("settings", 0, AutoClose(enabled=True, period=DAY))
    wrong = ("happens", 0, "agent replies, by a clock that is wrong")

    for step in (("hours pass", 25), short, wrong, ("is heard", 0, 9), ("hours pass", 1)):
        await run.step(step)
    await run.step(("sweep",))
    assert run.closed == []

    run.pass_time(DAY - HOUR)
    await run.step(("sweep",))
    assert len(run.closed) == 1


@pytest.mark.spec("ACL 3")
@pytest.mark.spec("ACL 7")
@settings(deadline=None, max_examples=examples(300))
@given(STEPS)
def test_in_the_end_exactly_the_tickets_whose_customers_are_silent_are_closed(
    steps: Sequence[Sequence[Any]],
) -> None:
    async def live_on() -> None:
        run = await lived(steps)
        for who, story in enumerate(run.stories):
            await run.hear(who, len(story.events))
        silent = [
            story.status != "closed" and not story.spam and story.waits_since is not None
            for story in run.stories
        ]
        for _ in range(4):
            run.pass_time(timedelta(days=4))
            # Nothing is new to the replica that follows; only stored timers tell it what to do.
            await run.sweep()
        for story, was_silent, policy in zip(run.stories, silent, run.current, strict=True):
            if was_silent:
                assert (story.status == "closed") == policy.enabled

    asyncio.run(live_on())


@pytest.mark.spec("TKT 9")
@settings(deadline=None, max_examples=examples(200))
@given(
    channel=st.sampled_from(["webchat", "sms"]),
    happenings=st.lists(st.sampled_from([*HAPPENINGS]), max_size=25),
    repeats=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=20),
)
def test_what_is_delivered_again_in_any_order_leaves_the_same_timers(
    channel: Channel, happenings: list[str], repeats: list[tuple[int, int]]
) -> None:
    async def same() -> None:
        once, again = World(), World()
        story = Story(channel=channel)
        for happens in happenings:
            HAPPENINGS[happens](story)
            story.wait(timedelta(hours=5))
        for world in (once, again):
            world.settings(ON)
        await once.happen(story.events)
        told = 0
        for start, count in repeats:
            # Any batch that begins at or before what is new: no event is skipped.
            begin = min(start, told)
            await again.happen(story.events[begin : begin + count])
            told = max(told, min(begin + count, len(story.events)))
        await again.happen(story.events[told:])
        await again.happen(story.events)
        assert again.timers.kept == once.timers.kept
        assert again.gaps == 0

    asyncio.run(same())


@pytest.mark.spec("ACL 2")
@pytest.mark.spec("TKT 9")
@settings(deadline=None, max_examples=examples(300))
@given(
    happenings=st.lists(
        st.tuples(st.sampled_from(HONEST), st.integers(0, 40), st.booleans()), max_size=40
    )
)
def test_with_events_missing_anywhere_a_close_may_be_late_but_never_early(
    happenings: list[tuple[str, int, bool]],
) -> None:
    async def never_early() -> None:
        world = World()
        world.settings(ON)
        story = Story()
        for happens, hours, is_heard in happenings:
            before = len(story.events)
            HAPPENINGS[happens](story)
            if is_heard:
                await world.happen(story.events[before:])
            story.wait(timedelta(hours=hours))
            await world.sweep(story.now)
            for close in world.published:
                if story.accepts(close):
                    assert story.waits_since is not None
                    assert story.now - story.waits_since >= ON.period

    asyncio.run(never_early())
