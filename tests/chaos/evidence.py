"""Collecting what is to be seen after a run, and keeping it where the run has failed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from shared.bus.delivery import DEAD_HEADER_PREFIX, Record
from shared.clock import EPOCH
from shared.topics import (
    ATTRIBUTIONS,
    COMMANDS,
    DEAD,
    HANDOFFS,
    MESSAGES,
    OUTBOUND,
    SCREENED,
    SIGNALS,
    TICKETS,
)
from tests.chaos.history import Finding, History, Json
from tests.chaos.ledger import Asked, Credited, Handed, Said
from tests.chaos.topics import Topics

READ = (
    *(MESSAGES, SCREENED, TICKETS, SIGNALS, COMMANDS, OUTBOUND, ATTRIBUTIONS, HANDOFFS),
    *DEAD.values(),
)
STORES = (
    "tickets",
    "thread",
    "autoclose_timers",
    "assignment_tickets",
    "assignment_rotations",
    "attribution_contacts",
    "replies_contacts",
    "ingest_parts",
)
OUTBOXES = (
    "tickets",
    "assignment_rotations",
    "attribution_contacts",
    "replies_contacts",
    "ingest_parts",
)
DATABASE = "helpdesk"


async def collected(  # noqa: PLR0917  # what was sent, and where to look
    topics: Topics,
    mongo: str,
    said: Sequence[Said],
    asked: Sequence[Asked],
    credited: Sequence[Credited],
    now: datetime,
    handed: Sequence[Handed] = (),
    outside: Sequence[Json] = (),
) -> History:
    """The history of a run that is at rest."""
    bodies: dict[str, list[Mapping[str, Any]]] = {}
    dead: list[Mapping[str, Any]] = []
    for record in await topics.read(READ):
        if record.topic.startswith("helpdesk.dead."):
            dead.append(_letter(record))
        else:
            bodies.setdefault(record.topic, []).append(json.loads(record.value or b"{}"))
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongo, tz_aware=True)
    try:
        stores = {name: [row async for row in client[DATABASE][name].find({})] for name in STORES}
    finally:
        client.close()
    return History(
        said, asked, credited, bodies, dead, stores, ended_at=now, handed=handed, outside=outside
    )


async def is_settled(mongo: str, now: datetime) -> bool:
    """Whether nothing waits for a sweep: no outbox is full, and nothing is due."""
    due = {"$gte": EPOCH, "$lt": now}
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        mongo, tz_aware=True, serverSelectionTimeoutMS=2000
    )
    database = client[DATABASE]
    try:
        if await database["autoclose_timers"].count_documents({"due_at": due}):
            return False
        if await database["assignment_tickets"].count_documents({"line": {"$gt": ""}}):
            return False
        if await database["handoff_parties"].count_documents({"state.phase": {"$ne": "ended"}}):
            return False
        for name in OUTBOXES:
            if await database[name].count_documents({"outbox.0": {"$exists": True}}):
                return False
    finally:
        client.close()
    return True


def keep(history: History, findings: Sequence[Finding], report: Any, folder: Path) -> None:
    """Write the whole history to a folder, a JSON object a line."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=2))
    _lines(folder / "findings.jsonl", [asdict(finding) for finding in findings])
    _lines(folder / "said.jsonl", [asdict(said) for said in history.said])
    _lines(folder / "asked.jsonl", [asdict(asked) for asked in history.asked])
    _lines(folder / "dead.jsonl", history.dead)
    for topic, bodies in history.topics.items():
        _lines(folder / f"{topic}.jsonl", bodies)
    for name, rows in history.stores.items():
        _lines(folder / f"store.{name}.jsonl", rows)


def _lines(file: Path, rows: Sequence[Any]) -> None:
    file.write_text("".join(f"{json.dumps(row, default=str)}\n" for row in rows))


def _letter(record: Record) -> Mapping[str, Any]:
    notes = {
        name.removeprefix(DEAD_HEADER_PREFIX): (value or b"").decode(errors="replace")
        for name, value in record.headers
        if name.startswith(DEAD_HEADER_PREFIX)
    }
    keep_these = ("service", "topic", "partition", "offset", "reason", "text")
    value = (record.value or b"").decode(errors="replace")
    return {**{name: notes.get(name) for name in keep_these}, "value": value}
