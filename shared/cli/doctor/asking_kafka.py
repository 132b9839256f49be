"""What the brokers are asked. Nothing is written, and no group is joined."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared.bus.cluster import Cluster, FoundTopics, places_of, with_configurations
from shared.bus.kafka import connection
from shared.bus.refusals import connected
from shared.cli import reading
from shared.cli.doctor.facts import AccountsRead, Address, KafkaFacts
from shared.cli.doctor.failures import Failure, asked, failure_of
from shared.cli.doctor.reaching import PATIENCE, reached
from shared.clock import EPOCH
from shared.errors import Poison
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Deleted, UnknownType
from shared.topics import ACCOUNTS, DEAD, TOPICS

T = TypeVar("T")

ANSWER = 3.5
"""Seconds for the brokers to answer, all questions at once."""

A_DAY = timedelta(days=1)
AHEAD = timedelta(seconds=30)
"""A record whose time is further ahead than this was made by a clock that is wrong."""

_TRIES = 8
NOT_REACHED = Failure("unasked", "Kafka could not be asked")


async def ask_kafka(settings: KafkaSettings, now: datetime) -> KafkaFacts:
    """Ask everything; what has no answer in time is a Failure, and the rest is there."""
    brokers = settings.bootstrap.split(",")
    addresses = await asyncio.gather(*(_taken(broker, settings) for broker in brokers))
    if all(address.failure for address in addresses):
        return nothing(settings.topic_prefix, addresses)
    cluster = Cluster(settings, patience=ANSWER)
    entered = await asked(cluster.__aenter__(), PATIENCE)
    try:
        if isinstance(entered, Failure):
            return nothing(settings.topic_prefix, addresses, entered)
        return await _everything(cluster, settings, addresses, now)
    finally:
        await cluster.close()


def nothing(prefix: str, addresses: Sequence[Address], why: Failure = NOT_REACHED) -> KafkaFacts:
    """What is known where no broker takes us."""
    return KafkaFacts(
        prefix=prefix,
        addresses=addresses,
        advertised=(),
        topics=why,
        spans=why,
        recent=why,
        ahead=why,
        members=dict.fromkeys(SERVICES, why),
        committed=dict.fromkeys(SERVICES, why),
        rights=why,
        accounts=why,
    )


async def _taken(broker: str, settings: KafkaSettings) -> Address:
    """Whether anybody is there, and then whether they take us."""
    address = await reached(broker)
    if address.failure is not None:
        return address
    try:
        options = connection(settings)
    except Exception as error:  # noqa: BLE001  # a file of secrets that is gone, say
        return Address(address.where, failure_of(error))
    question = connected(broker, options, settings, PATIENCE)
    return Address(address.where, await asked(question, PATIENCE + 0.1))


async def _everything(
    cluster: Cluster, settings: KafkaSettings, addresses: list[Address], now: datetime
) -> KafkaFacts:
    found = await asked(cluster.topics(), ANSWER / 2)
    if isinstance(found, Failure):
        return nothing(settings.topic_prefix, addresses, found)
    places = [place for topic in TOPICS for place in places_of(topic, found)]
    dead = [place for topic in DEAD.values() for place in places_of(topic, found)]
    cluster.watch(places)
    answers: list[Any] = await asyncio.gather(
        asyncio.gather(*map(reached, found.advertised)),
        asked(cluster.configurations(list(found.topics)), ANSWER),
        asked(cluster.spans(places), ANSWER),
        asked(cluster.since(dead, now - A_DAY), ANSWER),
        asked(cluster.since(places, now + AHEAD), ANSWER),
        _each(cluster.members),
        _each(lambda service: cluster.committed(service, places)),
        asked(cluster.rights(), ANSWER),
        asked(_accounts(settings), ANSWER),
    )
    advertised, configurations, spans, recent, ahead, members, committed, rights, accounts = answers
    return KafkaFacts(
        prefix=settings.topic_prefix,
        addresses=addresses,
        advertised=advertised,
        topics=_configured(found, configurations),
        spans=spans,
        recent=recent,
        ahead=ahead,
        members=members,
        committed=committed,
        rights=rights,
        accounts=accounts,
    )


def _configured(
    found: FoundTopics, configurations: Mapping[str, Mapping[str, str]] | Failure
) -> FoundTopics:
    readable = {} if isinstance(configurations, Failure) else configurations
    return with_configurations(found, readable)


async def _each(question: Callable[[Any], Awaitable[T]]) -> dict[Any, T | Failure]:
    """The answers of all services' groups."""
    answers = await asyncio.gather(
        *(asked(_repeated(question, service), ANSWER) for service in SERVICES)
    )
    return dict(zip(SERVICES, answers, strict=True))


async def _repeated(question: Callable[[Any], Awaitable[T]], service: Any) -> T:  # noqa: ANN401  # as above
    """A cluster whose first group is asked about looks for a coordinator first."""
    for _ in range(_TRIES):
        try:
            return await question(service)
        except GroupCoordinatorNotAvailableError:
            await asyncio.sleep(0.25)
    return await question(service)


async def _accounts(settings: KafkaSettings) -> AccountsRead:
    """What the topic says last of each account."""
    said: dict[bytes | None, bool] = {}
    async for record in reading.records(settings, [ACCOUNTS], since=EPOCH, follow=False):
        try:
            if isinstance(ACCOUNTS.parse(record), Deleted):
                said.pop(record.key, None)
            else:
                said[record.key] = True
        except (Poison, UnknownType):
            said[record.key] = False
    good = sum(said.values())
    return AccountsRead(accounts=good, malformed=len(said) - good)
