"""Showing a page of a thread costs what the page holds, however long the thread is (TKT 10)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from services.ticketing.rules.ticket import Ticket
from services.ticketing.store import MongoTickets
from shared.embedded.servers import Servers
from shared.stores.documents import Target
from tests.builders import a_contact, minutes

pytestmark = pytest.mark.connected
PAGE = 50


class Heard(CommandListener):
    """What a client asks of its server."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.answered = 0

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("find", "getMore", "aggregate"):
            self.asked.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if cursor := event.reply.get("cursor"):
            batch = cursor.get("firstBatch", cursor.get("nextBatch", ()))
            self.answered += len(batch)

    def failed(self, event: CommandFailedEvent) -> None:
        raise AssertionError(event.failure)

    def clear(self) -> None:
        self.asked, self.answered = [], 0


@asynccontextmanager
async def a_thread(servers: Servers, name: str, length: int) -> AsyncIterator[tuple[Any, Heard]]:
    """A database with a ticket of so many messages, every third edited, and another's."""
    heard = Heard()
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True, event_listeners=[heard])
    database = client[name]
    try:
        await MongoTickets(database).ensure_indexes()
        await database["thread"].insert_many(
            [line(of, n) for of in ("T", "other") for n in range(length)]
            + [an_edit(n) for n in range(0, length, 3)]
        )
        heard.clear()
        yield database, heard
    finally:
        client.close()


def line(of: str, number: int) -> dict[str, Any]:
    at = minutes(number // 2)
    return {
        "_id": f"{of}-{number}", "of": of, "account_id": "acme", "kind": "message", "shown": True,
        "sent_at": at, "received_at": at, "seq": number + 2, "text": str(number), "because": "",
    }  # fmt: skip


def an_edit(number: int) -> dict[str, Any]:
    at = minutes(number)
    return {
        "_id": f"e{number}", "of": "T", "account_id": "acme", "kind": "edit", "shown": False,
        "sent_at": at, "received_at": at, "seq": 10_000 + number, "text": f"{number} again",
        "message_id": f"T-{number}", "version": 1, "because": "",
    }  # fmt: skip


def shown(number: int) -> str:
    return f"{number} again" if number % 3 == 0 else str(number)


@pytest.mark.spec("TKT 8")
@pytest.mark.spec("TKT 10")
@pytest.mark.parametrize("length", [10, 1500])
async def test_a_page_of_a_thread_is_a_few_short_reads_by_an_index(
    servers: Servers, unique: str, length: int
) -> None:
    async with a_thread(servers, unique, length) as (database, heard):
        store = MongoTickets(database)
        page = await store.thread("T")
        pages, seen = 0, [each["text"] for each in page]
        while len(page) == PAGE:
            asked = list(heard.asked)
            assert 2 <= len(asked) <= 4
            assert heard.answered <= 2 * PAGE
            for command in asked if pages in (0, length // PAGE - 2) else ():
                await assert_by_index(database, command)
            heard.clear()
            page = await store.thread("T", before=page[-1])
            seen += [each["text"] for each in page]
            pages += 1
        assert seen == [shown(number) for number in reversed(range(length))]


def as_find(command: Mapping[str, Any]) -> Mapping[str, Any]:
    """A query that asks the same as a count does."""
    if "aggregate" not in command:
        return command
    return {"find": command["aggregate"], "filter": command["pipeline"][0]["$match"]}


async def explained(database: Any, command: Mapping[str, Any]) -> Mapping[str, Any]:
    find = {k: v for k, v in command.items() if k in ("find", "filter", "sort", "limit")}
    told: Mapping[str, Any] = await database.command(
        {"explain": find, "verbosity": "executionStats"}
    )
    return told


async def stages_of(database: Any, command: Mapping[str, Any]) -> list[str]:
    told = await explained(database, command)
    return list(stages_in(told["queryPlanner"]["winningPlan"]))


async def assert_by_index(database: Any, command: Mapping[str, Any]) -> None:
    """The server reads by an index; where it also sorts by it, hardly more than it returns."""
    told = await explained(database, command)
    stages = list(stages_in(told["queryPlanner"]["winningPlan"]))
    assert "IXSCAN" in stages
    assert "COLLSCAN" not in stages
    if "SORT" not in stages:
        assert told["executionStats"]["totalDocsExamined"] <= PAGE + 2


def stages_in(plan: Mapping[str, Any]) -> list[str]:
    inner = [plan[name] for name in ("inputStage",) if name in plan] + plan.get("inputStages", [])
    return [plan["stage"], *(name for each in inner for name in stages_in(each))]


@pytest.mark.spec("TKT 10")
async def test_whatever_is_looked_up_is_looked_up_by_an_index(
    servers: Servers, unique: str
) -> None:
    async with a_thread(servers, unique, 60) as (database, heard):
        store = MongoTickets(database)
        ticket = Ticket(
            id="T",
            account_id="acme",
            slot="s",
            number=1,
            channel="sms",
            address="+12025550100",
            contact=a_contact(profile_id="p"),
            opened_at=minutes(0),
        )
        unknown = ticket.model_copy(update={"contact": a_contact()})
        await store.by_mail("acme", ["m|one@x.example"])
        await store.by_mail_token("acme", ["short"])
        await store.destined({"m": Target("acme", slot="s")})
        await store.destined({"m": Target("acme", slot="t")})
        await store.early(["T-3", "acme:sms:x"])
        await store.sms_keys(["T"])
        await store.due(minutes(0), 10)
        await store.unfinished(minutes(0), 10)
        await store.history("T", limit=20)
        await store.tickets_of(ticket)
        await store.tickets_of(unknown)
        await store.named("acme", "T")
        await store.numbered("acme", 1)
        await store.load([Target("acme", id="T"), Target("acme", slot="s")])
        await store.applied(["T-1"])
        asked = [as_find(command) for command in heard.asked]
        assert len(asked) >= 16
        for command in asked:
            stages = await stages_of(database, command)
            assert "COLLSCAN" not in stages, command
