"""Whether Kafka's topics are as `shared/topics.py` declares them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from shared.bus.cluster import FoundTopic, FoundTopics
from shared.bus.kafka import topic_configuration
from shared.topic import Topic
from shared.topics import TOPICS

Severity = Literal["warning", "wrong", "not looked at"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How a topic differs from its declaration, how bad that is, and what to do about it."""

    topic: str
    what: str
    declared: str
    found: str
    severity: Severity
    advice: str

    @property
    def text(self) -> str:
        """The difference in words."""
        if self.what == "missing":
            return "it is missing"
        return f"{self.what} is {self.found}, and {self.declared} is declared"


def differences(
    found: FoundTopics,
    replication: int = 3,
    partitions: int | None = None,
    topics: Iterable[Topic[Any]] = TOPICS,
) -> list[Difference]:
    """All differences, in the order of the registry.

    `replication` is how many replicas each partition should have; `partitions`, how many at most
    were asked for. On fewer brokers than `replication`, too few replicas are a warning.
    """
    told: list[Difference] = []
    for topic in topics:
        there = found.topics.get(topic.name)
        if there is None:
            advice = "`helpdesk topics --create`; if it is there, we may not describe it"
            told.append(Difference(topic.name, "missing", "", "", "wrong", advice))
            continue
        wanted = topic.partitions if partitions is None else min(partitions, topic.partitions)
        alone = found.brokers < replication
        told += _in_number(topic.name, wanted, len(there.partitions))
        told += _in_replicas(topic.name, replication, there, alone=alone)
        told += _in_configuration(topic, there, replication, alone=alone)
    return told


def _in_number(name: str, wanted: int, there: int) -> list[Difference]:
    if there == wanted:
        return []
    few = there < wanted
    more = "add them: `kafka-topics --alter`. Keys are mapped anew, so let all be handled first"
    return [
        Difference(
            name,
            "partitions",
            str(wanted),
            str(there),
            "wrong" if few else "warning",
            more if few else "nothing, if it is meant: keys were mapped anew when they were added",
        )
    ]


def _in_replicas(
    name: str, replication: int, there: FoundTopic, *, alone: bool
) -> list[Difference]:
    least = min((each.replicas for each in there.partitions), default=0)
    if least >= replication:
        return []
    advice = (
        "add brokers before you rely on it: what a lost disk held is lost"
        if alone
        else "`kafka-reassign-partitions` with more replicas"
    )
    severity: Severity = "warning" if alone else "wrong"
    return [Difference(name, "replication", str(replication), str(least), severity, advice)]


def _in_configuration(
    topic: Topic[Any], there: FoundTopic, replication: int, *, alone: bool
) -> list[Difference]:
    if there.config is None:
        advice = "give this user DescribeConfigs on the topic, to have it looked at"
        return [
            Difference(
                topic.name, "configuration", "as declared", "unread", "not looked at", advice
            )
        ]
    declared = topic_configuration(topic, replication)
    replicas = min((each.replicas for each in there.partitions), default=0)
    told = []
    for key, wanted in declared.items():
        value = there.config.get(key)
        # What is only compacted has no age at which it goes.
        ageless = key == "retention.ms" and topic.compacted
        if value is None or value == wanted or ageless:
            continue
        severity = _severity(key, wanted, value, replicas, alone=alone)
        if severity is not None:
            advice = _ADVICE.get(severity, "").format(key=key, wanted=wanted)
            told.append(Difference(topic.name, key, wanted, value, severity, advice))
    return told


_ADVICE = {
    "wrong": "`kafka-configs --alter --add-config {key}={wanted}`",
    "warning": "nothing, if it is meant; as declared it is {key}={wanted}",
}


def _severity(key: str, wanted: str, value: str, replicas: int, *, alone: bool) -> Severity | None:
    """How bad another value is; None if it makes no difference."""
    if key == "cleanup.policy":
        same = set(value.replace(" ", "").split(",")) == {wanted}
        return None if same else "wrong"
    if key == "unclean.leader.election.enable":
        return "wrong"
    try:
        more = _most(value) > _most(wanted)
    except ValueError:
        return "wrong"
    if key == "min.insync.replicas":
        if more:
            # With as many as there are replicas, one broker away stops every write.
            return "wrong" if int(value) > replicas else "warning"
        return "warning" if alone else "wrong"
    return "warning" if more else "wrong"


def _most(value: str) -> float:
    number = int(value)
    return float("inf") if number < 0 else number


def document(found: FoundTopics, told: Sequence[Difference]) -> dict[str, Any]:
    """The comparison as JSON has it."""
    return {
        "ok": not any(each.severity == "wrong" for each in told),
        "brokers": found.brokers,
        "topics": [
            {
                "topic": topic.name,
                "partitions": len(there.partitions) if there else 0,
                "replicas": min((p.replicas for p in there.partitions), default=0) if there else 0,
                "differences": [
                    {k: v for k, v in asdict(each).items() if k != "topic"} | {"text": each.text}
                    for each in told
                    if each.topic == topic.name
                ],
            }
            for topic in TOPICS
            for there in [found.topics.get(topic.name)]
        ],
    }
