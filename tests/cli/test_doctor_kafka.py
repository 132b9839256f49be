"""What the doctor concludes of what brokers said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.bus.acls import acls
from shared.bus.cluster import FoundPartition, FoundTopics, Right
from shared.cli.doctor.asking_kafka import nothing
from shared.cli.doctor.facts import AccountsRead, Address
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import CHECKS, Finding
from shared.cli.doctor.judging_groups import lost, unread
from shared.cli.doctor.judging_kafka import judge_kafka
from shared.topic import SERVICES
from shared.topics import ACCOUNTS, COMMANDS, DEAD, MESSAGES
from tests.cli import healthy

SLOW = Failure("time-out", "there was no answer in time")


def bad(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """The check and the status of each finding that is not well."""
    return [(each.check, each.status) for each in findings if each.status != "ok"]


def the_only(findings: Sequence[Finding]) -> Finding:
    """The one finding that is not well, with words for what to do."""
    (found,) = [each for each in findings if each.status != "ok"]
    assert found.advice
    return found


def with_partition(name: str, partition: FoundPartition) -> FoundTopics:
    """All topics well, but for one partition of one."""
    found = healthy.topics()
    topic = found.topics[name]
    changed = replace(topic, partitions=(partition, *topic.partitions[1:]))
    return replace(found, topics={**found.topics, name: changed})


def test_where_all_is_well_every_check_says_so() -> None:
    findings = judge_kafka(healthy.kafka())

    assert bad(findings) == []
    assert {each.check for each in findings} == {
        "kafka", "brokers", "topics", "partitions", "rights",
        "groups", "lag", "dead-letters", "accounts", "clocks",
    }  # fmt: skip


def test_brokers_that_are_away_are_wrong_once_and_hide_no_check() -> None:
    refused = Address("kafka:9092", Failure("refused", "nobody listens there"))
    findings = judge_kafka(nothing("", [refused]))

    assert [each.text for each in findings if each.status == "wrong"] == [
        "Kafka at kafka:9092: nobody listens there"
    ]
    assert "HELPDESK_KAFKA__BOOTSTRAP" in findings[0].advice
    others = findings[1:]
    assert {each.status for each in others} == {"not looked at"}
    assert {each.check for each in others} <= set(CHECKS)
    assert len({each.check for each in others}) == 9


def test_one_of_several_addresses_that_is_away_is_a_warning() -> None:
    away = Address("other:9092", Failure("name", "the name is not resolved"))
    found = the_only(judge_kafka(healthy.kafka(addresses=[Address("kafka:9092"), away])))
    assert (found.check, found.status) == ("kafka", "warning")


def test_a_broker_that_is_not_where_it_says_is_wrong() -> None:
    away = Address("10.0.0.1:9092", SLOW)
    found = the_only(judge_kafka(healthy.kafka(advertised=[away])))
    assert (found.check, found.status) == ("brokers", "wrong")
    assert "10.0.0.1:9092" in found.text
    assert "advertised.listeners" in found.advice


def test_what_differs_alike_on_several_topics_is_one_finding() -> None:
    findings = judge_kafka(healthy.kafka(topics=healthy.topics(replicas=1)))
    assert bad(findings) == [("topics", "warning"), ("topics", "warning")]
    assert all(each.text.startswith("all topics: ") for each in findings if each.check == "topics")
    assert bad(judge_kafka(healthy.kafka(topics=healthy.topics(replicas=1)), replication=1)) == []


@pytest.mark.parametrize(
    ("partition", "status", "said"),
    [
        (FoundPartition(0, has_leader=False, replicas=3, in_sync=0), "wrong", "no broker leads"),
        (FoundPartition(0, has_leader=True, replicas=3, in_sync=1), "wrong", "no record is taken"),
        (FoundPartition(0, has_leader=True, replicas=3, in_sync=2), "warning", "behind of"),
    ],
)
def test_replicas_that_are_away_are_told_with_their_partition(
    partition: FoundPartition, status: str, said: str
) -> None:
    found = the_only(judge_kafka(healthy.kafka(topics=with_partition(COMMANDS.name, partition))))
    assert (found.check, found.status) == ("partitions", status)
    assert said in found.text
    assert f"{COMMANDS.name}[0]" in found.text


# Rights


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Failure("unknown", "the brokers have no authorizer"), "no authorizer"),
        (Failure("rights", "this user may not ask that of the cluster"), "may not ask"),
        ([], "no rule at all"),
    ],
)
def test_rights_that_cannot_be_seen_are_not_looked_at(answer: Any, said: str) -> None:
    found = the_only(judge_kafka(healthy.kafka(rights=answer)))
    assert (found.check, found.status) == ("rights", "not looked at")
    assert said in found.text


@pytest.mark.parametrize(
    "lacking", acls("autoclose"), ids=lambda acl: f"{acl.operation}-{acl.name}"
)
def test_each_right_that_is_missing_is_named(lacking: Any) -> None:
    left = [
        right
        for right in healthy.rights()
        if (right.user, right.name, right.operation)
        != ("User:autoclose", lacking.name, lacking.operation)
    ]
    found = the_only(judge_kafka(healthy.kafka(rights=left)))
    assert (found.check, found.status) == ("rights", "wrong")
    assert f"{lacking.operation} on {lacking.resource} {lacking.name}" in found.text
    assert "User:autoclose" in found.text


def test_a_rule_that_denies_counts_more_than_one_that_allows() -> None:
    denied = Right("User:*", "topic", "helpdesk.commands", "literal", "all", allowed=False)
    findings = judge_kafka(healthy.kafka(rights=[*healthy.rights(), denied]))
    wrong = {each.text.split(",")[0] for each in findings if each.status == "wrong"}
    among = ("ticketing", "assignment", "autoclose", "tagging", "replies", "handoff", "desk")
    assert wrong == {f"User:{service}" for service in among}


def test_rules_for_prefixes_and_for_everybody_are_understood() -> None:
    everything = [
        Right("User:*", "topic", "helpdesk.", "prefixed", "all"),
        Right("User:*", "group", "*", "literal", "read"),
    ]
    assert bad(judge_kafka(healthy.kafka(rights=everything))) == []
    assert bad(judge_kafka(healthy.kafka(rights=healthy.rights("p-"), prefix="p-"))) == []


def test_a_service_whose_user_no_rule_knows_may_be_a_superuser() -> None:
    left = [right for right in healthy.rights() if right.user != "User:spam"]
    found = the_only(judge_kafka(healthy.kafka(rights=left)))
    assert (found.check, found.status, found.text) == (
        "rights",
        "warning",
        "no user has the rights of spam",
    )


# Groups and lag


def test_a_group_without_members_is_wrong_and_named_with_the_prefix() -> None:
    members = {**dict.fromkeys(SERVICES, 1), "spam": 0}
    facts = healthy.kafka(members=members, prefix="p-", rights=healthy.rights("p-"))
    found = the_only(judge_kafka(facts))
    assert (found.check, found.status) == ("groups", "wrong")
    assert "p-helpdesk.spam" in found.text


def test_lag_is_a_warning_beyond_what_was_said_and_names_the_worst_topic() -> None:
    spans = healthy.kafka().spans
    assert isinstance(spans, dict)
    late = {**spans, (MESSAGES.name, 0): (0, 110), (ACCOUNTS.name, 0): (0, 15)}

    assert bad(judge_kafka(healthy.kafka(spans=late), behind=105)) == []
    found = the_only(judge_kafka(healthy.kafka(spans=late), behind=104))
    assert (found.check, found.status) == ("lag", "warning")
    assert found.text == f"spam is behind by 105, 100 of them on {MESSAGES.name}"


def test_the_least_lag_of_a_group_without_members_is_told() -> None:
    spans = healthy.kafka().spans
    assert isinstance(spans, dict)
    facts = healthy.kafka(
        spans={**spans, (MESSAGES.name, 0): (0, 11)},
        members={**dict.fromkeys(SERVICES, 1), "spam": 0},
    )
    assert bad(judge_kafka(facts)) == [("groups", "wrong"), ("lag", "warning")]


def test_what_a_group_never_committed_is_unread_from_the_beginning() -> None:
    spans = {(MESSAGES.name, 0): (5, 9), (ACCOUNTS.name, 0): (0, 3), (COMMANDS.name, 0): (0, 7)}

    assert unread("spam", {}, spans) == {MESSAGES.name: 4}, "settings are followed without a group"
    assert unread("spam", {(ACCOUNTS.name, 0): 1}, spans) == {MESSAGES.name: 4, ACCOUNTS.name: 2}
    assert unread("spam", {(MESSAGES.name, 0): 7}, spans) == {MESSAGES.name: 2}


def test_records_that_were_deleted_unread_are_lost() -> None:
    spans = {(MESSAGES.name, 0): (5, 9), (ACCOUNTS.name, 0): (5, 9)}
    assert lost({(MESSAGES.name, 0): 4, (ACCOUNTS.name, 0): 4}, spans) == [MESSAGES.name]
    assert lost({(MESSAGES.name, 0): 5}, spans) == []


def test_groups_that_may_not_be_asked_about_are_one_finding() -> None:
    failure = Failure("rights", "this user may not ask that of a group")
    findings = judge_kafka(
        healthy.kafka(
            members=dict.fromkeys(SERVICES, failure), committed=dict.fromkeys(SERVICES, failure)
        )
    )
    assert bad(findings) == [("groups", "not looked at"), ("lag", "not looked at")]


# Dead letters, accounts, times


def test_dead_letters_are_a_warning_with_how_many_are_new() -> None:
    topic = DEAD["ingest"].name
    spans = healthy.kafka().spans
    assert isinstance(spans, dict)
    facts = healthy.kafka(
        spans={**spans, (topic, 0): (2, 9), (topic, 1): (0, 1)},
        recent={(topic, 0): 6, (topic, 1): 1},
    )
    found = the_only(judge_kafka(facts))
    assert (found.check, found.status) == ("dead-letters", "warning")
    assert f"{topic} holds 8, 3 of them of the last day" in found.text
    assert "helpdesk dead-letters list --service ingest" in found.advice


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (AccountsRead(0, 0), "wrong"),
        (AccountsRead(2, 1), "wrong"),
        (SLOW, "not looked at"),
    ],
)
def test_accounts_that_are_not_there_or_cannot_be_read_are_told(read: Any, status: str) -> None:
    found = the_only(judge_kafka(healthy.kafka(accounts=read)))
    assert (found.check, found.status) == ("accounts", status)


def test_records_of_a_time_to_come_are_told_and_an_end_is_none() -> None:
    ahead = {(COMMANDS.name, 0): 9, (MESSAGES.name, 0): 10}
    found = the_only(judge_kafka(healthy.kafka(ahead=ahead)))
    assert (found.check, found.status) == ("clocks", "warning")
    assert found.text == f"records of a time to come are on {COMMANDS.name}"


@pytest.mark.parametrize(
    ("name", "checks"),
    [
        ("topics", {"kafka", "brokers", "topics", "partitions"}),
        ("spans", {"lag", "dead-letters", "clocks"}),
        ("ahead", {"clocks"}),
        ("recent", set()),
        ("accounts", {"accounts"}),
    ],
)
def test_an_answer_that_is_missing_leaves_the_other_checks(name: str, checks: set[str]) -> None:
    findings = judge_kafka(healthy.kafka(**{name: SLOW}))
    assert {check for check, _ in bad(findings)} == checks
