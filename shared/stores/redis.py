"""Redis (or Valkey): the connection, and which of its errors pass by themselves."""

from typing import Any, cast

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.running.calls import Calls
from shared.running.settings import RedisSettings

OPERATIONS = frozenset(("pipeline",))


class _TimedPipeline(Pipeline):
    calls: Calls

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002  # the driver's
        with self.calls.timed("pipeline"):
            return await super().execute(raise_on_error)


class _TimedRedis(Redis):
    """Services ask by pipelines alone, so these alone are measured."""

    calls: Calls

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002  # the driver's
        timed = _TimedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        timed.calls = self.calls
        return timed


def connect(settings: RedisSettings, service: str = "other") -> "Redis":
    """A client that gives up on a call after some seconds; nothing is asked of the server yet.

    Its pipelines are measured as that service's.
    """
    client = cast(
        "_TimedRedis",
        _TimedRedis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=5,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 1),
        ),
    )
    client.calls = Calls(service, "redis", OPERATIONS)
    return client


def is_transient(error: BaseException) -> bool:
    """Whether Redis was away, loading or failing over, so that the call may succeed later."""
    return isinstance(
        error,
        exceptions.ConnectionError
        | exceptions.TimeoutError
        | exceptions.BusyLoadingError
        | exceptions.ReadOnlyError,
    )
