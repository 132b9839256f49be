"""Passwords: hashed by argon2id, checked in as much time for nobody as for somebody."""

import asyncio
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.desk.rules.signing import LONGEST_PASSWORD, SHORTEST_PASSWORD, folded, with_address
from services.desk.web.auth.held import drawn, key_of
from services.desk.web.auth.ports import People
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import Agent

LINK_LASTS: Final = timedelta(hours=24)
"""How long a first password, or another one, may be set by a link."""

_AT_ONCE = 2
"""Each takes a core and 64 MiB for some 50 ms."""


class Passwords:
    """Signs in by address and password, where an installation has no provider for that."""

    def __init__(
        self,
        people: People,
        accounts: Accounts,
        clock: Clock,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._people, self._accounts, self._clock = people, accounts, clock
        self._hasher = hasher or PasswordHasher()
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def check(self, email: str, password: str, account: str = "") -> tuple[str, str] | None:
        """Who that is, as (account, agent); None for a wrong password, and for nobody.

        Exactly one hash is computed, whoever it is. Of several accounts with the address, where
        none is named, the first counts whose agent has a password.
        """
        those = with_address(self._accounts, email, account)
        refs = [(settings.account_id, agent.id) for settings, agent in those]
        kept = await self._people.passwords(refs)
        who = next((ref for ref in refs if ref in kept), None)
        if self._nobody is None:
            self._nobody = await self.hashed(drawn())
        against = self._nobody if who is None else kept[who]
        matches = await self._matches(against, password[: LONGEST_PASSWORD + 1])
        if who is None or not matches:
            return None
        if self._hasher.check_needs_rehash(against):
            await self._people.rehash(*who, against, await self.hashed(password))
        return who

    async def hashed(self, password: str) -> str:
        """The hash that is kept of a password."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def link(self, account_id: str, agent_id: str) -> str:
        """What a link has to hold by which the agent may set a password, once, for a day."""
        held = drawn()
        until = self._clock() + LINK_LASTS
        await self._people.add_link(account_id, agent_id, key_of(held), until)
        return held

    async def set_by_link(self, held: str, password: str) -> tuple[str, str] | None:
        """Set the password of whose link it is, and end their sessions; None: it is void."""
        key = key_of(held)
        who = await self._people.link(key, self._clock())
        if who is None:
            return None
        hashed = await self.hashed(password)
        if not await self._people.use_link(key, hashed, self._clock()):
            return None
        await self._people.end(who[0], agent_id=who[1])
        return who

    async def set(self, account_id: str, agent_id: str, password: str) -> None:
        """Set an agent's password; their sessions end."""
        await self._people.set_password(account_id, agent_id, await self.hashed(password))
        await self._people.end(account_id, agent_id=agent_id)

    async def _matches(self, hashed: str, password: str) -> bool:
        try:
            async with self._turn:
                return await asyncio.to_thread(self._hasher.verify, hashed, _plain(password))
        except (VerificationError, InvalidHashError):
            return False


def what_is_wrong(password: str, about: Sequence[str] = ()) -> str | None:
    """The key of the words that say why nobody may have this password; None if they may.

    `about` is what others know of the person: it is no password.
    """
    if len(password) < SHORTEST_PASSWORD:
        return "sign_in.too_short"
    if len(password) > LONGEST_PASSWORD:
        return "sign_in.too_long"
    if len(set(password)) < 4 or folded(password) in {folded(each) for each in about}:
        return "sign_in.too_easy"
    return None


def known_of(agent: Agent) -> list[str]:
    """What others know of an agent, and may try as their password."""
    return [text for text in (agent.email, agent.name, agent.id) if text]


def _plain(password: str) -> str:
    """The same letters are the same password, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)
