"""What may be concluded from what the brokers said of topics, partitions and records."""

from collections.abc import Iterator

from shared.bus.cluster import FoundPartition, FoundTopics
from shared.cli.doctor.facts import KafkaFacts
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import Finding, some, unseen
from shared.cli.doctor.judging_groups import judge_groups
from shared.cli.doctor.judging_reach import NOTICEABLE, reach
from shared.cli.doctor.judging_rights import judge_rights
from shared.cli.topic_check import Difference, differences
from shared.topics import DEAD, TOPICS


def judge_kafka(
    facts: KafkaFacts, *, replication: int = 3, partitions: int | None = None, behind: int = 10_000
) -> list[Finding]:
    """All findings about Kafka; more than `behind` unread records of a service are a warning."""
    failure = facts.topics if isinstance(facts.topics, Failure) else None
    return [
        *reach("kafka", "KAFKA", facts.addresses, failure),
        *_brokers(facts),
        *_topics(facts.topics, replication, partitions),
        *_partitions(facts.topics),
        *judge_rights(facts),
        *judge_groups(facts, behind),
        *_dead_letters(facts),
        _accounts(facts),
        _times(facts),
    ]


def _brokers(facts: KafkaFacts) -> Iterator[Finding]:
    if isinstance(facts.topics, Failure):
        yield unseen("brokers", facts.topics, "where brokers say that they are")
        return
    for address in facts.advertised:
        if address.failure:
            yield Finding(
                "brokers",
                "wrong",
                f"a broker says that it is at {address.where}: {address.failure.text}",
                "start it, or mend its advertised.listeners: services connect there",
            )
    if not any(address.failure for address in facts.advertised):
        where = some([address.where for address in facts.advertised])
        yield Finding("brokers", "ok", f"brokers are where they say that they are: {where}")


def _topics(
    found: FoundTopics | Failure, replication: int, partitions: int | None
) -> Iterator[Finding]:
    if isinstance(found, Failure):
        yield unseen("topics", found, "topics")
        return
    told = differences(found, replication, partitions)
    alike: dict[tuple[str, str, str, str, str], list[Difference]] = {}
    for each in told:
        key = (each.what, each.declared, each.found, each.severity, each.advice)
        alike.setdefault(key, []).append(each)
    for same in alike.values():
        names = [each.topic for each in same]
        where = "all topics" if len(names) == len(TOPICS) else some(names)
        one = same[0]
        yield Finding("topics", one.severity, f"{where}: {one.text}", one.advice)
    if not told:
        yield Finding("topics", "ok", f"{len(TOPICS)} topics are as declared")


def _partitions(found: FoundTopics | Failure) -> Iterator[Finding]:
    if isinstance(found, Failure):
        yield unseen("partitions", found, "partitions")
        return
    states: dict[str, list[str]] = {"offline": [], "refusing": [], "behind": []}
    for name, topic in found.topics.items():
        least = int((topic.config or {}).get("min.insync.replicas", 1))
        for each in topic.partitions:
            states.get(_state(each, least), []).append(f"{name}[{each.number}]")
    offline, refusing, behind = states.values()
    mend = "start the brokers that are away, and see their logs"
    if offline:
        text = f"no broker leads {some(offline)}: nothing is read or written there"
        yield Finding("partitions", "wrong", text, mend)
    if refusing:
        text = f"too few replicas are in sync of {some(refusing)}: no record is taken"
        yield Finding("partitions", "wrong", text, mend)
    if behind:
        text = f"replicas are missing or behind of {some(behind)}"
        yield Finding("partitions", "warning", text, mend)
    if not (offline or refusing or behind):
        count = sum(len(topic.partitions) for topic in found.topics.values())
        yield Finding("partitions", "ok", f"all replicas of {count} partitions are in sync")


def _state(partition: FoundPartition, least: int) -> str:
    if not partition.has_leader:
        return "offline"
    if partition.in_sync < least:
        return "refusing"
    return "behind" if partition.in_sync < partition.replicas else "well"


def _dead_letters(facts: KafkaFacts) -> Iterator[Finding]:
    if isinstance(facts.spans, Failure):
        yield unseen("dead-letters", facts.spans, "dead letters")
        return
    recent = {} if isinstance(facts.recent, Failure) else facts.recent
    whole = 0
    for service, topic in DEAD.items():
        spans = {place: span for place, span in facts.spans.items() if place[0] == topic.name}
        count = sum(end - first for first, end in spans.values())
        whole += count
        if not count:
            continue
        new = sum(
            max(0, end - recent[place]) for place, (_, end) in spans.items() if place in recent
        )
        age = "" if isinstance(facts.recent, Failure) else f", {new} of them of the last day"
        yield Finding(
            "dead-letters",
            "warning",
            f"{topic.name} holds {count}{age}; those that were replayed are among them",
            f"`helpdesk dead-letters list --service {service}`; after the fix, `replay`",
        )
    if not whole:
        yield Finding("dead-letters", "ok", "no dead letter is kept")


def _accounts(facts: KafkaFacts) -> Finding:
    read = facts.accounts
    if isinstance(read, Failure):
        return unseen("accounts", read, "the accounts' topic")
    if not read.accounts:
        return Finding(
            "accounts",
            "wrong",
            "there is no account: every customer's message becomes a dead letter",
            "publish the accounts' settings on helpdesk.accounts",
        )
    if read.malformed:
        return Finding(
            "accounts",
            "wrong",
            f"the settings of {read.malformed} accounts cannot be read, {read.accounts} can",
            "`helpdesk dead-letters list --service ingest` says why; publish them anew",
        )
    count = "is 1 account" if read.accounts == 1 else f"are {read.accounts} accounts"
    return Finding("accounts", "ok", f"there {count}")


def _times(facts: KafkaFacts) -> Finding:
    spans = facts.spans
    for answer in (facts.ahead, spans):
        if isinstance(answer, Failure):
            return unseen("clocks", answer, "the times of records")
    ends = {} if isinstance(spans, Failure) else spans
    ahead = {} if isinstance(facts.ahead, Failure) else facts.ahead
    names = sorted({place[0] for place, at in ahead.items() if at < ends.get(place, (0, 0))[1]})
    if names:
        return Finding(
            "clocks",
            "warning",
            f"records of a time to come are on {some(names)}",
            f"let whoever publishes there keep time by NTP, to within {NOTICEABLE:g} s",
        )
    return Finding("clocks", "ok", "no record on our topics is of a time to come")
