"""Sign-ins that are tried again and again have to wait: by person, and by address.

Nothing here depends on whether there is such a person.
"""

import hashlib
import ipaddress
import math
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError

from services.desk.rules.signing import folded
from services.desk.rules.throttling import (
    ADDRESS,
    FORGOTTEN_AFTER,
    PERSON,
    Pace,
    Tries,
    taken_back,
    tried,
)
from services.desk.web.problems import Problem
from shared.clock import EPOCH, Clock

if TYPE_CHECKING:
    from redis.asyncio import Redis

_MILLISECOND = timedelta(milliseconds=1)
_REMEMBERED: Final = 10_000
"""How many keys are counted in the process, while Redis is away."""

_TRIED: Final = """
local kept = redis.call('HMGET', KEYS[1], 'count', 'till')
local count, till = tonumber(kept[1] or '0'), tonumber(kept[2] or '0')
local now, free, longest, forgotten =
  tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if till > now then return till - now end
count = count + 1
if till > 0 and now - till > forgotten then count = 1 end
local wait = 0
if count > free then wait = math.min(1000 * 2 ^ math.min(count - free - 1, 30), longest) end
redis.call('HSET', KEYS[1], 'count', count, 'till', string.format('%.0f', now + wait))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', wait + forgotten))
return 0
"""
_TAKEN_BACK: Final = """
local count = tonumber(redis.call('HGET', KEYS[1], 'count') or '0')
if count > 0 then redis.call('HSET', KEYS[1], 'count', count - 1, 'till', ARGV[1]) end
return 0
"""
"""As `rules.throttling` has it, in one step of the server's."""


class Throttle:
    """Counts tries in Redis, for all replicas; in the process alone while Redis is away."""

    def __init__(self, redis: "Redis | None", prefix: str, clock: Clock) -> None:
        self._redis, self._prefix, self._clock = redis, prefix, clock
        self._here: OrderedDict[str, Tries] = OrderedDict()

    async def ask(self, address: str, person: str | None = None) -> None:
        """Count a try from an address, for a person if one is named.

        Raises Problem (429), with how long to wait, for a try too many, which does not count.
        """
        for key, pace in self._keys(address, person):
            wait = await self._tried(key, pace)
            if wait > timedelta(0):
                raise too_many(wait)

    async def good(self, address: str, person: str | None = None) -> None:
        """Take the try back: it was good. The person's tries are forgotten, all of them."""
        now = self._clock()
        (address_key, _), *others = self._keys(address, person)
        for key, _ in others:
            self._here.pop(key, None)
        if address_key in self._here:
            self._here[address_key] = taken_back(self._here[address_key], now)
        if self._redis is not None:
            try:
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.eval(_TAKEN_BACK, 1, address_key, _milliseconds(now))
                for key, _ in others:
                    pipeline.delete(key)
                await pipeline.execute()
            except RedisError:
                return

    def _keys(self, address: str, person: str | None) -> list[tuple[str, Pace]]:
        keys = [(f"{self._prefix}:signing:address:{_network(address)}", ADDRESS)]
        if person is not None:
            hashed = hashlib.sha256(folded(person).encode("utf-8", "replace")).hexdigest()
            keys.append((f"{self._prefix}:signing:person:{hashed}", PERSON))
        return keys

    async def _tried(self, key: str, pace: Pace) -> timedelta:
        now = self._clock()
        if self._redis is not None:
            try:
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.eval(
                    _TRIED,
                    1,
                    key,
                    _milliseconds(now),
                    str(pace.free),
                    str(pace.longest // _MILLISECOND),
                    str(FORGOTTEN_AFTER // _MILLISECOND),
                )
                (wait,) = await pipeline.execute()
                return int(wait) * _MILLISECOND
            except RedisError:
                pass  # nobody is kept out, nor let try for ever, because Redis is away
        kept, wait = tried(self._here.get(key, Tries()), pace, now)
        self._here[key] = kept
        self._here.move_to_end(key)
        if len(self._here) > _REMEMBERED:
            self._here.popitem(last=False)
        return wait


def too_many(wait: timedelta) -> Problem:
    """The answer to a try too many."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    more: dict[str, Any] = {"retry_after": seconds}
    return Problem(
        429,
        "too_many_tries",
        f"too many tries: wait {seconds} s",
        headers={"Retry-After": str(seconds)},
        **more,
    )


def _network(address: str) -> str:
    """Whoever has an IPv6 address has 2^64 of them: they count as one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _milliseconds(moment: datetime) -> str:
    return str((moment - EPOCH) // _MILLISECOND)
