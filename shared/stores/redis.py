"""Redis (or Valkey): the connection, and which of its errors pass by themselves."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import exceptions
from redis.asyncio import ConnectionPool, Redis, SSLConnection
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider

from shared.errors import WrongSettings
from shared.running.calls import Calls
from shared.running.settings import RedisSettings
from shared.running.tls import ChangingContext

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

    Its pipelines are measured as that service's. New connections are made with the certificates and
    the password as they are then. Raises WrongSettings for a URL that is none.
    """
    options: dict[str, Any] = {
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry": Retry(NoBackoff(), 1),
    }
    # A URL alone may have its own options for the certificates, which are the driver's to read.
    ours = settings.tls or settings.ca_file is not None or settings.cert_file is not None
    if ours:
        options |= {"connection_class": _Tls, "tls": settings.context()}
    try:
        url = urlsplit(settings.secret("url") or "")
        _ = url.port
        if settings.username or settings.password or settings.password_file or url.password:
            options["credential_provider"] = _Credentials(settings)
        plain = url._replace(
            scheme="redis" if ours else url.scheme,
            netloc=url.netloc.rpartition("@")[2],
        )
        pool: Any = ConnectionPool.from_url(plain.geturl(), **options)
    except ValueError:
        # Its words would show what was taken for a port, which may be a part of the password.
        raise WrongSettings("HELPDESK_REDIS__URL is no connection string") from None
    client = cast("_TimedRedis", _TimedRedis.from_pool(pool))
    client.calls = Calls(service, "redis", OPERATIONS)
    return client


class _Tls(SSLConnection):
    """A connection by our context: the driver's own keeps the certificates it began with."""

    def __init__(self, *, tls: ChangingContext, **options: Any) -> None:  # noqa: ANN401  # a driver's
        super().__init__(**options)
        self._tls = tls

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), "ssl": self._tls}


class _Credentials(CredentialProvider):
    """The user and the password as they are when a connection is made."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """See CredentialProvider. Raises Transient when a file cannot be read any more."""
        settings = self._settings
        url = urlsplit(settings.secret("url") or "")
        password = settings.secret("password") or unquote(url.password or "")
        user = settings.username or unquote(url.username or "")
        return (user, password) if user else (password,)


def is_transient(error: BaseException) -> bool:
    """Whether Redis was away, loading or failing over, so that the call may succeed later."""
    return isinstance(
        error,
        exceptions.ConnectionError
        | exceptions.TimeoutError
        | exceptions.BusyLoadingError
        | exceptions.ReadOnlyError,
    )
