"""Sessions, passwords, tokens and sign-ins under way, in MongoDB.

Nothing that a browser or an integration holds is kept, only its hash.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from services.desk.rules.signing import Pending, Session, Token
from shared.stores.mongo import Database, insert_new

_SESSION = frozenset(field.name for field in fields(Session))
_TOKEN = frozenset(field.name for field in fields(Token))
_PENDING = frozenset(field.name for field in fields(Pending))


class MongoPeople:
    """Collections `desk_sessions`, `desk_passwords`, `desk_tokens` and `desk_signing`."""

    def __init__(self, database: Database) -> None:
        self._sessions = database["desk_sessions"]
        self._passwords = database["desk_passwords"]
        self._tokens = database["desk_tokens"]
        self._signing = database["desk_signing"]

    async def ensure_indexes(self) -> None:
        """Create the indexes that are missing; what has ended is deleted by the database."""
        await self._sessions.create_index([("account_id", 1), ("agent_id", 1)])
        await self._sessions.create_index([("ends_at", 1)], expireAfterSeconds=0)
        await self._passwords.create_index([("link", 1)], sparse=True)
        await self._tokens.create_index([("account_id", 1), ("id", 1)], unique=True)
        await self._signing.create_index([("until", 1)], expireAfterSeconds=0)

    async def begin(self, session: Session, ends_at: datetime) -> None:
        """See `People`."""
        await self._sessions.insert_one(_row(session) | {"ends_at": ends_at})

    async def session(self, key: str) -> Session | None:
        """See `People`."""
        row = await self._sessions.find_one({"_id": key})
        return None if row is None else Session(**_values(row, _SESSION))

    async def seen(self, key: str, at: datetime, ends_at: datetime) -> None:
        """See `People`."""
        change = {"$set": {"seen_at": at, "ends_at": ends_at}}
        await self._sessions.update_one({"_id": key, "seen_at": {"$lt": at}}, change)

    async def sessions(self, account_id: str, agent_id: str | None = None) -> list[Session]:
        """See `People`."""
        found = self._sessions.find(_of(account_id, agent_id)).sort("seen_at", -1)
        return [Session(**_values(row, _SESSION)) async for row in found]

    async def end(
        self,
        account_id: str,
        *,
        agent_id: str | None = None,
        session_id: str | None = None,
        but: str | None = None,
    ) -> int:
        """See `People`."""
        query = _of(account_id, agent_id)
        if session_id is not None:
            query["id"] = session_id
        if but is not None:
            query["_id"] = {"$ne": but}
        return (await self._sessions.delete_many(query)).deleted_count

    async def passwords(self, agents: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """See `People`."""
        # The database is asked for nobody too: the time must not say that there is nobody.
        ids = [_agent(*agent) for agent in agents] or [""]
        found = self._passwords.find({"_id": {"$in": ids}, "hash": {"$exists": True}})
        return {(row["account_id"], row["agent_id"]): row["hash"] async for row in found}

    async def set_password(self, account_id: str, agent_id: str, hashed: str) -> None:
        """See `People`."""
        named = {"account_id": account_id, "agent_id": agent_id}
        await self._passwords.update_one(
            {"_id": _agent(account_id, agent_id)},
            {"$set": named | {"hash": hashed}, "$unset": {"link": "", "link_until": ""}},
            upsert=True,
        )

    async def rehash(self, account_id: str, agent_id: str, old: str, new: str) -> None:
        """See `People`."""
        await self._passwords.update_one(
            {"_id": _agent(account_id, agent_id), "hash": old}, {"$set": {"hash": new}}
        )

    async def add_link(self, account_id: str, agent_id: str, key: str, until: datetime) -> None:
        """See `People`."""
        named = {"account_id": account_id, "agent_id": agent_id}
        await self._passwords.update_one(
            {"_id": _agent(account_id, agent_id)},
            {"$set": named | {"link": key, "link_until": until}},
            upsert=True,
        )

    async def link(self, key: str, now: datetime) -> tuple[str, str] | None:
        """See `People`."""
        row = await self._passwords.find_one({"link": key, "link_until": {"$gt": now}})
        return None if row is None else (row["account_id"], row["agent_id"])

    async def use_link(self, key: str, hashed: str, now: datetime) -> bool:
        """See `People`."""
        changed = await self._passwords.update_one(
            {"link": key, "link_until": {"$gt": now}},
            {"$set": {"hash": hashed}, "$unset": {"link": "", "link_until": ""}},
        )
        return changed.modified_count == 1

    async def add_token(self, token: Token) -> bool:
        """See `People`."""
        return not await insert_new(self._tokens, [_row(token)])

    async def token(self, key: str) -> Token | None:
        """See `People`."""
        row = await self._tokens.find_one({"_id": key})
        return None if row is None else _token(row)

    async def token_used(self, key: str, at: datetime) -> None:
        """See `People`."""
        await self._tokens.update_one({"_id": key}, {"$set": {"used_at": at}})

    async def tokens(self, account_id: str) -> list[Token]:
        """See `People`."""
        found = self._tokens.find({"account_id": account_id}).sort("created_at", 1)
        return [_token(row) async for row in found]

    async def end_token(self, account_id: str, token_id: str) -> bool:
        """See `People`."""
        gone = await self._tokens.delete_one({"account_id": account_id, "id": token_id})
        return gone.deleted_count == 1

    async def begin_signing(self, pending: Pending) -> None:
        """See `People`."""
        await self._signing.insert_one(_row(pending))

    async def take_signing(self, key: str) -> Pending | None:
        """See `People`."""
        # The driver says that there is always a document; there may be none.
        row: dict[str, Any] | None = await self._signing.find_one_and_delete({"_id": key})
        return None if row is None else Pending(**_values(row, _PENDING))


def _of(account_id: str, agent_id: str | None) -> dict[str, Any]:
    return {"account_id": account_id} | ({} if agent_id is None else {"agent_id": agent_id})


def _agent(account_id: str, agent_id: str) -> str:
    return f"{account_id}:{agent_id}"


def _row(kept: Session | Token | Pending) -> dict[str, Any]:
    values = asdict(kept)
    return {"_id": values.pop("key"), **values}


def _values(row: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in names} | {"key": row["_id"]}


def _token(row: Mapping[str, Any]) -> Token:
    values = _values(row, _TOKEN)
    return Token(**{**values, "scopes": tuple(values["scopes"])})
