"""Screening as messages and tickets pass through it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.spam.handlers import Screening
from services.spam.phrasebook import shipped
from services.spam.rules.phrases import Rules
from services.spam.rules.verdict import ContactRef, standings
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings, SpamSettings
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.topics import MESSAGES, SCREENED
from tests.spam.memory import MemoryContacts
from tests.spam.samples import (
    MONDAY,
    SPAM_TEXT,
    deleted,
    edited,
    marked_not_spam,
    marked_spam,
    message,
    replied,
)


class World:
    """Screening with its store in memory. `batches` is what it published, batch by batch."""

    def __init__(self) -> None:
        self.contacts = MemoryContacts()
        self.accounts = AccountsTable()
        self.batches: list[list[Any]] = []
        self.screening = Screening(self.contacts, self.accounts, (Rules(shipped()),), self.publish)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.batches.append([self._read(record) for record in records])

    async def screened(self, text: str, **other: Any) -> InboundMessage:
        await self.screening.messages_received([message(text, **other)])
        [published] = self.batches[-1]
        assert isinstance(published, InboundMessage)
        return published

    @staticmethod
    def _read(record: Outgoing) -> Any:
        read = Record(record.topic, 0, 0, record.key, record.value, record.headers, MONDAY)
        return SCREENED.parse(read)


@pytest.mark.spec("SPM 1")
async def test_every_message_of_a_batch_is_published_once_in_order_and_together() -> None:
    world = World()
    batch: list[InboundMessage | MessageEdited | MessageDeleted] = [
        message("Where is my order 12?", 1),
        edited("Where is my order 13?", 2),
        message(SPAM_TEXT, 3, contact="berta"),
        deleted(4),
        message("hello", 5),
    ]
    assert await world.screening.messages_received(batch) is None
    [published] = world.batches
    assert [found.id for found in published] == ["m1", "m2", "m3", "m4", "m5"]
    assert [found.verdict.spam for found in published if found.type == "InboundMessage"] == [
        False,
        True,
        False,
    ]
    assert published[1] == batch[1]
    assert published[3] == batch[3]


@pytest.mark.spec("SPM 1")
async def test_nothing_of_a_message_but_its_verdict_is_changed() -> None:
    world = World()
    sent = message(SPAM_TEXT, flags=("voice",), structured={"a": 1})
    await world.screening.messages_received([sent])
    [[published]] = world.batches
    assert published.model_copy(update={"verdict": None}) == sent
    assert SCREENED.key(published) == MESSAGES.key(sent)


@pytest.mark.spec("ING 2")
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(message, st.sampled_from([SPAM_TEXT, "my order?", ""]), st.integers(1, 5)),
            st.builds(edited, st.just("x"), st.integers(1, 5)),
            st.builds(deleted, st.integers(1, 5)),
        ),
        max_size=8,
    )
)
def test_a_batch_delivered_again_is_published_the_same(batch: list[Any]) -> None:
    async def twice() -> None:
        world = World()
        await world.screening.messages_received(batch)
        await world.screening.messages_received(batch)
        assert world.batches[0] == world.batches[1]
        assert [found.id for found in world.batches[0]] == [sent.id for sent in batch]

    asyncio.run(twice())


@pytest.mark.spec("SPM 4")
async def test_the_threshold_is_the_accounts() -> None:
    world = World()
    world.accounts.apply(AccountSettings(account_id="mild", spam=SpamSettings(threshold=1)))
    world.accounts.apply(AccountSettings(account_id="harsh", spam=SpamSettings(threshold=0.001)))
    mild = await world.screened(SPAM_TEXT, account="mild")
    harsh = await world.screened("hello", account="harsh")
    usual = await world.screened(SPAM_TEXT)
    assert mild.verdict is not None
    assert usual.verdict is not None
    assert (mild.spam, harsh.spam, usual.spam) == (False, True, True)
    assert mild.verdict.score == usual.verdict.score


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize("speaks_for_them", [replied, marked_not_spam])
async def test_a_contact_whom_an_agent_answered_or_vouched_for_is_not_hidden(
    speaks_for_them: Callable[[], TicketFact],
) -> None:
    world = World()
    assert (await world.screened(SPAM_TEXT)).spam
    await world.screening.tickets_changed([speaks_for_them()])
    published = await world.screened(SPAM_TEXT)
    assert not published.spam
    assert published.verdict is not None
    assert published.verdict.reasons[0].code == "known_contact"
    assert published.verdict.score >= published.verdict.threshold


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize(
    "event",
    [
        replied(kind="ai"),
        replied(kind="system", auto_reply=True),
        replied(auto_reply=True),
        replied(kind="integration"),
        marked_not_spam(kind="system"),
        replied(contact="berta"),
        replied(account="zeta"),
    ],
    ids=[
        "AI",
        "system",
        "auto-reply",
        "integration",
        "screening",
        "other contact",
        "other account",
    ],
)
async def test_only_a_persons_word_for_that_contact_of_that_account_counts(
    event: TicketFact,
) -> None:
    world = World()
    await world.screening.tickets_changed([event])
    assert (await world.screened(SPAM_TEXT)).spam


@pytest.mark.spec("SPM 3")
async def test_a_contact_known_to_one_account_is_a_stranger_to_another() -> None:
    world = World()
    await world.screening.tickets_changed([replied(account="acme")])
    assert (await world.screened(SPAM_TEXT, account="zeta")).spam
    assert not (await world.screened(SPAM_TEXT, account="acme")).spam


@pytest.mark.spec("SPM 3")
async def test_the_agents_last_word_counts_whichever_is_heard_first() -> None:
    for events in (
        [replied(1), marked_spam(2)],
        [marked_spam(2), replied(1)],
        [marked_not_spam(1), marked_spam(2), marked_spam(0)],
    ):
        world = World()
        for event in events:
            await world.screening.tickets_changed([event])
        assert (await world.screened(SPAM_TEXT)).spam
        await world.screening.tickets_changed([marked_not_spam(3)])
        assert not (await world.screened(SPAM_TEXT)).spam


EVENTS = st.lists(
    st.one_of(
        st.builds(replied, st.integers(0, 9), st.sampled_from(["anna", "berta"])),
        st.builds(marked_spam, st.integers(0, 9), st.sampled_from(["anna", "berta"])),
        st.builds(marked_not_spam, st.integers(0, 9), st.sampled_from(["anna", "berta"])),
    ),
    max_size=8,
)


@pytest.mark.spec("SPM 3")
@settings(deadline=None)
@given(events=EVENTS, order=st.randoms(use_true_random=False))
def test_events_in_any_order_any_batches_and_any_number_of_times_leave_the_same(
    events: list[TicketFact], order: Any
) -> None:
    async def heard() -> None:
        once, again = World(), World()
        await once.screening.tickets_changed(events)
        shuffled = [*events, *events[:3]]
        order.shuffle(shuffled)
        for event in shuffled:
            await again.screening.tickets_changed([event])
        assert once.contacts.kept == again.contacts.kept == standings(events)

    asyncio.run(heard())


@pytest.mark.spec("SPM 3")
@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=50), max_size=5))
def test_a_known_contact_is_never_hidden_by_content(texts: list[str]) -> None:
    async def never() -> None:
        world = World()
        await world.screening.tickets_changed([replied()])
        await world.screening.messages_received(
            [message(SPAM_TEXT + text, number) for number, text in enumerate(texts, 1)]
        )
        assert not any(found.spam for found in world.batches[0])

    asyncio.run(never())


async def test_only_suspects_are_looked_up() -> None:
    world = World()
    asked: list[set[ContactRef]] = []

    async def load(contacts: set[ContactRef]) -> dict[ContactRef, Any]:
        asked.append(contacts)
        return {}

    world.contacts.load = load  # type: ignore[method-assign,assignment]
    await world.screening.messages_received(
        [message("my order?", 1), message(SPAM_TEXT, 2, contact="berta"), deleted(3)]
    )
    assert asked == [{ContactRef("acme", "berta")}]


async def test_a_rejection_says_nothing_of_a_contact() -> None:
    world = World()
    told = marked_spam()
    rejected = CommandRejected(
        account_id="acme",
        id="r",
        occurred_at=MONDAY,
        correlation_id="c",
        ticket_id="t1",
        command_id="x",
        command_type="MarkSpam",
        author=told.author,
        code="stale",
        reason="late",
    )
    await world.screening.tickets_changed([rejected])
    assert world.contacts.kept == {}


@pytest.mark.spec("ING 7")
async def test_what_its_verdict_makes_too_large_is_refused_and_the_others_go_on() -> None:
    world = World()
    without_text = len(MESSAGES.record(message("", 2)).value or b"")
    at_the_limit = message("x" * (MESSAGES.max_bytes - without_text), 2)
    assert len(MESSAGES.record(at_the_limit).value or b"") == MESSAGES.max_bytes
    refusals = await world.screening.messages_received(
        [message("hello", 1), at_the_limit, message("bye", 3)]
    )
    assert refusals is not None
    assert {place: refused.reason for place, refused in refusals.items()} == {1: "too_large"}
    assert [found.id for found in world.batches[0]] == ["m1", "m3"]
