"""Redis (or Valkey): the connection, and which of its errors pass by themselves."""

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.running.settings import RedisSettings


def connect(settings: RedisSettings) -> "Redis":
    """A client that gives up on a call after some seconds; nothing is asked of the server yet."""
    return Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=5,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 1),
    )


def is_transient(error: BaseException) -> bool:
    """Whether Redis was away, loading or failing over, so that the call may succeed later."""
    return isinstance(
        error,
        exceptions.ConnectionError
        | exceptions.TimeoutError
        | exceptions.BusyLoadingError
        | exceptions.ReadOnlyError,
    )
