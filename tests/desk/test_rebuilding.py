"""The read model is built anew while the old one serves; nothing is missing then (VWS 9)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.desk.keeping import Around
from services.desk.rebuilding import (
    GOES_ON,
    HELD,
    Rebuilding,
    RebuildRefused,
    RebuildUnfinished,
)
from services.desk.sweep import Sweep, asked_for
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.contracts.commands import AddNote, PublishSnapshots
from shared.contracts.messages import InboundMessage
from shared.topics import BY_NAME, SCREENED, SNAPSHOTS, TICKETS
from tests.builders import MONDAY, a_command, a_message, an_account
from tests.desk.read_models import Kept, MemoryLinks, MemoryReadModel, Told, a_desk, folded, take
from tests.examples import examples
from tests.ticketing.drawn import histories
from tests.ticketing.real import Crash, Fate
from tests.ticketing.turns import finished
from tests.ticketing.world import Item, World, a_ticket

READ = {SCREENED.name, TICKETS.name, SNAPSHOTS.name}


class EmptyableModel(MemoryReadModel):
    async def clear(self) -> None:
        await self._step()
        self.kept.rows.clear()
        self.kept.lines.clear()
        await self._step()


class State:
    """Which side serves, and who rebuilds, in memory."""

    def __init__(self, step: Any) -> None:
        self.serving = "a"
        self.held: tuple[str, datetime] | None = None
        self.noted: set[str] = set()
        self.step = step
        self.when_switched: Callable[[], None] = lambda: None

    async def side(self) -> str:
        await self.step()
        return self.serving

    async def serve(self, side: str) -> None:
        await self.step()
        self.serving = side
        self.when_switched()
        await self.step()

    async def hold_rebuild(self, token: str, until: datetime, now: datetime) -> bool:
        await self.step()
        if self.held and self.held[0] != token and self.held[1] >= now:
            return False
        self.held = (token, until)
        return True

    async def end_rebuild(self, token: str) -> None:
        await self.step()
        if self.held and self.held[0] == token:
            self.held = None

    async def is_new(self, what: str, _: datetime) -> bool:
        await self.step()
        self.noted.add(what)
        return True

    async def is_noted(self, what: str) -> bool:
        return what in self.noted

    async def clear_left_over(self, _: datetime) -> None:
        raise AssertionError("a sweep does that, and no rebuild")


class Place:
    """Topics, ticketing behind them, and two sides of a read model."""

    def __init__(self, step: Any = None) -> None:
        self.world = World()
        self.now = MONDAY + timedelta(days=1)
        self.log: list[Record] = []
        self.forgotten: set[str] = set()
        self.fate = step or Fate()
        self.state = State(self.fate)
        self.kept = {"a": Kept(), "b": Kept()}
        self.told = Told(MemoryReadModel(self.kept["a"]))
        self._published = 0
        self.answers = True

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=200)
        return self.now

    def write(self, topic: str, value: bytes | None, key: bytes | None) -> None:
        self.log.append(Record(topic, 0, len(self.log), key, value, (), MONDAY))

    async def happen(self, *items: Item) -> None:
        """It is on the topics that the desk reads."""
        for item in items:
            if isinstance(item, InboundMessage):
                said = SCREENED.record(item)
                self.write(said.topic, said.value, said.key)
            await self.world.happen(item)
        self.flush()

    def flush(self) -> None:
        for record in self.world.published[self._published :]:
            if record.topic in READ:
                self.write(record.topic, record.value, record.key)
        self._published = len(self.world.published)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self.fate()
        for record in records:
            body = BY_NAME[record.topic].parse(
                Record(record.topic, 0, 0, record.key, record.value, (), MONDAY)
            )
            assert isinstance(body, PublishSnapshots)
            if self.answers:
                await self.world.happen(body)
                for _ in range(4):
                    await self.world.sweep(self.now)
        self.flush()
        await self.fate()

    def bodies(self) -> list[Any]:
        return [BY_NAME[record.topic].parse(record) for record in self.log]

    def rebuilding(self, token: str, **more: Any) -> tuple[Rebuilding, "Topics"]:
        accounts = AccountsTable()
        accounts.apply(an_account())
        topics = Topics(self)
        models = {side: EmptyableModel(kept, self.fate) for side, kept in self.kept.items()}
        return (
            Rebuilding(
                token=token,
                state=self.state,
                side_of=models.__getitem__,
                sides=("a", "b"),
                topics=topics,
                around=cast(Around, Nothing()),
                accounts=accounts,
                publish=self.publish,
                telling=self.told,
                clock=self.clock,
                is_transient=lambda _: False,
                said=lambda _: None,
                **more,
            ),
            topics,
        )


class Nothing:
    """Knows nothing of contacts."""

    links = MemoryLinks()

    async def erased(self, _: Any) -> dict[Any, Any]:
        return {}


class Topics:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.at = 0

    async def ends(self) -> int:
        return len(self.place.log)

    async def reached(self, ends: int) -> bool:
        return self.at >= ends

    async def some(self, most: int) -> list[Record]:
        await self.place.fate()
        found = self.place.log[self.at : self.at + min(most, 7)]
        self.at += len(found)
        return [each for each in found if each.topic not in self.place.forgotten]


@pytest.mark.spec("VWS 9")
@settings(max_examples=examples(40), deadline=None, phases=[Phase.generate])
@given(items=histories(), lives=st.lists(st.integers(0, 250), max_size=3))
async def test_whoever_dies_while_rebuilding_begins_anew_and_nothing_is_missing(
    items: list[Item], lives: list[int]
) -> None:
    place = Place(Fate(lives))
    await place.happen(*items)
    before = place.kept["a"]
    attempts = 0
    while True:
        attempts += 1
        rebuilding, _ = place.rebuilding(f"try-{attempts}")
        try:
            await rebuilding.run()
        except Crash:
            place.now += HELD + timedelta(seconds=1)
            if place.state.serving == "b":
                return
            assert place.kept["a"] is before
            continue
        break

    assert place.state.serving == "b"
    assert place.kept["b"].shown() == folded(place.bodies())
    assert not place.kept["a"].rows
    assert place.state.held is None
    assert asked_for("b", "acme") in place.state.noted


@pytest.mark.spec("VWS 9")
async def test_what_the_topics_have_forgotten_comes_from_snapshots() -> None:
    place = Place()
    await place.happen(a_message(channel="sms", by="anna", text="long ago"))
    place.log.clear()
    rebuilding, _ = place.rebuilding("one")

    await rebuilding.run()

    rows, lines = place.kept["b"].shown()
    assert [row.newest.text for row in rows.values()] == ["long ago"]
    assert {line.text for line in lines.values() if line.kind == "message"} == {"long ago"}


@pytest.mark.spec("VWS 9")
async def test_what_happens_while_replicas_still_write_to_the_old_side_is_there() -> None:
    place = Place()
    ticket = await a_ticket(place.world, "sms")
    place.flush()
    rebuilding, _ = place.rebuilding("one")
    late = a_command(AddNote, ticket_id=ticket.id, text="at the last moment")
    waiting: list[Any] = []
    place.state.when_switched = lambda: waiting.append(late)
    clock = place.clock

    def ticking() -> datetime:
        if waiting and place.now > MONDAY + timedelta(days=1):
            finished(place.happen(waiting.pop()))
        return clock()

    rebuilding.clock = ticking
    await rebuilding.run()

    texts = {line.text for line, _ in place.kept["b"].lines.values()}
    assert "at the last moment" in texts
    assert place.told.news[-1].kind == "reload"


@pytest.mark.spec("VWS 9")
async def test_of_two_rebuilds_at_once_the_second_is_refused() -> None:
    place = Place()
    await place.state.hold_rebuild("other", place.now + HELD, place.now)
    rebuilding, _ = place.rebuilding("mine")
    place.kept["b"].rows["kept"] = cast(Any, ("by the other", 1))

    with pytest.raises(RebuildRefused):
        await rebuilding.run()

    assert "kept" in place.kept["b"].rows


@pytest.mark.spec("VWS 9")
async def test_without_ticketings_answer_the_old_side_goes_on_serving() -> None:
    place = Place()
    place.answers = False
    rebuilding, _ = place.rebuilding("mine", wait=timedelta(seconds=5))

    with pytest.raises(RebuildUnfinished):
        await rebuilding.run()

    assert place.state.serving == "a"


async def test_it_goes_on_writing_for_a_while_after_the_switch() -> None:
    place = Place()
    rebuilding, _ = place.rebuilding("mine")
    switched: list[datetime] = []
    place.state.when_switched = lambda: switched.append(place.now)

    await rebuilding.run()

    assert place.now - switched[0] >= GOES_ON


@pytest.mark.spec("VWS 9")
async def test_accounts_are_asked_for_once_however_many_replicas_start_and_however_often() -> None:
    place = Place()
    accounts = AccountsTable()
    accounts.apply(an_account())
    asked: list[bytes | None] = []

    async def publish(records: Sequence[Outgoing]) -> None:
        asked.extend(record.value for record in records)

    def replica() -> Sweep:
        return Sweep(place.state, accounts, publish, lambda: MONDAY, place.state.side)

    first, second = replica(), replica()
    await first.ask_for_snapshots()
    await first.ask_for_snapshots()
    await second.ask_for_snapshots()
    assert len(asked) == 1

    rebuilding, _ = place.rebuilding("mine")
    await rebuilding.run()
    for each in (first, second, replica()):
        await each.ask_for_snapshots()
    assert len(asked) == 1


async def test_snapshots_that_say_nothing_new_disturb_no_page() -> None:
    place = Place()
    await place.happen(a_message(channel="sms", by="anna"))
    desk, told = a_desk(MemoryReadModel(Kept()))
    for body in place.bodies():
        await take(desk, [body])
    rebuilding, _ = place.rebuilding("mine")
    await rebuilding.run()
    told.news.clear()

    await take(desk, [b for b in place.bodies() if hasattr(b, "page")])

    assert told.news == []
