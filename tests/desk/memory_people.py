"""Where people are kept, in memory, for tests: the same promises as the real one."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.desk.rules.signing import Pending, Session, Token


@dataclass
class Kept:
    hashed: str | None = None
    link: str = ""
    link_until: datetime | None = None


@dataclass
class MemoryPeople:
    """Dictionaries by the same keys."""

    by_key: dict[str, Session] = field(default_factory=dict)
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    by_token: dict[str, Token] = field(default_factory=dict)
    signing: dict[str, Pending] = field(default_factory=dict)

    async def begin(self, session: Session, ends_at: datetime) -> None:
        del ends_at
        self.by_key[session.key] = session

    async def session(self, key: str) -> Session | None:
        return self.by_key.get(key)

    async def seen(self, key: str, at: datetime, ends_at: datetime) -> None:
        del ends_at
        session = self.by_key.get(key)
        if session is not None and session.seen_at < at:
            self.by_key[key] = replace(session, seen_at=at)

    async def sessions(self, account_id: str, agent_id: str | None = None) -> list[Session]:
        found = [
            session
            for session in self.by_key.values()
            if session.account_id == account_id and agent_id in {None, session.agent_id}
        ]
        return sorted(found, key=lambda session: session.seen_at, reverse=True)

    async def end(
        self,
        account_id: str,
        *,
        agent_id: str | None = None,
        session_id: str | None = None,
        but: str | None = None,
    ) -> int:
        ended = [
            session.key
            for session in await self.sessions(account_id, agent_id)
            if session_id in {None, session.id} and session.key != but
        ]
        for key in ended:
            del self.by_key[key]
        return len(ended)

    async def passwords(self, agents: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        found = {agent: self.kept.get(agent, Kept()).hashed for agent in agents}
        return {agent: hashed for agent, hashed in found.items() if hashed is not None}

    async def set_password(self, account_id: str, agent_id: str, hashed: str) -> None:
        self.kept[account_id, agent_id] = Kept(hashed)

    async def rehash(self, account_id: str, agent_id: str, old: str, new: str) -> None:
        kept = self.kept.get((account_id, agent_id))
        if kept is not None and kept.hashed == old:
            kept.hashed = new

    async def add_link(self, account_id: str, agent_id: str, key: str, until: datetime) -> None:
        kept = self.kept.setdefault((account_id, agent_id), Kept())
        kept.link, kept.link_until = key, until

    async def link(self, key: str, now: datetime) -> tuple[str, str] | None:
        for agent, kept in self.kept.items():
            if kept.link == key and kept.link_until is not None and kept.link_until > now:
                return agent
        return None

    async def use_link(self, key: str, hashed: str, now: datetime) -> bool:
        agent = await self.link(key, now)
        if agent is None:
            return False
        self.kept[agent] = Kept(hashed)
        return True

    async def add_token(self, token: Token) -> bool:
        if any(t.id == token.id and t.account_id == token.account_id for t in self._tokens()):
            return False
        self.by_token[token.key] = token
        return True

    async def token(self, key: str) -> Token | None:
        return self.by_token.get(key)

    async def token_used(self, key: str, at: datetime) -> None:
        if key in self.by_token:
            self.by_token[key] = replace(self.by_token[key], used_at=at)

    async def tokens(self, account_id: str) -> list[Token]:
        found = [token for token in self._tokens() if token.account_id == account_id]
        return sorted(found, key=lambda token: token.created_at)

    async def end_token(self, account_id: str, token_id: str) -> bool:
        for token in await self.tokens(account_id):
            if token.id == token_id:
                del self.by_token[token.key]
                return True
        return False

    async def begin_signing(self, pending: Pending) -> None:
        self.signing[pending.key] = pending

    async def take_signing(self, key: str) -> Pending | None:
        return self.signing.pop(key, None)

    def _tokens(self) -> list[Token]:
        return list(self.by_token.values())
