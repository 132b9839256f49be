"""Six real services are given everything that is no message, and go on.

The pipeline runs once for this module; each test looks at one side of what became of it.
"""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import DEAD_HEADER_PREFIX, Outgoing, Record
from shared.contracts.accounts import AccountSettings, Address
from shared.embedded.servers import Servers
from shared.topic import SERVICES, Service, Topic
from shared.topics import ACCOUNTS, DEAD, MESSAGES, PRESENCE, PROFILES, SIGNALS, TICKETS
from tests.contracts.library import Json
from tests.e2e import bad_input as given
from tests.e2e.harness import Pipeline, Replica, pipeline

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(600)]

PATIENCE = 180
GONE = "+390299999999"


@dataclass
class Outcome:
    """What became of it."""

    dead: dict[Service, list[Record]] = field(default_factory=dict)
    metrics: dict[Service, str] = field(default_factory=dict)
    well: dict[Service, tuple[bool, bool]] = field(default_factory=dict)
    exits: dict[Service, int] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    assigned: set[str] = field(default_factory=set)

    def buried(self) -> Counter[tuple[str, str, str]]:
        """Dead letters by service, topic and case."""
        return Counter(
            (service, letter.header("helpdesk-dead-topic") or "", case(letter))
            for service, letters in self.dead.items()
            for letter in letters
        )

    def letter(self, service: Service, topic: str, name: str) -> Record:
        (found,) = [
            letter
            for letter in self.dead[service]
            if case(letter) == name and letter.header("helpdesk-dead-topic") == topic
        ]
        return found

    def processed(self, service: Service, topic: str, outcome: str) -> float:
        """The metric of decided fates."""
        series = (
            f'helpdesk_messages_processed_total{{outcome="{outcome}",service="{service}",'
            f'topic="{topic}"}}'
        )
        lines = [line for line in self.metrics[service].splitlines() if line.startswith(series)]
        return float(lines[0].split()[-1]) if lines else 0.0


def case(letter: Record) -> str:
    return letter.header(given.CASE) or ""


def handlers_of(topic: Topic[object]) -> set[Service]:
    """Who dead-letters a topic's garbage: its consumers; of the settings ingest, for all."""
    return {"ingest"} if topic is ACCOUNTS else set(topic.consumers)


@pytest.fixture(scope="module")
def outcome(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("bad-input")
    return asyncio.run(_run(servers, f"t{secrets.token_hex(4)}", folder))


async def _run(servers: Servers, unique: str, folder: Path) -> Outcome:
    found = Outcome()
    async with pipeline(servers, unique, folder) as place:
        replicas = {service: place.run(service) for service in SERVICES}
        await _all(place, "every service is ready", lambda: _are(replicas, "/ready"))
        await _publish_everything(place)
        await _all(place, "everything is handled", lambda: _handled(place))
        await _deletions(place, found)
        await _a_good_message(place, found)
        for service, replica in replicas.items():
            found.well[service] = (
                given.answers(replica, "/ready"),
                given.answers(replica, "/live"),
            )
            found.metrics[service] = replica.get("/metrics")
            found.dead[service] = await place.read(DEAD[service].name)
        found.exits = {service: replica.stop() for service, replica in replicas.items()}
    return found


async def _all(place: Pipeline, what: str, condition: Callable[[], Awaitable[bool]]) -> None:
    await place.until(what, condition, PATIENCE)


async def _are(replicas: dict[Service, Replica], path: str) -> bool:
    return all(given.answers(replica, path) for replica in replicas.values())


async def _publish_everything(place: Pipeline) -> None:
    gone = AccountSettings(
        account_id="gone", channels=("sms",), addresses=(Address(channel="sms", value=GONE),)
    )
    known = (given.settings(), given.other_settings(), gone)
    await place.publish([ACCOUNTS.record(account) for account in known])
    await place.publish([given.vera("VIP"), PRESENCE.record(given.ann_is_on())])
    records = [record for _, _, record in given.bad_records()]
    records += [record for _, record in given.newer_records()]
    records += [record for _, _, record in given.extreme_records()]
    records += [record for _, _, record in given.good_records()]
    await place.publish([r for r in records if (r.key, r.value) != (None, None)])
    await _publish_nothing(place, [r for r in records if (r.key, r.value) == (None, None)])


async def _publish_nothing(place: Pipeline, records: list[Outgoing]) -> None:
    """Publish records without key and value, which our client's `send` refuses and others send."""
    for record in records:
        batch = place.producer.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=list(record.headers))
        name = place.kafka.topic_prefix + record.topic
        await (await place.producer.send_batch(batch, name, partition=0))


