"""Tagging as tickets' events pass through it (TAG 1, TAG 2)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tagging.handlers import Tagging, settings_of
from services.tagging.rules.own_tags import OwnTags, of_seeds
from services.tagging.rules.teaching import FIRST_LINES, KEPT
from services.tagging.sweep import Sweep
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import TAGS, AccountSettings, TagSettings
from shared.contracts.commands import TagTicket
from shared.contracts.learning import Lesson
from shared.contracts.tickets import CommandRejected
from shared.errors import Transient
from shared.learning.coding import indices_of_text
from shared.learning.features import hashed
from shared.learning.models import WHICH_TAGS, whole
from shared.learning.teaching import Account
from shared.topics import COMMANDS, LESSONS
from tests.examples import examples
from tests.learning.memory import MemoryMemories
from tests.memory_bus import FakeClock
from tests.tagging.events import MONDAY, marked_not_spam, tagged, untagged, wrote
from tests.timing import times_as_long

RETURN = "I would like to return these shoes and get a refund"
TRACK = "where is my order, the tracking number does not work"
MODEL = whole(WHICH_TAGS)


class World:
    """Tagging with its store in memory."""

    def __init__(self) -> None:
        self.accounts = AccountsTable()
        self.memories = MemoryMemories()
        self.commands: list[TagTicket] = []
        self.lessons: list[Lesson] = []
        self.chosen: list[tuple[str, list[str]]] = []
        self.removed: list[tuple[str, bool]] = []
        self.dies = False
        own = OwnTags(MODEL, of_seeds, lambda account: settings_of(self.accounts, account))
        self.tagging = Tagging(
            self.accounts,
            MODEL,
            own,
            lambda _: Account(),
            self.memories,
            self.publish,
            lambda language, tags: self.chosen.append((language, list(tags))),
            lambda tag, soon: self.removed.append((tag, soon)),
        )

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for place, record in enumerate(records):
            if self.dies and place == len(records) // 2:
                raise Transient("killed")
            topic = {COMMANDS.name: COMMANDS, LESSONS.name: LESSONS}[record.topic]
            said: Any = topic.parse(
                Record(record.topic, 0, 0, record.key, record.value, record.headers, MONDAY)
            )
            (self.commands if isinstance(said, TagTicket) else self.lessons).append(said)

    async def happen(self, *events: Any) -> None:
        await self.tagging.tickets_changed(events)

    @property
    def tags(self) -> list[str]:
        return [tag for command in self.commands for tag in command.tags]


@pytest.mark.spec("TAG 1")
async def test_what_surely_fits_is_asked_for_by_the_system_with_the_words_that_say_so() -> None:
    world = World()
    await world.happen(wrote(RETURN))
    [command] = world.commands

    assert "Returns" in command.tags
    assert (command.author.kind, command.author.id) == ("system", "tagging")
    assert "Returns: “" in command.reason
    assert world.chosen == [("en", list(command.tags))]


@pytest.mark.spec("TAG 1")
@pytest.mark.parametrize("text", ["asdf qwer", "…", "42", "🙂", "x" * 5000, "\x00\u200b"])
async def test_where_nothing_is_sure_nothing_is_asked_for(text: str) -> None:
    world = World()
    await world.happen(wrote(text))

    assert world.commands == []
    assert all(tags == [] for _, tags in world.chosen)


@pytest.mark.spec("TAG 1")
@pytest.mark.parametrize(
    "event",
    [
        wrote(RETURN, message_count=FIRST_LINES + 1),
        wrote(RETURN, hours=25),
        wrote(RETURN, spam=True),
        wrote(RETURN, spam=True, message_count=0),
        wrote(""),
        wrote(RETURN, tags=("Returns",)),
    ],
    ids=["a later line", "an old ticket", "spam", "spam alone", "no words", "there already"],
)
async def test_only_a_new_tickets_first_lines_are_listened_to(event: Any) -> None:
    world = World()
    await world.happen(event)

    assert "Returns" not in world.tags


@pytest.mark.spec("TAG 1")
async def test_a_mails_subject_says_what_it_is_about_once() -> None:
    world = World()
    await world.happen(
        wrote("Please help, thank you.", subject=RETURN),
        wrote("Please help, thank you.", seq=5, subject=RETURN, message_count=2),
    )

    assert [command.correlation_id for command in world.commands] == ["m1"]
    assert "Returns" in world.tags


@pytest.mark.spec("TAG 1")
async def test_of_a_batch_each_tag_of_a_ticket_is_asked_for_once() -> None:
    world = World()
    await world.happen(
        wrote(RETURN), wrote(RETURN, seq=3, message_count=2), wrote(RETURN, ticket="t2")
    )

    assert [command.ticket_id for command in world.commands] == ["t1", "t2"]


@pytest.mark.spec("TAG 1", "SPM 2")
async def test_a_ticket_that_is_no_spam_after_all_is_tagged_by_how_it_began() -> None:
    world = World()
    await world.happen(wrote("hello", spam=True, message_count=1))
    flagged = wrote(RETURN, seq=3, message_count=2)
    summary = flagged.ticket.model_copy(update={"spam": True})
    await world.happen(flagged.model_copy(update={"ticket": summary}))
    before = list(world.commands)
    await world.happen(marked_not_spam())

    assert before == []
    assert "Returns" in world.tags

    await world.happen(untagged("Returns", seq=9))
    assert [tag for tag, _ in world.removed] == ["Returns"]


@pytest.mark.spec("TAG 2")
async def test_a_lesson_is_on_what_was_written_before_it_however_late_it_is_handled() -> None:
    world = World()
    await world.happen(wrote("hello"), tagged("Chat", seq=3), wrote(TRACK, seq=4, message_count=2))
    [lesson] = world.lessons

    assert indices_of_text(lesson.indices).tolist() == hashed("hello").tolist()


@pytest.mark.spec("TAG 2")
async def test_what_an_agent_adds_and_removes_is_a_lesson_on_how_the_ticket_began() -> None:
    world = World()
    await world.happen(wrote("hello"), wrote(TRACK, seq=3, message_count=2))
    await world.happen(tagged("Shipping", "gold", seq=5), untagged("Chat", seq=6))
    told = {
        (label.name, label.fits, lesson.rank) for lesson in world.lessons for label in lesson.labels
    }
    indices = indices_of_text(world.lessons[0].indices).tolist()

    assert told == {("Shipping", True, 5), ("Chat", False, 6)}
    assert indices == sorted({*hashed("hello").tolist(), *hashed(TRACK).tolist()})
    assert world.lessons[0].teacher == "ann"


@pytest.mark.spec("TAG 2")
async def test_what_the_system_or_the_ai_tags_teaches_nothing() -> None:
    world = World()
    await world.happen(
        wrote(TRACK),
        *(tagged("Shipping", kind=kind, seq=5) for kind in ("system", "ai", "integration")),
        tagged("Shipping", seq=6, ticket="never seen"),
        tagged("gold", seq=7),
    )

    assert world.lessons == []


@pytest.mark.spec("TAG 2")
async def test_an_accounts_own_tag_is_given_by_its_examples_and_taught() -> None:
    world = World()
    examples = [
        "can you engrave the ring",
        "engraving a name on the bracelet",
        "is engraving possible on this watch",
        "I want initials engraved",
    ]
    own = TagSettings.model_validate({"own": [{"name": "Engraving", "examples": examples}]})
    world.accounts.apply(AccountSettings(account_id="acme", tags=own))
    await world.happen(wrote("could you engrave initials on my ring?"))
    await world.happen(wrote("could you engrave initials?", ticket="t2", account="zeta"))
    await world.happen(untagged("Engraving"))

    assert ["Engraving" in command.tags for command in world.commands][:1] == [True]
    assert not any(
        "Engraving" in command.tags for command in world.commands if command.account_id == "zeta"
    )
    assert [label.name for label in world.lessons[0].labels] == ["Engraving"]


@pytest.mark.spec("TAG 2")
async def test_an_account_that_has_tags_off_is_left_alone() -> None:
    world = World()
    world.accounts.apply(AccountSettings(account_id="acme", tags=TagSettings(enabled=False)))
    await world.happen(wrote(RETURN), tagged("Returns"))

    assert (world.commands, world.lessons, world.chosen) == ([], [], [])
    assert world.memories.kept == {}


async def test_removed_tags_that_were_given_are_counted_and_how_soon() -> None:
    world = World()
    await world.happen(wrote(RETURN))
    await world.happen(
        untagged("Returns", "never given"),
        untagged("Returns", seq=9, hours=24 * 8),
        untagged("Returns", seq=10, kind="system"),
    )

    assert world.removed == [("Returns", True), ("Returns", False)]


async def test_how_a_ticket_began_is_forgotten_in_the_end() -> None:
    world, clock = World(), FakeClock(MONDAY)
    await world.happen(wrote(RETURN))
    clock.now = MONDAY + KEPT
    await Sweep(world.memories, clock).sweep()
    assert world.memories.kept
    clock.forward(seconds=1)
    await Sweep(world.memories, clock).sweep()

    assert world.memories.kept == {}
    await world.happen(untagged("Returns"))
    assert world.lessons == []


async def test_a_rejection_changes_nothing() -> None:
    world = World()
    event = tagged("Returns")
    rejected = CommandRejected(
        account_id="acme",
        id="r",
        occurred_at=MONDAY,
        correlation_id="c",
        ticket_id="t1",
        command_id="x",
        command_type="TagTicket",
        author=event.author,
        code="nothing_to_change",
        reason="it has these tags already",
    )
    await world.happen(rejected)

    assert (world.commands, world.lessons) == ([], [])


EVENTS = [
    wrote("hello"),
    wrote(RETURN, seq=3, message_count=2),
    wrote(TRACK, ticket="t2"),
    tagged("Shipping", seq=5),
    untagged("Returns", seq=6),
    marked_not_spam(seq=7),
    wrote(TRACK, seq=8, message_count=2),
    untagged("Shipping", seq=9),
]


@pytest.mark.spec("TAG 1", "TAG 2")
@settings(deadline=None, max_examples=examples(60))
@given(st.data())
def test_any_repetition_and_death_asks_and_teaches_the_same(data: st.DataObject) -> None:
    async def run() -> None:
        once = World()
        for event in EVENTS:
            await once.happen(event)
        world, start = World(), 0
        while start < len(EVENTS):
            size = data.draw(st.integers(1, 4))
            world.dies = data.draw(st.booleans())
            try:
                await world.happen(*EVENTS[start : start + size])
            except Transient:
                continue
            start += size - data.draw(st.integers(0, size - 1))
        assert {lesson.id: lesson for lesson in world.lessons} == {
            lesson.id: lesson for lesson in once.lessons
        }
        asked = {(command.ticket_id, tag) for command in world.commands for tag in command.tags}
        assert asked == {(c.ticket_id, tag) for c in once.commands for tag in c.tags}
        assert {command.id for command in world.commands} <= {c.id for c in once.commands}

    asyncio.run(run())


@pytest.mark.spec("TAG 1")
@settings(deadline=None, max_examples=examples(200))
@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_any_text_is_read_and_asks_for_known_tags_alone(texts: list[str]) -> None:
    async def run() -> None:
        world = World()
        await world.happen(*(wrote(text, ticket=f"t{at}") for at, text in enumerate(texts)))
        assert set(world.tags) <= set(TAGS)

    asyncio.run(run())


@pytest.mark.spec("TAG 1")
@pytest.mark.parametrize(
    "text", ["where is my order? " * 50_000, "a" * 1_000_000, "é1" * 500_000, "\u202e" * 1_000_000]
)
def test_the_longest_text_is_read_about_as_soon_as_an_ordinary_one(text: str) -> None:
    def reading(text: str) -> None:
        asyncio.run(World().happen(wrote(text)))

    ordinary = "where is my order? " * 100
    assert times_as_long(lambda: reading(text), lambda: reading(ordinary)) < 8
