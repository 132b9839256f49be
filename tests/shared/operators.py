"""Operators who change one account at once on a topic in memory, driven by hand, step by step.

Each step on the topic waits until the schedule lets the operator go on. One who is never let go on
again was killed there: between a publication and what follows it too.
"""

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from shared.bus.account_changes import Outcome, change, history_of, settle
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings
from shared.topics import ACCOUNTS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def an_account(name: str, revision: int | None = None) -> AccountSettings:
    return AccountSettings(account_id="acme", name=name, revision=revision)


def without_revision(name: str) -> Outgoing:
    return ACCOUNTS.record(an_account(name))


DELETION = Outgoing(ACCOUNTS.name, b"acme", None)


@types.coroutine
def _a_step() -> Generator[None, None, None]:
    yield


@dataclass
class Topic:
    """The accounts' topic; `lengths` says, reader by reader, how much each has read when."""

    records: list[Record] = field(default_factory=list)
    end: int = 0

    def lay(self, record: Outgoing) -> None:
        at = NOON + timedelta(seconds=self.end)
        lying = Record(record.topic, 0, self.end, record.key, record.value, record.headers, at)
        self.records.append(lying)
        self.end += 1

    def copy(self) -> "Topic":
        return Topic(list(self.records), self.end)


@dataclass
class Steps:
    """See `shared.bus.account_changes.Log`; each step waits for its turn."""

    topic: Topic
    lengths: list[int] = field(default_factory=list)

    async def read(self) -> Sequence[Record]:
        await cast("Awaitable[None]", _a_step())
        self.lengths.append(self.topic.end)
        return list(self.topic.records)

    async def append(self, record: Outgoing) -> None:
        await cast("Awaitable[None]", _a_step())
        self.topic.lay(record)


@dataclass
class AtOnce:
    """The same without waiting."""

    topic: Topic

    async def read(self) -> Sequence[Record]:
        return list(self.topic.records)

    async def append(self, record: Outgoing) -> None:
        self.topic.lay(record)


@dataclass
class Actor:
    """A coroutine that goes on when told to; `outcome` is what it was told in the end."""

    log: Steps
    coroutine: Coroutine[Any, Any, Outcome | None]
    done: bool = False
    outcome: Outcome | None = None
    seen: AccountSettings | None = None
    wanted: str = ""

    def go_on(self) -> None:
        try:
            self.coroutine.send(None)
        except StopIteration as end:
            self.done, self.outcome = True, end.value


Kind = Callable[[Topic], Actor]


def operator(wanted: str) -> Kind:
    """Look at what is in force, and change the account's name."""

    def start(topic: Topic) -> Actor:
        async def work() -> Outcome:
            actor.seen = history_of(await log.read(), "acme").settings
            return await change(log, an_account(wanted), actor.seen, wanted)

        log = Steps(topic)
        actor = Actor(log, work(), wanted=wanted)
        actor.go_on()
        return actor

    return start


def outsider(record: Outgoing) -> Kind:
    """Publish something in one step, as another system does."""

    def start(topic: Topic) -> Actor:
        log = Steps(topic)

        async def work() -> None:
            await log.append(record)

        actor = Actor(log, work())
        actor.go_on()
        return actor

    return start


def play(first: Topic, kinds: Sequence[Kind], schedule: Sequence[int]) -> tuple[Topic, list[Actor]]:
    """The topic and the actors after these steps; steps of who is done already are left out."""
    topic = first.copy()
    actors = [kind(topic) for kind in kinds]
    for number in schedule:
        if not actors[number].done:
            actors[number].go_on()
    return topic, actors


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


def repaired(topic: Topic) -> Topic:
    """The topic after somebody's next command."""
    after = topic.copy()
    finished(settle(AtOnce(after), "acme"))
    return after


def compacted(topic: Topic, cut: int, *, late: bool = False) -> Topic:
    """The topic with what lies before offset `cut` compacted; `late`: deletions are gone too."""
    cleaned = [record for record in topic.records if record.offset < cut]
    kept = cleaned[-1:]
    if late and kept and kept[0].value is None:
        kept = []
    return replace(topic, records=kept + [r for r in topic.records if r.offset >= cut])


@lru_cache
def says(key: bytes, value: bytes | None) -> Any:
    return ACCOUNTS.parse(Record(ACCOUNTS.name, 0, 0, key, value, (), NOON))


def held(records: Sequence[Record]) -> str | None:
    """The account's name as a reader of these records has it; None for no account."""
    table = AccountsTable()
    for record in records:
        table.apply(says(record.key, record.value))
    settings = table.get("acme")
    return settings.name if settings else None


def readers(topic: Topic) -> dict[str, str | None]:
    """What each reader holds, whenever it started, whatever was compacted before or meanwhile."""
    views: dict[str, Sequence[Record]] = {"running": topic.records}
    for cut in range(topic.end + 1):
        cleaned = compacted(topic, cut).records
        views[f"after compaction to {cut}"] = cleaned
        views[f"long after compaction to {cut}"] = compacted(topic, cut, late=True).records
        for place in range(cut):
            before = [record for record in topic.records if record.offset < place]
            after = [record for record in cleaned if record.offset >= place]
            views[f"at {place} when compacted to {cut}"] = before + after
    return {when: held(records) for when, records in views.items()}
