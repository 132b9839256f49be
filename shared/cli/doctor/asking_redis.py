"""What Redis is asked. Nothing is written."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from redis.exceptions import RedisError

from shared.cli.doctor.asking_mongo import skew
from shared.cli.doctor.facts import Address, RedisFacts, RedisServer, Skew
from shared.cli.doctor.failures import Failure, asked
from shared.cli.doctor.reaching import reached
from shared.clock import system_clock
from shared.errors import WrongSettings
from shared.running.settings import RedisSettings
from shared.stores.redis import connect

ANSWER = 4.0
"""Seconds for Redis to answer, user and TLS included."""

_PORT = 6379
_SAVED = ("rdb_last_bgsave_status", "aof_last_write_status")
NOT_REACHED = Failure("unasked", "Redis could not be asked")


async def ask_redis(settings: RedisSettings) -> RedisFacts:
    """Ask everything; what has no answer in time is a Failure, and the rest is there."""
    addresses = await asyncio.gather(*map(reached, _hosts(settings)))
    if addresses and all(address.failure for address in addresses):
        return nothing(addresses, NOT_REACHED)
    client: Any = connect(settings)
    try:
        answers = await asked(_ping(client), ANSWER)
        if answers is not None:
            return nothing(addresses, answers)
        server, ahead = await asyncio.gather(
            asked(_server(client), ANSWER), asked(_skew(client), ANSWER)
        )
    finally:
        with suppress(TimeoutError, RedisError, OSError):
            await asyncio.wait_for(client.aclose(), 0.5)
    return RedisFacts(addresses, None, server, ahead)


def nothing(addresses: Sequence[Address], why: Failure) -> RedisFacts:
    """What is known where it does not take us."""
    return RedisFacts(addresses, why, NOT_REACHED, NOT_REACHED)


def _hosts(settings: RedisSettings) -> list[str]:
    """The server that the URL names, `host:port`; none where it is a socket's path."""
    try:
        url = urlsplit(settings.secret("url") or "")
        host, port = url.hostname, url.port or _PORT
    except ValueError:
        raise WrongSettings("HELPDESK_REDIS__URL is no connection string") from None
    return [] if url.scheme == "unix" else [f"{host or 'localhost'}:{port}"]


async def _ping(client: Any) -> None:  # noqa: ANN401  # the driver's types are loose
    await client.ping()


async def _server(client: Any) -> RedisServer:  # noqa: ANN401  # as above
    said = await client.info()
    return RedisServer(
        role=str(said.get("role", "")),
        maxmemory=int(said.get("maxmemory", 0)),
        used=int(said.get("used_memory", 0)),
        policy=str(said.get("maxmemory_policy", "")),
        saving_fails=any(said.get(name, "ok") != "ok" for name in _SAVED),
    )


async def _skew(client: Any) -> Skew:  # noqa: ANN401  # as above
    before, started = system_clock(), time.monotonic()
    seconds, micros = await client.time()
    took = time.monotonic() - started
    return skew(datetime.fromtimestamp(seconds + micros / 1e6, UTC), before, took)
