"""What the doctor concludes of what MongoDB and Redis said, and of failures."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import errors as kafka_errors
from pymongo.errors import NetworkTimeout, OperationFailure, ServerSelectionTimeoutError
from redis import exceptions as redis_errors

from shared.cli.doctor import asking_mongo, asking_redis
from shared.cli.doctor.asking_mongo import skew
from shared.cli.doctor.facts import Address, MongoServer, MongoStorage, RedisServer, Skew
from shared.cli.doctor.failures import Failure, Kind, asked, failure_of
from shared.cli.doctor.findings import CHECKS, Finding, Status, document, exit_code
from shared.cli.doctor.judging_mongo import judge_mongo
from shared.cli.doctor.judging_redis import judge_redis
from shared.errors import WrongSettings
from shared.stores.indexes import Index
from tests.architecture.tree import ROOT
from tests.cli import healthy
from tests.cli.healthy import SEEN, TICKETS, TOGETHER

UNKNOWN = Failure("unknown", "the server does not know the command")


def the_only(findings: Sequence[Finding]) -> Finding:
    (found,) = [each for each in findings if each.status != "ok"]
    assert found.advice
    return found


def a_server(**replaced: Any) -> MongoServer:
    said: dict[str, Any] = {
        "replica_set": "rs0", "sharded": False, "members": 3, "primary": True, "skew": TOGETHER,
    }  # fmt: skip
    return MongoServer(**(said | replaced))


def test_where_all_is_well_every_check_says_so() -> None:
    findings = [*judge_mongo(healthy.mongo()), *judge_redis(healthy.redis())]

    assert {each.status for each in findings} == {"ok"}
    assert {each.check for each in findings} == {
        "mongo", "durability", "indexes", "redis", "memory", "clocks",
    }  # fmt: skip


# MongoDB


@pytest.mark.parametrize(
    ("server", "status", "said"),
    [
        (a_server(replica_set=None), "wrong", "by itself"),
        (a_server(primary=False), "wrong", "takes writes"),
        (a_server(members=1), "warning", "1 member "),
        (a_server(members=2), "warning", "2 members "),
    ],
)
def test_writes_that_no_majority_holds_are_told(
    server: MongoServer, status: str, said: str
) -> None:
    found = the_only(judge_mongo(healthy.mongo(server=server)))
    assert (found.check, found.status) == ("durability", status)
    assert said in found.text


def test_a_sharded_cluster_is_well() -> None:
    server = a_server(replica_set=None, sharded=True, members=0)
    assert {each.status for each in judge_mongo(healthy.mongo(server=server))} == {"ok"}


@pytest.mark.parametrize(
    "replaced",
    [
        {"journalled": False},
        {"storage": MongoStorage(persistent=False, majority_reads=True)},
        {"storage": MongoStorage(persistent=True, majority_reads=False)},
    ],
)
def test_writes_that_are_on_no_disk_are_wrong(replaced: dict[str, Any]) -> None:
    found = the_only(judge_mongo(healthy.mongo(**replaced)))
    assert (found.check, found.status) == ("durability", "wrong")


def test_a_command_that_the_server_does_not_know_is_not_looked_at() -> None:
    for name in ("journalled", "storage"):
        found = the_only(judge_mongo(healthy.mongo(**{name: UNKNOWN})))
        assert (found.check, found.status) == ("durability", "not looked at")
        assert "does not know the command" in found.text


@pytest.mark.parametrize(
    ("there", "status", "said"),
    [
        ([], "wrong", "lacks tickets(account_id, slot) unique"),
        ([Index("tickets", TICKETS.keys)], "wrong", "tickets(account_id, slot) instead of"),
        ([Index("tickets", TICKETS.keys[::-1], unique=True)], "wrong", "lacks"),
    ],
)
def test_an_index_that_is_not_as_declared_is_wrong(
    there: list[Index], status: str, said: str
) -> None:
    found = the_only(judge_mongo(healthy.mongo(indexes={"tickets": there, "seen": [SEEN]})))
    assert (found.check, found.status) == ("indexes", status)
    assert said in found.text
    assert "ticketing" in found.text


def test_a_collection_that_was_never_made_is_a_warning_and_other_indexes_are_nobodys() -> None:
    other = Index("tickets", (("anything", 1),))
    found = the_only(judge_mongo(healthy.mongo(indexes={"tickets": [TICKETS, other]})))
    assert (found.status, found.text) == (
        "warning",
        "ticketing has never made seen in this database",
    )


def test_indexes_that_no_service_declares_are_not_looked_at() -> None:
    found = the_only(judge_mongo(healthy.mongo(declared={})))
    assert (found.check, found.status) == ("indexes", "not looked at")


def test_a_database_that_is_away_is_wrong_once() -> None:
    away = Address("mongo:27017", Failure("refused", "nobody listens there"))
    findings = judge_mongo(asking_mongo.nothing([away], {"ticketing": [TICKETS]}))
    assert [each.check for each in findings if each.status == "wrong"] == ["mongo"]
    assert {e.check for e in findings if e.status == "not looked at"} == {
        "durability", "indexes", "clocks",
    }  # fmt: skip


def test_a_wrong_password_is_told_with_the_variables_to_mend() -> None:
    refused = Failure("authentication", "user or password is refused")
    facts = asking_mongo.nothing([Address("mongo:27017")], {"ticketing": [TICKETS]}, refused)
    (found,) = [each for each in judge_mongo(facts) if each.status == "wrong"]
    assert "user or password is refused" in found.text
    assert "HELPDESK_MONGO__PASSWORD_FILE" in found.advice


# Redis


def a_redis(**replaced: Any) -> RedisServer:
    said: dict[str, Any] = {
        "role": "master", "maxmemory": 0, "used": 95, "policy": "noeviction", "saving_fails": False,
    }  # fmt: skip
    return RedisServer(**(said | replaced))


@pytest.mark.parametrize(
    ("server", "status"),
    [
        (a_redis(role="slave"), "wrong"),
        (a_redis(saving_fails=True), "wrong"),
        (a_redis(maxmemory=100), "warning"),
        (a_redis(maxmemory=1000, policy="allkeys-lru"), "warning"),
    ],
)
def test_a_redis_that_refuses_writes_or_forgets_is_told(server: RedisServer, status: str) -> None:
    found = the_only(judge_redis(healthy.redis(server=server)))
    assert (found.check, found.status) == ("memory", status)


@pytest.mark.parametrize(
    "server",
    [a_redis(maxmemory=1000), a_redis(maxmemory=100, policy="volatile-ttl"), a_redis(policy="")],
)
def test_memory_enough_or_what_may_go_is_well(server: RedisServer) -> None:
    assert {each.status for each in judge_redis(healthy.redis(server=server))} == {"ok"}


def test_a_redis_that_is_away_is_wrong_once() -> None:
    away = Address("redis:6379", Failure("time-out", "there was no answer in time"))
    findings = judge_redis(asking_redis.nothing([away], asking_redis.NOT_REACHED))
    assert [e.check for e in findings if e.status == "wrong"] == ["redis"]
    assert [e.check for e in findings if e.status == "not looked at"] == ["memory", "clocks"]


# Clocks


@pytest.mark.parametrize(
    ("seconds", "give_or_take", "status"),
    [
        (1.9, 0, "ok"),
        (-1.9, 0, "ok"),
        (2.1, 0, "warning"),
        (-2.1, 0, "warning"),
        (2.5, 1, "ok"),
        (61, 0.5, "wrong"),
        (-61, 0.5, "wrong"),
    ],
)
def test_clocks_are_apart_by_more_than_the_answer_took(
    seconds: float, give_or_take: float, status: Status
) -> None:
    findings = judge_redis(healthy.redis(skew=Skew(seconds, give_or_take)))
    (found,) = [each for each in findings if each.check == "clocks"]
    assert found.status == status
    if status != "ok":
        assert ("ahead of" if seconds > 0 else "behind") in found.text


def test_a_clock_is_compared_with_the_middle_of_the_question() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert skew(now + timedelta(seconds=5), now, took=2) == Skew(4, 1)


# Failures


def chained(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__cause__ = inner
    return outer


UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
UNTRUSTED.verify_message = "self-signed certificate"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name"),
        (chained(redis_errors.ConnectionError("x"), socket.gaierror(-2, "x")), "name"),
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (chained(kafka_errors.KafkaConnectionError("x"), ConnectionRefusedError()), "refused"),
        (ServerSelectionTimeoutError("h:1: [Errno 111] Connection refused"), "refused"),
        (UNTRUSTED, "tls"),
        (ssl.SSLError(1, "wrong version number"), "tls"),
        (ServerSelectionTimeoutError("SSL handshake failed: certificate verify failed"), "tls"),
        (kafka_errors.SaslAuthenticationFailed("x"), "authentication"),
        (OperationFailure("Authentication failed.", 18), "authentication"),
        (redis_errors.AuthenticationError("WRONGPASS"), "authentication"),
        (redis_errors.NoPermissionError("NOPERM"), "rights"),
        (OperationFailure("not authorized", 13), "rights"),
        (kafka_errors.ClusterAuthorizationFailedError("x"), "rights"),
        (OperationFailure("no such command", 59), "unknown"),
        (redis_errors.ResponseError("unknown command 'INFO'"), "unknown"),
        (kafka_errors.SecurityDisabled("x"), "unknown"),
        (TimeoutError(), "time-out"),
        (redis_errors.TimeoutError("x"), "time-out"),
        (NetworkTimeout("timed out"), "time-out"),
        (ServerSelectionTimeoutError("No servers found yet, Timeout: 2.0s"), "time-out"),
        (ServerSelectionTimeoutError('No replica set members match selector "Primary()"'), "other"),
        (ValueError("anything"), "other"),
    ],
)
def test_an_error_is_of_a_kind_whose_words_show_nothing(error: BaseException, kind: Kind) -> None:
    found = failure_of(error)
    assert found.kind == kind
    assert "anything" not in found.text


async def test_a_question_without_an_answer_ends_in_time_and_wrong_settings_are_raised() -> None:
    answer = await asked(asyncio.sleep(60), 0.01)
    assert isinstance(answer, Failure)
    assert answer.kind == "time-out"

    async def wrong() -> None:
        raise WrongSettings("HELPDESK_X")

    with pytest.raises(WrongSettings):
        await asked(wrong(), 1)


# Findings


@pytest.mark.parametrize(
    ("statuses", "plain", "strict"),
    [
        (["ok", "not looked at"], 0, 0),
        (["ok", "warning"], 0, 1),
        (["warning", "wrong"], 1, 1),
        ([], 0, 0),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(
    statuses: list[Status], plain: int, strict: int
) -> None:
    findings = [Finding("kafka", status, "x") for status in statuses]
    assert exit_code(findings) == plain
    assert exit_code(findings, strict=True) == strict
    assert document(findings)["ok"] is (plain == 0)


def test_every_check_has_its_section_and_every_section_a_check() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    sections = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert sections == list(CHECKS)
