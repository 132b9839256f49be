"""MongoDB: the connection, which of its errors pass by themselves, inserts and compare-and-set.

Only the stores here and the services' `store.py` import the driver, so that its
successor is a change of these files.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import ReadPreference, UpdateOne, WriteConcern
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    WaitQueueTimeoutError,
)
from pymongo.monitoring import ConnectionPoolListener
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from shared.errors import Transient, WrongSettings
from shared.running.settings import MongoSettings
from shared.stores.mongo_timing import Timing
from shared.values.ids import attempt_token

DUPLICATE_KEY = 11000
AT_ONCE = 10_000
"""Documents that one answer may hold: by default the driver asks again after the first 101."""
Database = AsyncIOMotorDatabase[dict[str, Any]]
MongoCollection = AsyncIOMotorCollection[dict[str, Any]]


class Mongo:
    """A connection to one database: writes are journalled by a majority, reads see only those."""

    def __init__(
        self, settings: MongoSettings, service: str | None = None, *, patience: float = 20
    ) -> None:
        """Nothing is asked of the server yet; with `service`, commands are measured as its.

        A command without an answer is given up after `patience` seconds, which are not the seconds
        for finding a server. One that does not even say that it is there for a tenth of them, two
        seconds at least, is taken to be away. Raises WrongSettings for a URL that is none.
        """
        given: dict[str, Any] = {"tls": True} if settings.by_tls else {}
        if settings.username:
            given |= {"username": settings.username, "password": settings.secret("password")}
        renewing = _Renewing(settings)
        try:
            self._client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
                settings.secret("url"),
                tz_aware=True,
                serverSelectionTimeoutMS=2_000,
                connectTimeoutMS=int(max(patience / 10, 2) * 1000),
                socketTimeoutMS=int(patience * 1000),
                retryWrites=False,
                event_listeners=[renewing, *([Timing(service)] if service else [])],
                **given,
            )
        except (ConfigurationError, ValueError):
            # Its words would show parts of the URL, which may be parts of the password.
            raise WrongSettings("HELPDESK_MONGO__URL is no connection string") from None
        renewing.options = self._client.delegate.options.pool_options
        if settings.ca_file or settings.cert_file:
            # The driver makes a context of its own, and keeps the certificates it began with.
            renewing.options._PoolOptions__ssl_context = settings.context()  # noqa: SLF001  # not public
        self.database: Database = self._client.get_database(
            settings.database,
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
            read_preference=ReadPreference.PRIMARY,
        )

    async def ping(self) -> None:
        """Return if the server answers; raises the driver's error otherwise."""
        await self._client.admin.command("ping")

    async def close(self) -> None:
        """Let go of all connections."""
        self._client.close()


class _Renewing(ConnectionPoolListener):
    """Lets each new connection log in with the password as it is then."""

    def __init__(self, settings: MongoSettings) -> None:
        self._settings = settings
        self.options: Any = None

    def connection_created(self, _: Any) -> None:  # noqa: ANN401  # see the driver's
        """See ConnectionPoolListener; it is called before the connection logs in."""
        old = self.options and self.options._credentials  # noqa: SLF001  # not public
        if not old or not (self._settings.password_file or self._settings.url_file):
            return
        with contextlib.suppress(Transient, ConfigurationError, ValueError):
            password = self._settings.secret("password")
            if not self._settings.username:
                password = parse_uri(self._settings.secret("url") or "")["password"]
            if password != old.password:
                # What is cached was computed from the old password.
                new = old._replace(password=password, cache=type(old.cache)())
                self.options._PoolOptions__credentials = new  # noqa: SLF001  # not public


def hosts(settings: MongoSettings) -> list[str]:
    """The servers that the connection string names, `host:port`; none where DNS names them.

    Raises WrongSettings for a URL that is none.
    """
    url = settings.secret("url") or ""
    if url.startswith("mongodb+srv:"):
        return []
    try:
        named = parse_uri(url)["nodelist"]
    except (ConfigurationError, ValueError, PyMongoError):
        raise WrongSettings("HELPDESK_MONGO__URL is no connection string") from None
    return [f"{host}:{port}" for host, port in named if port is not None]


def _pass(*_: object) -> None:
    return


for _event in dir(ConnectionPoolListener):
    if _event.startswith(("connection_", "pool_")) and _event not in vars(_Renewing):
        setattr(_Renewing, _event, _pass)


def is_transient(error: BaseException) -> bool:
    """Whether the database was away or busy, so that the same call may succeed later."""
    if isinstance(error, ConnectionFailure | WaitQueueTimeoutError | ExecutionTimeout):
        return True
    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(error, PyMongoError) and (
        error.has_error_label("RetryableWriteError")
        or error.has_error_label("TransientTransactionError")
    )


async def insert_new(
    collection: MongoCollection, documents: Sequence[Mapping[str, Any]]
) -> set[int]:
    """Insert each document that is not there yet; returns the places of those that were there."""
    if not documents:
        return set()
    try:
        await collection.insert_many([dict(document) for document in documents], ordered=False)
    except BulkWriteError as error:
        return _duplicates(error)
    return set()


def _duplicates(error: BulkWriteError) -> set[int]:
    """The places that failed for a duplicate key; any other failure is raised."""
    failures = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(
        failure["code"] != DUPLICATE_KEY for failure in failures
    ):
        raise error
    return {failure["index"] for failure in failures}


async def compare_and_set(
    collection: MongoCollection, rows: Sequence[tuple[dict[str, Any], int]]
) -> set[str]:
    """Write each row if what is stored is at the given revision still; 0 inserts a new row.

    Returns the ids of the rows that were written. The others lost a race: their revision changed,
    or another row has what must be unique. Rows come with their new revision as `rev`, and get a
    `token` that this attempt alone has.
    """
    token = attempt_token()
    new = [row | {"token": token} for row, revision in rows if revision == 0]
    updates = [
        UpdateOne(
            {"_id": row["_id"], "rev": revision},
            {
                "$set": {name: value for name, value in row.items() if name != "_id"}
                | {"token": token}
            },
        )
        for row, revision in rows
        if revision
    ]
    counts = await asyncio.gather(
        _inserted(collection, new), _matched(collection, updates), return_exceptions=True
    )
    for count in counts:
        if isinstance(count, BaseException):
            raise count
    ids = [row["_id"] for row, _ in rows]
    if list(counts) == [len(new), len(updates)]:
        return set(ids)
    # It is known how many were written, but not which: those that carry this attempt's token.
    found = collection.find({"_id": {"$in": ids}, "token": token}, projection={"_id": 1})
    return {row["_id"] async for row in found}


async def _inserted(collection: MongoCollection, rows: Sequence[Mapping[str, Any]]) -> int:
    return len(rows) - len(await insert_new(collection, rows))


async def _matched(collection: MongoCollection, updates: Sequence[UpdateOne]) -> int:
    """How many updates found their document; -1 if some met a duplicate key."""
    if not updates:
        return 0
    try:
        return (await collection.bulk_write(updates, ordered=False)).matched_count
    except BulkWriteError as error:
        _duplicates(error)
        return -1
