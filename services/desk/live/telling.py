"""News onto the account's stream in Redis, from whichever replica."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from services.desk.handlers import News
from shared.running.telling import told
from shared.stores import redis as stores

if TYPE_CHECKING:
    from redis.asyncio import Redis

KEPT: Final = 10_000
"""About how many entries a stream keeps: what a page may have missed and still be told."""

FORGOTTEN_MS: Final = 86_400_000
"""A stream that nobody writes to is gone after a day; whoever follows it then fetches anew."""

_log = structlog.get_logger()


def stream_of(prefix: str, account_id: str) -> str:
    """The key of the account's stream. The braces keep an account's keys on one node."""
    return f"{prefix}:desk:{{{account_id}}}:news"


@dataclass(slots=True)
class RedisTelling:
    """Appends news to streams. While Redis is away pages poll, and are told to reload after."""

    redis: "Redis"
    prefix: str
    _missed: set[str] = field(default_factory=set)

    async def tell(self, news: Sequence[News]) -> None:
        """See `handlers.Telling`."""
        if not news:
            return
        accounts = {each.account_id for each in news}
        missed = self._missed & accounts
        entries = [News(account, "reload", {}) for account in sorted(missed)] + list(news)
        pipeline = self.redis.pipeline(transaction=False)
        for each in entries:
            body: dict[Any, Any] = {"kind": each.kind, "body": json.dumps(each.body)}
            pipeline.xadd(stream_of(self.prefix, each.account_id), body, maxlen=KEPT)
        for account in sorted(accounts):
            pipeline.pexpire(stream_of(self.prefix, account), FORGOTTEN_MS)
        try:
            await pipeline.execute()
        except Exception as error:
            if not stores.is_transient(error):
                raise
            self._missed |= accounts
            _log.warning("open pages could not be told, they will reload", error=told(error))
        else:
            self._missed -= missed

    async def forget(self, account_id: str) -> None:
        """Nothing of what the account was told is left; whoever resumes is told to read anew."""
        await self.redis.delete(stream_of(self.prefix, account_id))
