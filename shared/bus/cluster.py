"""What the brokers say of themselves: topics, groups, offsets and rights. Nothing is changed."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from shared.bus.acls import group_id
from shared.bus.kafka import connection, unreachable
from shared.running.settings import KafkaSettings
from shared.topic import Service, Topic
from shared.topics import TOPICS

_ANY, _ALLOWED = 1, 3
_NO_SUCH_GROUP = 69
_RESOURCES = {2: "topic", 3: "group", 4: "cluster"}
_OPERATIONS = {2: "all", 3: "read", 4: "write"}
_PATTERNS = {3: "literal", 4: "prefixed"}

Place = tuple[str, int]
"""A topic's name, without the prefix, and the number of one of its partitions."""


@dataclass(frozen=True, slots=True)
class FoundPartition:
    """How many brokers hold a partition, and how many of them have all of it."""

    number: int
    has_leader: bool
    replicas: int
    in_sync: int


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic as it is; its configuration is None where it may not be read."""

    partitions: tuple[FoundPartition, ...]
    config: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class FoundTopics:
    """The topics that we may see, by their names without the prefix, and how many brokers are.

    `advertised` is where the brokers say that they are, `host:port`.
    """

    brokers: int
    topics: Mapping[str, FoundTopic]
    advertised: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Right:
    """A rule of the cluster's authorizer; `name` begins with the prefix, if there is one."""

    user: str
    resource: str
    name: str
    pattern: str
    operation: str
    allowed: bool = True


class Cluster:
    """Asks the brokers. To be entered, which raises Transient, saying why, if none takes us."""

    def __init__(self, settings: KafkaSettings, patience: float = 20.0) -> None:
        """Nothing is asked yet; a request is given up after `patience` seconds."""
        self._settings = settings
        self._prefix = settings.topic_prefix
        options = {**connection(settings), "request_timeout_ms": int(patience * 1000)}
        self._admin: Any = AIOKafkaAdminClient(**options)
        self._consumer: Any = AIOKafkaConsumer(**options, enable_auto_commit=False)

    async def __aenter__(self) -> Self:
        try:
            await self._admin.start()
            await self._consumer.start()
        except KafkaError as error:
            await self.close()
            raise await unreachable(error, self._settings) from error
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections, within a second."""
        for client in (self._consumer.stop, self._admin.close):
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(client(), 0.5)

    async def topics(self) -> FoundTopics:
        """Our topics, all that are there; configurations are left to `configure`."""
        # All topics are asked for: asking for one by name may create it.
        said = (await self._admin._get_cluster_metadata()).to_object()  # noqa: SLF001  # see above
        ours = {self._prefix + topic.name: topic.name for topic in TOPICS}
        found = {
            ours[each["topic"]]: FoundTopic(_partitions(each["partitions"]))
            for each in said["topics"]
            if each["topic"] in ours and not each["error_code"]
        }
        where = sorted(f"{each['host']}:{each['port']}" for each in said["brokers"])
        return FoundTopics(len(where), found, tuple(where))

    async def configurations(self, topics: Collection[str]) -> dict[str, dict[str, str]]:
        """How these topics are configured; those that we may not ask about are not in it."""
        if not topics:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, self._prefix + name) for name in topics]
        found = {}
        for answer in await self._admin.describe_configs(asked):
            for code, _, _, name, entries in answer.resources:
                if not code:
                    plain = name.removeprefix(self._prefix)
                    found[plain] = {entry[0]: entry[1] for entry in entries if entry[1] is not None}
        return found

    async def members(self, service: Service) -> int:
        """How many members a service's group has. Raises KafkaError where we may not ask."""
        name = group_id(service, self._prefix)
        (answer,) = await self._admin.describe_consumer_groups([name])
        ((code, _, _, _, _, members, *_),) = answer.groups
        if code and code != _NO_SUCH_GROUP:
            raise for_code(code)(name)
        return len(members)

    async def committed(self, service: Service, places: Iterable[Place]) -> dict[Place, int]:
        """Where a service's group goes on, of these partitions; not in it: nowhere yet.

        Raises KafkaError where we may not ask.
        """
        name = group_id(service, self._prefix)
        # Asked for all there are, the embedded broker answers what the driver cannot read.
        offsets = await self._admin.list_consumer_group_offsets(
            name, partitions=self._named(places)
        )
        return {self._place(each): at.offset for each, at in offsets.items() if at.offset >= 0}

    def watch(self, places: Iterable[Place]) -> None:
        """Say which partitions `spans` and `since` will be about."""
        self._consumer.assign(self._named(places))

    async def spans(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset and the end of each partition; they should have leaders."""
        partitions = self._named(places)
        first, end = await asyncio.gather(
            self._consumer.beginning_offsets(partitions), self._consumer.end_offsets(partitions)
        )
        return {self._place(each): (first[each], end[each]) for each in partitions}

    async def since(self, places: Iterable[Place], moment: datetime) -> dict[Place, int]:
        """Where the first record from `moment` on is; partitions without one are not in it."""
        start = int(moment.timestamp() * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._named(places), start))
        return {
            self._place(each): at.offset
            for each, at in found.items()
            # The embedded broker names the first record where none is so new.
            if at is not None and at.timestamp >= start
        }

    def _named(self, places: Iterable[Place]) -> list[Any]:
        return [TopicPartition(self._prefix + topic, number) for topic, number in places]

    def _place(self, partition: Any) -> Place:  # noqa: ANN401  # aiokafka ships no types
        return partition.topic.removeprefix(self._prefix), partition.partition

    async def rights(self) -> tuple[Right, ...]:
        """The rules of the authorizer. Raises KafkaError: there is none, or we may not ask it."""
        request = DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY)
        answer = await self._admin._send_request(request)  # noqa: SLF001  # it has no call for it
        if answer.error_code:
            raise for_code(answer.error_code)(answer.error_message)
        return tuple(
            Right(
                user=user,
                resource=_RESOURCES.get(resource, "other"),
                name=name,
                pattern=_PATTERNS.get(pattern, "other"),
                operation=_OPERATIONS.get(operation, "other"),
                allowed=permission == _ALLOWED,
            )
            for resource, name, pattern, rules in answer.resources
            for user, _, operation, permission in rules
        )


def _partitions(said: Iterable[Mapping[str, Any]]) -> tuple[FoundPartition, ...]:
    found = [
        FoundPartition(
            each["partition"], each["leader"] >= 0, len(each["replicas"]), len(each["isr"])
        )
        for each in said
    ]
    return tuple(sorted(found, key=lambda each: each.number))


def places_of(topic: Topic[Any], found: FoundTopics) -> list[Place]:
    """The partitions of a topic that have a leader, so that they can be asked about."""
    there = found.topics.get(topic.name)
    return [
        (topic.name, each.number) for each in (there.partitions if there else ()) if each.has_leader
    ]


def with_configurations(
    found: FoundTopics, configurations: Mapping[str, Mapping[str, str]]
) -> FoundTopics:
    """The topics together with how they are configured."""
    return FoundTopics(
        found.brokers,
        {
            name: FoundTopic(topic.partitions, configurations.get(name))
            for name, topic in found.topics.items()
        },
        found.advertised,
    )
