"""What the chart refuses: what it does not know, and what could not work."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.chart.helm import CHART, Refused, run, template

pytestmark = pytest.mark.deploy
GOOD = ("--values", str(CHART / "ci/default-values.yaml"))
# Kubernetes checks what is its own.
FREE = {"kubernetes", "strings"}


@pytest.mark.parametrize(
    "typo",
    [
        "replica=3",
        "image.tagg=1",
        "services.igest.replicas=3",
        "services.ingest.replica=3",
        "services.ingest.needs={mongo}",
        "kafka.bootstraps=x",
        "autoscaling.mode=both",
        "autoscaling.minReplicas=0",
        "services.spam.autoscaling.minReplicas=0",
        "resources.limits.cpu=1",
        "networkPolicy.kafka.port=9092",
        "topics.mode=strimzy",
        "topics.job.hooks=false",
        "probes.live.period=3",
        "healthPort=http",
        "desk.port=80",
        "desk.publicUrl=desk.example.com",
        "desk.trustedProxies=everybody",
        "desk.ingress.hosts={desk.example.com}",
        "desk.service.type=Node",
        "healthPort=80",
        "logLevel=loud",
        "image.digest=latest",
        "podAnnotations.a=1",
        "extraEnv[0].nam=X",
        "kafka.topicPrefix=a_b",
    ],
)
def test_a_typo_is_refused(typo: str) -> None:
    with pytest.raises(Refused, match="don't meet the specifications of the schema"):
        template(*GOOD, "--set", typo)


def test_no_part_of_the_schema_takes_what_it_does_not_know() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    assert list(_open(schema, "")) == []


def _open(part: Any, where: str) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _open(each, where)
    if not isinstance(part, dict):
        return
    free = where.removeprefix("/$defs/") in FREE
    if part.get("type") == "object" and part.get("additionalProperties") is not False and not free:
        yield where
    for key, value in part.items():
        yield from _open(value, f"{where}/{key}")


USERS = "strimzi.users.enabled=true,strimzi.cluster=main"
SASL = ("--set", "kafka.securityProtocol=SASL_SSL")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["--set", "kafka.bootstrap="], "kafka.bootstrap: name the brokers"),
        (["--set", "mongo.existingSecret="], "mongo.existingSecret: name the secret"),
        (["--set", "redis.existingSecret="], "redis.existingSecret: name the secret"),
        (
            ["--set", "mailTokens.existingSecret="],
            "or say mailTokens.enabled=false to do without",
        ),
        ([*SASL], "kafka.existingSecret: name the secret with the credentials of Kafka"),
        (["--set", "topics.mode=strimzi"], "strimzi.cluster: name the Kafka cluster"),
        (
            ["--set", USERS],
            "scram-sha-512 needs kafka.securityProtocol",
        ),
        (
            ["--set", f"{USERS},strimzi.users.authentication=tls"],
            "tls needs kafka.clientCertificate=true",
        ),
        (["--set", "desk.existingSecret="], "desk.existingSecret: name the secret"),
        (
            ["--set", "desk.publicUrl=http://desk.example.com"],
            "desk.publicUrl: begin it with https",
        ),
        (
            ["--set", "desk.oidc.issuer=https://login.example.com"],
            "desk.oidc.clientId: name the desk",
        ),
        (
            ["--set", "desk.oidc.issuer=https://login.example.com,desk.oidc.clientId=desk"],
            "desk.publicUrl: name where the provider sends browsers back to",
        ),
        (["--set", "desk.ingress.enabled=true"], "desk.ingress.host: name the host"),
        (["--set", "desk.port=8080"], "desk.port: it cannot be healthPort"),
        (["--set", "kafka.clientCertificate=true"], "a certificate is shown over SSL"),
        (
            [*SASL, "--set", f"{USERS},topics.mode=job"],
            "say topics.job.hook=false",
        ),
    ],
)
def test_what_could_not_work_is_refused_in_a_sentence(values: list[str], sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        template(*GOOD, *values)

    assert sentence in str(refused.value)


def test_the_chart_neither_asks_the_cluster_nor_draws_nor_reads_the_time() -> None:
    words = ("lookup", "rand", "gen", "uuid", "now", "date", "shuffle", "htpasswd", "getHostByName")
    texts = [file.read_text() for file in sorted((CHART / "templates").iterdir())]
    code = [action for text in texts for action in re.findall(r"\{\{-? ?([^/].*?)\}\}", text)]

    called = {word for action in code for word in re.findall(r"\w+", re.sub('".*?"', "", action))}

    assert {"include", "define"} <= called
    assert [word for word in called if word.startswith(words)] == []


def test_without_mail_tokens_it_has_to_be_said(tmp_path: Path) -> None:
    said = tmp_path / "values.yaml"
    said.write_text("mailTokens: {enabled: false, existingSecret: ''}\n")

    assert "HELPDESK_MAIL_TOKEN_KEYS" not in template(*GOOD, "--values", str(said))


def test_the_notes_say_what_is_yours_to_make() -> None:
    told = run("helm", "install", "desk", str(CHART), "--dry-run=client", *GOOD)

    assert "The topics are yours to make" in told
    assert "desk-helpdesk-ticketing" in told.split("NOTES:")[1]
