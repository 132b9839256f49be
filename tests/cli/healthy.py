"""A stack in which nothing is wrong, as the doctor finds it."""

from typing import Any

from shared.bus.acls import acls
from shared.bus.cluster import FoundPartition, FoundTopic, FoundTopics, Right
from shared.bus.kafka import topic_configuration
from shared.cli.doctor.facts import (
    AccountsRead,
    Address,
    KafkaFacts,
    MongoFacts,
    MongoServer,
    MongoStorage,
    RedisFacts,
    RedisServer,
    Skew,
)
from shared.stores.indexes import Index
from shared.topic import SERVICES
from shared.topics import TOPICS

TICKETS = Index("tickets", (("account_id", 1), ("slot", 1)), unique=True)
SEEN = Index("seen", (("at", 1),), expires_after=60)
TOGETHER = Skew(0.01, 0.005)


def topics(replicas: int = 3) -> FoundTopics:
    """Topics as `helpdesk topics --create` makes them."""
    return FoundTopics(
        replicas,
        {
            topic.name: FoundTopic(
                tuple(
                    FoundPartition(n, has_leader=True, replicas=replicas, in_sync=replicas)
                    for n in range(topic.partitions)
                ),
                topic_configuration(topic, replicas),
            )
            for topic in TOPICS
        },
    )


def rights(prefix: str = "") -> list[Right]:
    """What the chart gives each service's user."""
    return [
        Right(f"User:{service}", acl.resource, acl.name, "literal", acl.operation)
        for service in SERVICES
        for acl in acls(service, prefix)
    ]


def kafka(**replaced: Any) -> KafkaFacts:
    """All is read, and nobody has more to read."""
    spans = {(t.name, n): (0, 10) for t in TOPICS for n in range(t.partitions)}
    spans |= {place: (0, 0) for place in spans if ".dead." in place[0]}
    facts: dict[str, Any] = {
        "prefix": "",
        "addresses": [Address("kafka:9092")],
        "advertised": [Address("kafka-0:9092")],
        "topics": topics(),
        "spans": spans,
        "recent": {},
        "ahead": {},
        "members": dict.fromkeys(SERVICES, 2),
        "committed": {
            service: {(t.name, n): 10 for t in TOPICS if service in t.consumers for n in range(12)}
            for service in SERVICES
        },
        "rights": rights(),
        "accounts": AccountsRead(3, 0),
    }
    return KafkaFacts(**(facts | replaced))


def mongo(**replaced: Any) -> MongoFacts:
    """A replica set of three, with all indexes."""
    facts: dict[str, Any] = {
        "addresses": [Address("mongo:27017")],
        "server": MongoServer("rs0", sharded=False, members=3, primary=True, skew=TOGETHER),
        "storage": MongoStorage(persistent=True, majority_reads=True),
        "journalled": True,
        "indexes": {"tickets": [Index("tickets", (("_id", 1),)), TICKETS], "seen": [SEEN]},
        "declared": {"ticketing": [TICKETS, SEEN]},
    }
    return MongoFacts(**(facts | replaced))


def redis(**replaced: Any) -> RedisFacts:
    """A primary without a limit."""
    facts: dict[str, Any] = {
        "addresses": [Address("redis:6379")],
        "answers": None,
        "server": RedisServer("master", 0, 1000, "noeviction", saving_fails=False),
        "skew": TOGETHER,
    }
    return RedisFacts(**(facts | replaced))
