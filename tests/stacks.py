"""Which servers a run of the tests gets: `HELPDESK_TEST_STACK` says so, or what is at hand.

- `local`: Apache Kafka from Maven's jars (Java 17), SecantusDB and Valkey from wheels.
- `embedded`: Tansu instead of Apache Kafka; nothing but wheels.
- `containers`: Apache Kafka, MongoDB and Redis as containers, only when asked for.

Unset, it is `local`, or `embedded` where Apache Kafka cannot be had: the run says so then, and
fails in CI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.embedded.servers import KafkaServer, MongoServer, RedisServer, ServerError, Stack
from shared.embedded.stack import SecantusDB, Tansu, Valkey
from tests.servers import ApacheKafka, find_java, kafka_jars

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "HELPDESK_TEST_STACK"


@dataclass(frozen=True, slots=True)
class Choice:
    """The kinds of servers of a run."""

    name: str
    kafka: type[KafkaServer]
    mongo: type[MongoServer]
    redis: type[RedisServer]
    left_out: str = ""
    """Why Apache Kafka is left out although nobody asked for that."""

    @property
    def is_apache_kafka(self) -> bool:
        """Whether promises about Apache Kafka itself can be shown."""
        return self.kafka is not Tansu

    def stack(self) -> Stack:
        """Return one server of each kind; nothing runs yet."""
        return Stack(kafka=self.kafka(), mongo=self.mongo(), redis=self.redis())


def choose(environment: Mapping[str, str]) -> Choice:
    """Return the choice; what `local` needs is there afterwards.

    Raises `ServerError` if what is asked for by name cannot be had.
    """
    wanted = environment.get(VARIABLE, "")
    match wanted:
        case "containers":
            return _containers()
        case "embedded":
            return Choice(wanted, Tansu, SecantusDB, Valkey)
        case "local" | "":
            try:
                find_java()
                kafka_jars()
            except ServerError as error:
                if wanted:
                    raise
                return Choice("embedded", Tansu, SecantusDB, Valkey, left_out=str(error))
            return Choice("local", ApacheKafka, SecantusDB, Valkey)
        case _:
            raise ServerError(f"{VARIABLE} is local, embedded or containers, not {wanted!r}")


def _containers() -> Choice:
    # Not imported before it is asked for: it loads the container engine's client.
    from tests.containers import ContainerKafka, ContainerMongo, ContainerRedis  # noqa: PLC0415

    return Choice("containers", ContainerKafka, ContainerMongo, ContainerRedis)
