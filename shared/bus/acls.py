"""What each service may do on Kafka at the very least, by the registry of topics."""

from dataclasses import dataclass
from typing import Literal

from shared.topic import SERVICES, Service
from shared.topics import TOPICS


@dataclass(frozen=True, slots=True)
class Acl:
    """A user may do `operation` on the topic or the consumer group of exactly that name."""

    resource: Literal["topic", "group"]
    name: str
    operation: Literal["read", "write"]


def group_id(service: Service, prefix: str = "") -> str:
    """The consumer group of a service's replicas."""
    return f"{prefix}helpdesk.{service}"


def acls(service: Service, prefix: str = "") -> tuple[Acl, ...]:
    """All that a service's user needs; `prefix` is `HELPDESK_KAFKA__TOPIC_PREFIX`.

    Nothing else is needed: Kafka lets whoever may read or write a topic describe it, and whoever
    may write any topic write idempotently. Followed topics are read without a group. No service
    creates topics, or reads or changes anybody's configuration.
    """
    read = [Acl("topic", prefix + t.name, "read") for t in TOPICS if service in t.consumers]
    write = [Acl("topic", prefix + t.name, "write") for t in TOPICS if service in t.producers]
    return (*read, *write, Acl("group", group_id(service, prefix), "read"))


def markdown() -> str:
    """The rights of all services as a table, as docs/security.md shows it."""
    rows = ["| service | reads | writes | group |", "|---|---|---|---|"]
    for service in SERVICES:
        rights = acls(service)
        columns = [
            "<br>".join(
                f"`{acl.name}`"
                for acl in rights
                if acl.resource == resource and acl.operation == operation
            )
            for resource, operation in (("topic", "read"), ("topic", "write"), ("group", "read"))
        ]
        rows.append(f"| {service} | {' | '.join(columns)} |")
    return "\n".join(rows)
