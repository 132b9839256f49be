"""Which agents are there, in MongoDB: a collection for each service that follows presence."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from shared.stores.mongo import MongoCollection, insert_new
from shared.values.attendance import Attendance

AgentId = tuple[str, str]
"""The account and the agent."""


class MongoAttendances:
    """A document an agent, `account:agent`: their own last choice, and when they were last seen."""

    def __init__(self, agents: MongoCollection) -> None:
        self._agents = agents

    async def ensure_indexes(self) -> None:
        """Create the index by which an account's agents are found."""
        await self._agents.create_index([("account_id", 1)])

    async def known(self, agents: Collection[AgentId]) -> dict[AgentId, Attendance]:
        """What is known of those agents; of whom nothing is known is left out."""
        if not agents:
            return {}
        found = await self._find({"_id": {"$in": [_id(*agent) for agent in sorted(agents)]}})
        return {(each.account_id, each.agent_id): each for each in found}

    async def of(self, account_id: str) -> list[Attendance]:
        """What is known of all agents of the account."""
        return await self._find({"account_id": account_id})

    async def online_seen(self, start: datetime, end: datetime) -> list[Attendance]:
        """Those who chose to be online and were last seen between the two times."""
        return await self._find({"online": True, "seen_at": {"$gte": start, "$lte": end}})

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """Store each, unless what is stored knows of a later choice or sight."""
        rows = [{"_id": _id(a.account_id, a.agent_id), **asdict(a)} for a in attendances]
        there = await insert_new(self._agents, rows)
        writes = [
            UpdateOne(
                {
                    "_id": rows[place]["_id"],
                    "chosen_at": {"$lte": rows[place]["chosen_at"]},
                    "seen_at": {"$lte": rows[place]["seen_at"]},
                },
                {"$set": {name: value for name, value in rows[place].items() if name != "_id"}},
            )
            for place in sorted(there)
        ]
        if writes:
            await self._agents.bulk_write(writes, ordered=False)

    async def _find(self, query: Mapping[str, Any]) -> list[Attendance]:
        return [Attendance(**row) async for row in self._agents.find(dict(query), {"_id": 0})]


def _id(account_id: str, agent_id: str) -> str:
    return f"{account_id}:{agent_id}"
