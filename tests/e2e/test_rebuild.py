"""The desk is rebuilt while messages come: killed midway, run again, and nothing is missing."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.store.models import Models
from services.desk.store.own import MongoOwn
from services.desk.store.read import MongoReadModel
from shared.bus.delivery import Outgoing
from shared.clock import system_clock
from shared.contracts.commands import AddNote, TagTicket
from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, BY_NAME, COMMANDS, DEAD, SCREENED, SNAPSHOTS, TICKETS
from tests.builders import a_command, a_contact, a_message, an_account
from tests.desk.read_models import folded
from tests.e2e.harness import Pipeline, pipeline

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(300)]

QUIET, BUSY = 60, 20
"""People who write before the rebuild alone, and people who go on."""

PAUSE = 0.2
"""Seconds between two messages: a slow machine's desk keeps up with these and a rebuild."""

Shown = tuple[dict[str, Row], dict[str, Line]]


class Story:
    """Customers write, and agents work; `messages` are all that were published."""

    def __init__(self, place: Pipeline) -> None:
        self.place = place
        self.messages: list[str] = []
        self._numbers = itertools.count(1)

    async def write(self, *people: str) -> None:
        records, ids = [], []
        for by in people:
            id_ = f"said-{next(self._numbers)}"
            contact = a_contact(name=by, display_name=by)
            message = a_message(contact=contact, id=id_, at=system_clock(), text=f"number {id_}")
            records.append(SCREENED.record(message))
            ids.append(f"acme:{id_}")
        await self.place.publish(records)
        self.messages += ids

    async def work(self, tickets: Iterable[str]) -> None:
        """Each gets a tag and a note."""
        now = system_clock()
        records: list[Outgoing] = []
        for id_ in tickets:
            tag = a_command(TagTicket, ticket_id=id_, at=now, id=f"tag-{id_}", tags=("seen",))
            note = a_command(AddNote, ticket_id=id_, at=now, id=f"note-{id_}", text="called")
            records += [COMMANDS.record(tag), COMMANDS.record(note)]
        await self.place.publish(records)

    async def go_on(self, people: list[str]) -> None:
        """Write again and again, until cancelled."""
        for by in itertools.cycle(people):
            await self.write(by)
            await asyncio.sleep(PAUSE)


async def shown(database: Any, model: MongoReadModel, side: str) -> Shown:
    """All tickets and lines of a side."""
    keys = [each["_id"] async for each in database[f"desk_tickets_{side}"].find({}, {"_id": 1})]
    rows = {key: row for key, (row, _) in (await model.rows(keys)).items()}
    lines: dict[str, Line] = {}
    for key in keys:
        lines |= {name: line for name, (line, _) in (await model.whole_thread(key)).items()}
    return rows, as_shown(lines)


def as_shown(lines: dict[str, Line]) -> dict[str, Line]:
    """The lines without what snapshots add that nobody sees: a notice's text beside its code."""
    return {k: replace(line, text="") if line.code else line for k, line in lines.items()}


async def said(place: Pipeline) -> list[Any]:
    """What the topics that the desk is built from hold."""
    records = [r for t in (TICKETS, SCREENED, SNAPSHOTS) for r in await place.read(t.name)]
    return [BY_NAME[record.topic].parse(record) for record in records]


def of_quiet(value: Row | Line, rows: dict[str, Row]) -> bool:
    """Whether it is of somebody who writes no more."""
    summary = rows[value.key if isinstance(value, Row) else value.of].summary
    return summary is not None and (summary.contact.display_name or "").startswith("quiet")


async def killed_midway(place: Pipeline, database: Any) -> None:
    """A rebuild has begun to fill the other side, and is dead."""
    replica = place.run_module("tests.e2e.quick_rebuild")

    async def is_midway() -> bool:
        return bool(await database["desk_tickets_b"].count_documents({}, limit=5) == 5)

    await place.until("a rebuild is midway", is_midway, 60)
    replica.kill()


async def rebuilt(place: Pipeline, database: Any) -> None:
    """A rebuild has ended well; it is refused until the one that died is over."""

    async def is_over() -> bool:
        held = await database["desk_state"].find_one({"_id": "rebuild"})
        return held is None or bool(held["until"] < system_clock())

    for _ in range(10):
        await place.until("nobody rebuilds", is_over, 60)
        replica = place.run_module("tests.e2e.quick_rebuild")
        code = await asyncio.to_thread(replica.process.wait, 120)
        said = replica.log.read_text()
        if code == 0:
            assert "it serves" in said
            return
        assert "another rebuild is at work" in said, said
        place.replicas.remove(replica)
    pytest.fail("the rebuild is refused for ever")


@pytest.mark.spec("VWS 9")
async def test_a_rebuild_that_is_killed_midway_and_run_again_misses_nothing(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True)
    with contextlib.closing(client):
        await rebuilds(client[unique], servers, unique, tmp_path)


async def rebuilds(database: Any, servers: Servers, unique: str, tmp_path: Path) -> None:
    """See the test."""
    async with pipeline(servers, unique, tmp_path) as place:
        models = Models(MongoOwn(database))
        story = Story(place)
        quiet, busy = [f"quiet{n}" for n in range(QUIET)], [f"busy{n}" for n in range(BUSY)]
        await place.publish([ACCOUNTS.record(an_account())])
        place.run("ticketing", HELPDESK_SNAPSHOTS_AT_ONCE="10")
        place.run("desk")

        async def served(side: str) -> bool:
            ids = [*story.messages]
            query = {"_id": {"$in": ids}, "at": {"$ne": ""}}
            lines = database[f"desk_lines_{side}"].find(query, {"_id": 1})
            found = {each["_id"] async for each in lines}
            # Lines are stored before their tickets.
            tickets = await database[f"desk_tickets_{side}"].count_documents({})
            return found == {*ids} and bool(tickets == QUIET + BUSY)

        async def as_said() -> bool:
            rows, lines = folded(await said(place))
            joined = {key: line for key, line in lines.items() if line.of in rows}
            return await shown(database, models.of("b"), "b") == (rows, as_shown(joined))

        await story.write(*quiet, *busy, *quiet)
        await place.until("what was said is served", lambda: served("a"), 90)
        rows, _ = await shown(database, models.of("a"), "a")
        await story.work(row.ticket_id for row in rows.values())

        async def worked() -> bool:
            rows, _ = await shown(database, models.of("a"), "a")
            of_theirs = [row.seq for row in rows.values() if of_quiet(row, rows)]
            return of_theirs == [5] * QUIET

        await place.until("agents have worked", worked, 60)
        before = await shown(database, models.of("a"), "a")

        writing = asyncio.create_task(story.go_on(busy))
        try:
            await killed_midway(place, database)
            assert await MongoOwn(database).side() == "a"
            await rebuilt(place, database)
        finally:
            writing.cancel()
        assert await MongoOwn(database).side() == "b"
        await place.until("what was said meanwhile is served", lambda: served("b"), 120)
        await place.until("all is shown as the topics say it", as_said, 60)

        after = await shown(database, models.of("b"), "b")
        pairs: tuple[tuple[dict[str, Any], dict[str, Any]], ...]
        pairs = ((before[0], after[0]), (before[1], after[1]))
        for was, now in pairs:
            kept = {key: each for key, each in was.items() if of_quiet(each, before[0])}
            assert len(kept) >= QUIET
            assert {key: now.get(key) for key in kept} == kept
        assert await database["desk_tickets_a"].count_documents({}) == 0
        for dead in DEAD.values():
            assert await place.read(dead.name) == []
