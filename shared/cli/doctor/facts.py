"""What was found out, or why it was not. Nothing here is judged yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.bus.cluster import FoundTopics, Place, Right
from shared.cli.doctor.failures import Failure
from shared.stores.indexes import Index
from shared.topic import Service


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address from the settings, and why nobody can be reached there, if so."""

    where: str
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Skew:
    """By how many seconds a server's clock is ahead of this machine's, and how sure that is."""

    seconds: float
    give_or_take: float


@dataclass(frozen=True, slots=True)
class AccountsRead:
    """What the accounts' topic says: how many accounts there are, and how many bad records."""

    accounts: int
    malformed: int


@dataclass(frozen=True, slots=True)
class KafkaFacts:
    """What the brokers said. `prefix` stands before the names of groups, and of rights.

    `addresses` are those of the settings, `advertised` those that brokers give themselves. `spans`
    are the first offset and the end of each partition, `recent` where the last day's records begin
    on dead-letter topics, `ahead` where records of a time to come begin.
    """

    prefix: str
    addresses: Sequence[Address]
    advertised: Sequence[Address]
    topics: FoundTopics | Failure
    spans: Mapping[Place, tuple[int, int]] | Failure
    recent: Mapping[Place, int] | Failure
    ahead: Mapping[Place, int] | Failure
    members: Mapping[Service, int | Failure]
    committed: Mapping[Service, Mapping[Place, int] | Failure]
    rights: Sequence[Right] | Failure
    accounts: AccountsRead | Failure


@dataclass(frozen=True, slots=True)
class MongoServer:
    """What MongoDB says of itself. What is None was not said."""

    replica_set: str | None
    sharded: bool
    members: int
    primary: bool
    skew: Skew


@dataclass(frozen=True, slots=True)
class MongoStorage:
    """Whether what is written can last, and reads can see only that. None: not said."""

    persistent: bool | None
    majority_reads: bool | None


@dataclass(frozen=True, slots=True)
class MongoFacts:
    """What the database said.

    `journalled` is whether a majority's acknowledgement means that a write is on the disk.
    `indexes` are those of each collection that is there; `declared` those that services make.
    """

    addresses: Sequence[Address]
    server: MongoServer | Failure
    storage: MongoStorage | Failure
    journalled: bool | Failure
    indexes: Mapping[str, Sequence[Index]] | Failure
    declared: Mapping[str, Sequence[Index]]


@dataclass(frozen=True, slots=True)
class RedisServer:
    """What Redis says of itself. Sizes are in bytes; a `maxmemory` of 0 is no limit.

    Where the last saving to the disk failed, Redis by default takes no more writes.
    """

    role: str
    maxmemory: int
    used: int
    policy: str
    saving_fails: bool


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What Redis said."""

    addresses: Sequence[Address]
    answers: Failure | None
    server: RedisServer | Failure
    skew: Skew | Failure
