"""Accounts' streams of news in Redis, as they are read."""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.desk.live.telling import stream_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

BEGINNING: Final = "0-0"
"""The position in a stream that says nothing yet."""

MOST_MISSED: Final = 1_000
"""Entries that a page may have missed and still be told, one by one."""

_BLOCK_MS: Final = 200
_POSITION = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a stream says at one position."""

    id: str
    kind: str
    body: Mapping[str, Any]


def is_later(one: str, other: str) -> bool:
    """Whether the position `one` comes after the position `other`; what is none is nowhere."""
    places = _place(one), _place(other)
    return places[0] is not None and places[1] is not None and places[0] > places[1]


def _place(position: str) -> tuple[int, int] | None:
    if not _POSITION.fullmatch(position):
        return None
    at, _, number = position.partition("-")
    found = int(at), int(number)
    return found if max(found) < 2**64 else None


@dataclass(frozen=True, slots=True)
class Streams:
    """Reads them. Each method raises the driver's error while Redis is away."""

    redis: "Redis"
    prefix: str

    async def newest(self, accounts: Collection[str]) -> dict[str, str]:
        """The position of the newest entry of each; BEGINNING where there is none."""
        if not accounts:
            return {}
        pipeline = self.redis.pipeline(transaction=False)
        for account in accounts:
            pipeline.xrevrange(self._key(account), count=1)
        answers: list[Any] = await pipeline.execute()
        return {
            account: _text(found[0][0]) if found else BEGINNING
            for account, found in zip(accounts, answers, strict=True)
        }

    async def read(self, at: Mapping[str, str]) -> dict[str, list[Entry]]:
        """What they say beyond these positions; waits a moment for it if it is nothing yet."""
        if not at:
            return {}
        accounts = {self._key(account): account for account in at}
        streams: dict[Any, Any] = {key: at[account] for key, account in accounts.items()}
        answered = await self.redis.xread(streams, count=MOST_MISSED, block=_BLOCK_MS)
        pairs: Any = answered.items() if isinstance(answered, dict) else answered or ()
        return {accounts[_text(key)]: _flat(found) for key, found in pairs}

    async def after(self, account: str, since: str, until: str) -> list[Entry] | None:
        """What it says beyond `since`, up to `until` with it.

        None where that is not known any more: the entry at `since` has to be there still.
        """
        if _place(since) is None:
            return None
        pipeline = self.redis.pipeline(transaction=False)
        pipeline.xrange(self._key(account), since, since)
        pipeline.xrange(self._key(account), f"({since}", until, count=MOST_MISSED)
        last, found = await pipeline.execute()
        if not last or len(found) >= MOST_MISSED:
            return None
        return _flat(found)

    async def lost(self, at: Mapping[str, str]) -> dict[str, str]:
        """Those whose entry at that position is not there any more, and their newest position."""
        asked = {account: position for account, position in at.items() if position != BEGINNING}
        if not asked:
            return {}
        pipeline = self.redis.pipeline(transaction=False)
        for account, position in asked.items():
            pipeline.xrange(self._key(account), position, position)
        answers: list[Any] = await pipeline.execute()
        gone = [account for account, found in zip(asked, answers, strict=True) if not found]
        return await self.newest(gone)

    def _key(self, account: str) -> str:
        return stream_of(self.prefix, account)


def _flat(found: Any) -> list[Entry]:  # noqa: ANN401  # the driver's answer differs by protocol
    pairs: Sequence[Any] = found[0] if found and isinstance(found[0], list) else found
    return [_entry(*each) for each in pairs]


def _entry(id_: Any, fields: Mapping[Any, Any]) -> Entry:  # noqa: ANN401  # text or bytes
    said = {_text(name): _text(value) for name, value in fields.items()}
    return Entry(_text(id_), said["kind"], json.loads(said["body"]))


def _text(value: Any) -> str:  # noqa: ANN401  # text or bytes
    return value.decode() if isinstance(value, bytes) else str(value)
