"""Tokens of integrations: made once, shown once, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import HTTPConnection

from services.desk.rules.people import Scope
from services.desk.rules.signing import SEEN_EVERY, Token
from services.desk.web.auth.held import PREFIX, drawn, key_of
from services.desk.web.auth.ports import People
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.values.ids import attempt_token, computed_id

_LONGEST: Final = 200


def bearer(connection: HTTPConnection) -> str | None:
    """What stands in `Authorization: Bearer`; None without such a header, "" for another way."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    way, _, held = header.partition(" ")
    return held.strip() if way.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens as they are kept."""

    people: People
    accounts: Accounts
    clock: Clock

    async def of(self, held: str) -> Token | None:
        """The token that an integration holds, if its account is there still and it counts."""
        token = await self._kept(held)
        now = self.clock()
        if token is None or token.is_over(now):
            return None
        if token.used_at is None or now - token.used_at >= SEEN_EVERY:
            await self.people.token_used(token.key, now)
        return token

    async def expired(self, held: str) -> Token | None:
        """The token that an integration holds, if it is one that has expired."""
        token = await self._kept(held)
        return token if token is not None and token.is_over(self.clock()) else None

    async def _kept(self, held: str) -> Token | None:
        if not held.startswith(PREFIX) or len(held) > _LONGEST:
            return None
        token = await self.people.token(key_of(held))
        if token is None or self.accounts.get(token.account_id) is None:
            return None
        return token

    async def make(  # whose, what for, what it may, by whom, until when
        self,
        account_id: str,
        name: str,
        scopes: Sequence[Scope],
        by: str,
        asked: str | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[Token, str] | None:
        """A new token, and what the integration is to hold, which nobody can be shown again.

        `asked` names the request: the same a second time makes none, and None is returned.
        """
        held = f"{PREFIX}{drawn()}"
        token_id = computed_id("token", account_id, by, asked) if asked else attempt_token()
        token = Token(
            key_of(held),
            token_id,
            account_id,
            name,
            tuple(dict.fromkeys(scopes)),
            self.clock(),
            by,
            expires_at=expires_at,
        )
        return (token, held) if await self.people.add_token(token) else None