async def _handled(place: Pipeline) -> bool:
    """Whether each service has committed everything that its topics hold."""
    for service in SERVICES:
        topics = [t for t in given.CONSUMED if service in handlers_of(t)]
        consumer = AIOKafkaConsumer(
            bootstrap_servers=place.servers.kafka,
            group_id=f"{place.kafka.topic_prefix}helpdesk.{service}",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001
            names = [place.kafka.topic_prefix + topic.name for topic in topics]
            partitions = [
                TopicPartition(name, number)
                for name in names
                for number in metadata.partitions_for_topic(name)
            ]
            for partition, end in (await consumer.end_offsets(partitions)).items():
                if (await consumer.committed(partition) or 0) < end:
                    return False
        finally:
            await consumer.stop()
    return True


async def _deletions(place: Pipeline, found: Outcome) -> None:
    """Mails before and after a profile's tombstone; an SMS after an account's."""
    await place.publish([given.a_mail("before", "vera@example.com")])
    await _all(place, "the mail came", lambda: _came(place, found, "before"))
    await place.publish(
        [
            given.tagged(PROFILES, "a tombstone", None, key=b"lumen:profile-vera"),
            given.tagged(ACCOUNTS, "a tombstone", None, key=b"gone"),
        ]
    )
    await _all(place, "the tombstones are handled", lambda: _handled(place))
    await place.publish(
        [
            given.a_mail("after", "vera@example.com"),
            given.an_sms("of an account that is gone", "+393331112222", to=GONE),
        ]
    )
    await _all(place, "the mail came", lambda: _came(place, found, "after"))


async def _came(place: Pipeline, found: Outcome, mail: str) -> bool:
    for record in await place.read(MESSAGES.name):
        if case_of_message(record) == "InboundMessage":
            body = json.loads(record.value or b"{}")
            found.messages[body.get("subject") or body["provider_message_id"]] = body
    return mail in found.messages


def case_of_message(record: Record) -> str:
    """The type of what ingest itself published; nothing for what the tests did."""
    if record.header(given.CASE) is not None:
        return ""
    return str(json.loads(record.value or b"{}")["type"])


async def _a_good_message(place: Pipeline, found: Outcome) -> None:
    await place.publish([given.an_sms("good", "+393335557777")])

    async def assigned() -> bool:
        for record in await place.read(TICKETS.name):
            if record.header(given.CASE) is None:
                event = json.loads(record.value or b"{}")
                if event["type"] == "TicketAssigned":
                    found.assigned.add(event["ticket"]["contact"]["id"])
        return "e164:+393335557777" in found.assigned

    await _all(place, "a good message's ticket is assigned", assigned)


@pytest.mark.spec("ING 7")
def test_the_services_stay_alive_and_ready_and_stop_well(outcome: Outcome) -> None:
    assert set(outcome.well.values()) == {(True, True)}
    assert set(outcome.exits.values()) == {0}


@pytest.mark.spec("ING 7")
def test_a_good_message_afterwards_goes_through_to_an_assigned_ticket(outcome: Outcome) -> None:
    assert "e164:+393335557777" in outcome.assigned


@pytest.mark.spec("ING 7")
def test_garbage_is_buried_once_by_each_who_handles_the_topic(outcome: Outcome) -> None:
    wanted: Counter[tuple[str, str, str]] = Counter(
        (service, topic.name, name)
        for topic, name, _ in given.bad_records()
        for service in handlers_of(topic)
    )
    cases = {name for _, _, name in wanted}

    buried = Counter({key: n for key, n in outcome.buried().items() if key[2] in cases})

    assert buried - wanted == Counter()
    assert wanted - buried == Counter()


@pytest.mark.spec("ING 7")
def test_a_dead_letter_says_why_in_words(outcome: Outcome) -> None:
    for letters in outcome.dead.values():
        for letter in letters:
            text = letter.header("helpdesk-dead-text") or ""
            position = f"{letter.header('helpdesk-dead-topic')}["
            assert text.startswith(position), case(letter)
            assert len(text.partition(": ")[2]) > 8, case(letter)
            assert letter.header("helpdesk-dead-reason") != "bug", (text, case(letter))
            assert letter.header("helpdesk-dead-tries") == "1", (text, case(letter))


def test_the_reasons_are_the_right_ones(outcome: Outcome) -> None:
    reasons = {
        "tombstone": {"empty"},
        "nothing at all": {"empty"},
        "unknown account": {"unknown_account"},
        "unknown type": {"malformed"},
        "of an account that is gone": {"unknown_account"},
    }
    for letters in outcome.dead.values():
        for letter in letters:
            reason = letter.header("helpdesk-dead-reason")
            assert reason in reasons.get(case(letter), {reason}), case(letter)


@pytest.mark.spec("ING 7")
def test_a_megabyte_comes_back_whole_with_the_oddest_headers(outcome: Outcome) -> None:
    for topic in given.CONSUMED:
        for service in handlers_of(topic):
            letter = outcome.letter(service, topic.name, "1 MB of garbage")
            assert letter.value == given.MEGABYTE
            assert letter.key == b"lumen:x:y"
            tag = (given.CASE, b"1 MB of garbage")
            theirs = [h for h in letter.headers if not h[0].startswith(DEAD_HEADER_PREFIX)]
            assert theirs == [*given.ODD, tag]


def test_missing_keys_and_odd_headers_do_no_harm_where_the_value_is_good(
    outcome: Outcome,
) -> None:
    good = {name for _, name, _ in given.good_records()}

    assert {name for _, _, name in outcome.buried()} & good == set()
    for topic in given.SPOKEN:
        for service in handlers_of(topic):
            handled = outcome.processed(service, topic.name, "handled")
            assert handled >= len(good) - topic.compacted, topic.name


def test_a_newer_version_s_type_is_ignored_and_counted(outcome: Outcome) -> None:
    for topic in (TICKETS, SIGNALS):
        for service in topic.consumers:
            assert outcome.processed(service, topic.name, "ignored") == 1, service


def test_what_is_dead_is_counted_by_reason(outcome: Outcome) -> None:
    for service, letters in outcome.dead.items():
        counted = sum(
            float(line.split()[-1])
            for line in outcome.metrics[service].splitlines()
            if line.startswith("helpdesk_dead_letters_total{")
        )
        assert counted == len(letters)


def test_bad_input_costs_no_rebalance_and_no_retry(outcome: Outcome) -> None:
    for service, text in outcome.metrics.items():
        for line in text.splitlines():
            if line.startswith("helpdesk_retries_total{"):
                assert float(line.rpartition(" ")[2]) == 0, line
            if line.startswith("helpdesk_consumer_rebalances_total{"):
                assert float(line.split()[-1]) == 1, service


@pytest.mark.spec("ING 8")
def test_a_tombstone_deletes_a_profile_and_an_account(outcome: Outcome) -> None:
    contacts = {name: outcome.messages[name]["contact"] for name in ("before", "after")}

    assert contacts["before"] == {**contacts["before"], "segments": ["VIP"]}
    assert "VIP" not in str(contacts["after"])
    assert outcome.buried()["ingest", "helpdesk.inbound.sms", "of an account that is gone"] == 1
