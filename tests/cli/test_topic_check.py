"""`helpdesk topics --check`: how what Kafka has differs from what is declared."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic

from shared.bus.cluster import FoundTopics
from shared.bus.kafka import create_topics
from shared.cli.topic_check import Difference, differences, document
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from shared.topics import ACCOUNTS, COMMANDS, TOPICS
from tests.cli import healthy
from tests.cli.run import helpdesk
from tests.e2e.harness import until

NAME = COMMANDS.name


def but(config: Mapping[str, str], name: str = NAME) -> FoundTopics:
    """All as declared, but for this of one topic's configuration."""
    found = healthy.topics()
    topic = found.topics[name]
    changed = replace(topic, config={**(topic.config or {}), **config})
    return replace(found, topics={**found.topics, name: changed})


def the_only(found: FoundTopics) -> Difference:
    (told,) = differences(found)
    return told


def test_topics_as_they_are_created_differ_in_nothing() -> None:
    assert differences(healthy.topics()) == []


def test_a_missing_topic_is_wrong_and_its_creation_is_advised() -> None:
    found = healthy.topics()
    told = the_only(replace(found, topics={n: t for n, t in found.topics.items() if n != NAME}))
    assert (told.topic, told.what, told.severity) == (NAME, "missing", "wrong")
    assert "helpdesk topics --create" in told.advice


@pytest.mark.parametrize(("count", "severity"), [(11, "wrong"), (13, "warning")])
def test_fewer_partitions_are_wrong_and_more_are_only_told(count: int, severity: str) -> None:
    found = healthy.topics()
    one = found.topics[NAME].partitions[0]
    changed = replace(found.topics[NAME], partitions=(one,) * count)
    told = the_only(replace(found, topics={**found.topics, NAME: changed}))
    assert (told.what, told.found, told.declared, told.severity) == (
        "partitions",
        str(count),
        "12",
        severity,
    )


@pytest.mark.parametrize(
    ("key", "value", "severity"),
    [
        ("retention.ms", "1000", "wrong"),
        ("retention.ms", "-1", "warning"),
        ("retention.ms", "9999999999", "warning"),
        ("retention.ms", "soon", "wrong"),
        ("max.message.bytes", "1000000", "wrong"),
        ("max.message.bytes", "9000000", "warning"),
        ("cleanup.policy", "compact", "wrong"),
        ("cleanup.policy", "compact,delete", "wrong"),
        ("min.insync.replicas", "1", "wrong"),
        ("min.insync.replicas", "3", "warning"),
        ("min.insync.replicas", "4", "wrong"),
        ("unclean.leader.election.enable", "true", "wrong"),
    ],
)
def test_what_may_lose_or_refuse_records_is_wrong_and_more_is_a_warning(
    key: str, value: str, severity: str
) -> None:
    told = the_only(but({key: value}))
    assert (told.topic, told.what, told.found, told.severity) == (NAME, key, value, severity)


def test_the_age_of_what_is_only_compacted_makes_no_difference() -> None:
    assert differences(but({"retention.ms": "1000"}, ACCOUNTS.name)) == []
    told = the_only(but({"cleanup.policy": "delete"}, ACCOUNTS.name))
    assert (told.topic, told.severity) == (ACCOUNTS.name, "wrong")


def test_too_few_replicas_are_wrong_where_there_are_brokers_for_more() -> None:
    wrong = differences(replace(healthy.topics(replicas=1), brokers=3))
    assert {each.severity for each in wrong} == {"wrong"}
    assert {each.what for each in wrong} == {"replication", "min.insync.replicas"}


def test_a_machine_of_one_broker_is_a_warning_and_no_error() -> None:
    found = healthy.topics(replicas=1)
    told = differences(found)
    assert {each.severity for each in told} == {"warning"}
    assert document(found, told)["ok"] is True
    assert differences(found, replication=1) == []


def test_a_configuration_that_may_not_be_read_is_not_looked_at() -> None:
    found = healthy.topics()
    hidden = replace(found.topics[NAME], config=None)
    told = the_only(replace(found, topics={**found.topics, NAME: hidden}))
    assert told.severity == "not looked at"


@pytest.mark.slow
async def test_brokers_that_are_away_are_said_in_words_and_nothing_is_on_stdout() -> None:
    code, out, err = await helpdesk(
        "topics", "--check", "--json", HELPDESK_KAFKA__BOOTSTRAP="127.0.0.1:1"
    )
    assert (code, out) == (1, "")
    assert "Kafka does not answer" in err
    assert "Traceback" not in err


@pytest.mark.connected
@pytest.mark.kafka
async def test_what_was_done_to_a_topic_on_kafka_is_told(servers: Servers, unique: str) -> None:
    settings = KafkaSettings(bootstrap=servers.kafka, topic_prefix=f"{unique}.")
    where = {
        "HELPDESK_KAFKA__BOOTSTRAP": servers.kafka,
        "HELPDESK_KAFKA__TOPIC_PREFIX": settings.topic_prefix,
    }
    code, out, _ = await helpdesk("topics", "--check", "--json", **where)
    told = json.loads(out)
    assert code == 1
    assert {d["what"] for topic in told["topics"] for d in topic["differences"]} == {"missing"}

    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        name = f"{unique}.helpdesk.presence"
        await admin.create_topics([NewTopic(name, 5, 1, topic_configs={"retention.ms": "60000"})])
        await create_topics(settings, replication=1, partitions=4)
        more = f"{unique}.{NAME}"
        await admin.create_partitions({more: NewPartitions(6)})

        async def are_shown() -> bool:
            [topic] = await admin.describe_topics([more])
            return len(topic["partitions"]) == 6

        await until("the broker shows the new partitions", are_shown)
    finally:
        await admin.close()

    code, out, err = await helpdesk(
        "topics", "--check", "--json", "--partitions", "4", "--replication", "1", **where
    )
    told = json.loads(out)
    assert (code, told["ok"], told["brokers"]) == (1, False, 1)
    found = {
        (topic["topic"].removeprefix("helpdesk."), d["what"]): (d["found"], d["severity"])
        for topic in told["topics"]
        for d in topic["differences"]
    }
    assert found == {
        ("presence", "partitions"): ("5", "warning"),
        ("presence", "retention.ms"): ("60000", "wrong"),
        ("commands", "partitions"): ("6", "warning"),
    }
    assert f"{len(TOPICS) - 2} of {len(TOPICS)} topics are as declared" in err

    code, out, _ = await helpdesk("topics", "--check", "--partitions", "4", **where)
    assert code == 1
    assert "retention.ms is 60000, and 86400000 is declared" in " ".join(out.split())
