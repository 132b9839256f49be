"""The desk's read model in memory, and what records make of it."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from services.desk.handlers import Desk, News
from services.desk.keeping import Around
from services.desk.rules import facts, taking
from services.desk.rules.answers import Answered
from services.desk.rules.facts import Said
from services.desk.rules.following import Lead
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.storing import ReadModel
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.contracts.clicks import LinkFollowed
from shared.contracts.messages import InboundMessage
from shared.contracts.snapshots import SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.stores.erased import Named
from shared.topics import SCREENED, SNAPSHOTS, TICKETS
from tests.builders import MONDAY, an_account

T = TypeVar("T", Row, Line)
Step = Callable[[], Awaitable[None]]


async def at_once() -> None:
    return


@dataclass
class Kept:
    """What is stored, by key: a value and its revision."""

    rows: dict[str, tuple[Row, int]] = field(default_factory=dict)
    lines: dict[str, tuple[Line, int]] = field(default_factory=dict)

    def shown(self) -> tuple[dict[str, Row], dict[str, Line]]:
        """All of it, without revisions."""
        return (
            {key: row for key, (row, _) in self.rows.items()},
            {key: line for key, (line, _) in self.lines.items()},
        )


class MemoryReadModel(ReadModel):
    """See `services.desk.store.read.MongoReadModel`; around each call it takes a step."""

    def __init__(self, kept: Kept, step: Step = at_once) -> None:
        self.kept = kept
        self._step = step

    async def rows(self, keys: Collection[str]) -> dict[str, tuple[Row, int]]:
        return await self._some(self.kept.rows, keys)

    async def lines(self, keys: Collection[str]) -> dict[str, tuple[Line, int]]:
        return await self._some(self.kept.lines, keys)

    async def whole_thread(self, ticket_key: str) -> dict[str, tuple[Line, int]]:
        await self._step()
        of = {key: each for key, each in self.kept.lines.items() if each[0].of == ticket_key}
        await self._step()
        return of

    async def save_rows(self, rows: Iterable[tuple[Row, int]]) -> set[str]:
        return await self._save(self.kept.rows, rows)

    async def save_lines(self, lines: Iterable[tuple[Line, int]]) -> set[str]:
        return await self._save(self.kept.lines, lines)

    async def _some(
        self, stored: dict[str, tuple[T, int]], keys: Collection[str]
    ) -> dict[str, tuple[T, int]]:
        await self._step()
        found = {key: stored[key] for key in keys if key in stored}
        await self._step()
        return found

    async def _save(
        self, stored: dict[str, tuple[T, int]], given: Iterable[tuple[T, int]]
    ) -> set[str]:
        written = set()
        for value, revision in given:
            await self._step()
            if stored.get(value.key, (None, 0))[1] == revision:
                stored[value.key] = (value, revision + 1)
                written.add(value.key)
        await self._step()
        return written


@dataclass
class MemoryLinks:
    """Short links, as the desk keeps them."""

    leads: dict[str, Lead] = field(default_factory=dict)
    clicks: dict[str, LinkFollowed] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)

    async def keep(self, leads: Sequence[Lead]) -> None:
        for lead in leads:
            if lead.of not in self.erased:
                self.leads.setdefault(lead.code, lead)

    async def lead(self, code: str) -> Lead | None:
        return self.leads.get(code)

    async def follow(self, clicks: Sequence[LinkFollowed]) -> set[tuple[str, str]]:
        kept = [c for c in clicks if f"{c.account_id}:{c.ticket_id}" not in self.erased]
        self.clicks |= {click.id: click for click in kept}
        return {(click.account_id, click.ticket_id) for click in kept}

    async def erase(self, tickets: Collection[str]) -> None:
        self.erased |= set(tickets)
        self.leads = {c: lead for c, lead in self.leads.items() if lead.of not in tickets}


@dataclass
class Told:
    """What pages and those who gave commands are told; whose model serves."""

    model: ReadModel
    news: list[News] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    forgotten: set[str] = field(default_factory=set)
    erasures: dict[Named, datetime] = field(default_factory=dict)
    links: MemoryLinks = field(default_factory=MemoryLinks)

    async def serving(self) -> ReadModel:
        return self.model

    async def tell(self, news: Sequence[News]) -> None:
        self.news += news

    async def forget_drafts(self, tickets: Collection[str]) -> None:
        self.forgotten |= set(tickets)

    async def erased(self, contacts: Collection[Named]) -> Mapping[Named, datetime]:
        return {name: self.erasures[name] for name in contacts if name in self.erasures}

    async def following(self, _: Collection[str]) -> list[str]:
        return []

    async def publish(self, _: Sequence[Outgoing]) -> None:
        return

    async def keep(self, answers: Sequence[Answered]) -> None:
        self.answers += answers


def a_desk(model: ReadModel, around: Around | None = None) -> tuple[Desk, Told]:
    """A replica of the desk's handlers on that read model, and what it tells."""
    accounts = AccountsTable()
    accounts.apply(an_account())
    told = Told(model)
    desk = Desk(told, around or cast(Around, told), told, told, accounts, a_clock, told.publish)
    return desk, told


def a_clock() -> datetime:
    return MONDAY


async def take(desk: Desk, batch: Sequence[Any]) -> None:
    """Let the replica take a batch of one topic."""
    topics = {topic_of(each) for each in batch}
    assert len(topics) == 1
    match topics.pop():
        case TICKETS.name:
            await desk.tickets_changed(batch)
        case SCREENED.name:
            await desk.messages_screened(batch)
        case _:
            await desk.snapshots_taken(batch)


def topic_of(record: Any) -> str:
    """The name of the topic that it comes by."""
    if isinstance(record, TicketSnapshot | SnapshotsPublished):
        return SNAPSHOTS.name
    return TICKETS.name if isinstance(record, TicketFact | CommandRejected) else SCREENED.name


def said_by(record: Any) -> Said | None:
    """What the record says."""
    match record:
        case TicketFact():
            return facts.of_event(record)
        case InboundMessage():
            return Said(lines=(facts.of_message(record),))
        case TicketSnapshot():
            return facts.of_snapshot(record)
        case _:
            return None


def folded(records: Iterable[Any]) -> tuple[dict[str, Row], dict[str, Line]]:
    """What all the records say together: put together at once, with nothing stored before."""
    batch = taking.gathered(said for each in records if (said := said_by(each)) is not None)
    found = taking.taken(batch, {}, {})
    rows, lines = dict(found.rows), dict(found.lines)
    for key, row in rows.items():
        thread = [line for line in lines.values() if line.of == key]
        silent = {line.key: line for line in taking.silenced(row, thread)}
        lines |= silent
        rows[key] = taking.reworded(row, [silent.get(line.key, line) for line in thread])
    return rows, lines
