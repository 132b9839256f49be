"""Names, ports, paths, topics and groups of the chart are the code's."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import BaseModel

from shared.bus.kafka import topic_configuration
from shared.contracts.base import CHANNELS
from shared.running.health import HealthServer
from shared.topic import SERVICES, Service
from shared.topics import BY_NAME, DEAD, TOPICS
from tests.architecture.tree import ROOT
from tests.deploy.chart.helm import CHART, CI, Rendered, example, of_kind, render
from tests.wired import built, settings_of

pytestmark = pytest.mark.deploy
EXAMPLES = [file.name.removesuffix("-values.yaml") for file in CI]
each_service = pytest.mark.parametrize("service", SERVICES)
each_example = pytest.mark.parametrize("name", EXAMPLES)


def container(rendered: Rendered, service: Service) -> dict[str, Any]:
    """The one container of a service's pods."""
    (one,) = of_kind(rendered, "Deployment")[service]["spec"]["template"]["spec"]["containers"]
    return dict(one)


def environment(rendered: Rendered, service: Service) -> dict[str, Any]:
    """What a service is told: values, or where they come from."""
    told = of_kind(rendered, "ConfigMap")["config"]["data"].copy()
    for each in container(rendered, service)["env"]:
        told[each["name"]] = each.get("value", each.get("valueFrom"))
    return dict(told)


def names(model: type[BaseModel], before: str = "HELPDESK_") -> Iterator[str]:
    """The variables that a settings class reads."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from names(kind, f"{before}{name.upper()}__")
        else:
            yield before + name.upper()


@each_service
@each_example
def test_every_variable_is_a_field_of_the_services_settings(name: str, service: Service) -> None:
    told = environment(example(name), service)

    assert set(told) <= set(names(settings_of(service)))


@cache
def certificate() -> dict[str, bytes]:
    """An authority's certificate, and a client's with its key."""
    authority = trustme.CA()
    client = authority.issue_cert("client@helpdesk.example")
    return {
        "CA_FILE": authority.cert_pem.bytes(),
        "CERT_FILE": b"".join(blob.bytes() for blob in client.cert_chain_pems),
        "KEY_FILE": client.private_key_pem.bytes(),
    }


def mounted(variable: str, folder: Path) -> Path:
    """What a pod has mounted: a service that is given a file looks what it is."""
    _, _, kind = variable.rpartition("__")
    file = folder / variable
    file.write_bytes(certificate().get(kind, b"secret"))
    return file


@each_service
@each_example
def test_the_service_takes_what_it_is_told(
    name: str, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = environment(example(name), service)
    secrets = {
        "HELPDESK_MAIL_TOKEN_KEYS": '{"1": "sixteen letters!"}',
        "HELPDESK_MONGO__URL": "mongodb://mongo",
        "HELPDESK_SIGNING_SECRET": "thirty-two characters or some more",
    }
    for variable, value in told.items():
        text = value if isinstance(value, str) else secrets.get(variable, "secret")
        if variable.endswith("_FILE"):
            text = str(mounted(variable, tmp_path))
        monkeypatch.setenv(variable, text)

    settings = settings_of(service)()

    ports = {p["name"]: p["containerPort"] for p in container(example(name), service)["ports"]}
    assert settings.health_port == ports.pop("health")
    assert ports == ({"http": settings.http_port} if service == "desk" else {})
    assert settings.kafka.bootstrap == "kafka.kafka:9092"


@each_service
def test_each_service_has_the_secrets_that_it_reads_and_no_more(service: Service) -> None:
    told = environment(example("default"), service)

    fields = settings_of(service).model_fields
    assert "HELPDESK_MONGO__URL" in told
    assert ("HELPDESK_REDIS__URL" in told) == ("redis" in fields)
    assert ("HELPDESK_MAIL_TOKEN_KEYS" in told) == ("mail_token_keys" in fields)
    assert ("HELPDESK_SIGNING_SECRET" in told) == ("signing_secret" in fields)
    with_rspamd = environment(example("rspamd"), service)
    assert ("HELPDESK_RSPAMD_PASSWORD" in with_rspamd) == ("rspamd_password" in fields)
    assert told["HELPDESK_MONGO__URL"] == {"secretKeyRef": {"name": "mongo", "key": "url"}}


@each_service
def test_a_container_runs_its_service(service: Service) -> None:
    assert container(example("default"), service)["args"] == ["python", "-m", f"services.{service}"]
    assert (ROOT / "services" / service / "__main__.py").exists()


@each_service
@each_example
def test_probes_ask_what_the_health_server_answers(name: str, service: Service) -> None:
    one = container(example(name), service)
    (port,) = [each for each in one["ports"] if each["name"] != "http"]
    server = HealthServer("127.0.0.1", 0, live=lambda: None, ready=lambda: None)
    known = set(server._probes)  # noqa: SLF001  # its paths are told nowhere else
    server.close()

    asked = {kind: one[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}

    assert {get["port"] for get in asked.values()} == {port["name"]} == {"health"}
    assert {get["path"] for get in asked.values()} == known
    assert asked["liveness"]["path"] == "/live"
    assert asked["startup"]["path"] == asked["readiness"]["path"] == "/ready"


@pytest.mark.parametrize(("name", "seconds"), [("default", 25), ("extras", 60)])
def test_a_pod_is_killed_only_after_it_could_stop(name: str, seconds: int) -> None:
    for service, each in of_kind(example(name), "Deployment").items():
        spec = each["spec"]["template"]["spec"]

        told = environment(example(name), service)  # type: ignore[arg-type]  # one of SERVICES
        assert told["HELPDESK_STOP_TIMEOUT"] == str(seconds)
        drains = 5 if service == "desk" else 0
        assert spec["terminationGracePeriodSeconds"] >= drains + seconds + 10


@pytest.mark.parametrize("replicas", [1, 2, 3, 5])
def test_strimzis_topics_are_the_registrys(replicas: int) -> None:
    values = ("--values", str(CHART / "ci/strimzi-values.yaml"))
    rendered = render(*values, "--set", f"topics.replication={replicas}")
    made = {each["spec"]["topicName"]: each for each in rendered if each["kind"] == "KafkaTopic"}

    assert set(made) == {f"shop.{name}" for name in BY_NAME}
    for topic in TOPICS:
        spec = made[f"shop.{topic.name}"]["spec"]
        assert spec["partitions"] == topic.partitions
        assert spec["replicas"] == replicas
        assert spec["config"] == topic_configuration(topic, replicas)


def test_a_topic_outlives_its_release() -> None:
    made = [each for each in example("strimzi") if each["kind"] == "KafkaTopic"]

    kept = {each["metadata"]["annotations"]["helm.sh/resource-policy"] for each in made}

    assert len(made) == len(TOPICS)
    assert kept == {"keep"}
    assert {each["metadata"]["labels"]["strimzi.io/cluster"] for each in made} == {"main"}


@each_service
def test_a_kafka_user_may_do_what_the_registry_says_and_no_more(service: Service) -> None:
    user = of_kind(example("strimzi"), "KafkaUser")[service]
    acls = user["spec"]["authorization"]["acls"]
    may = {
        (each["resource"]["type"], each["resource"]["name"], operation)
        for each in acls
        for operation in each["operations"]
    }

    topics = [(t, "Read") for t in TOPICS if service in t.consumers]
    topics += [(t, "Write") for t in TOPICS if service in t.producers]
    assert may == {
        ("group", f"shop.{built(service).bus.group}", "Read"),
        *(("topic", f"shop.{topic.name}", operation) for topic, operation in topics),
    }
    assert ("topic", f"shop.{DEAD[service].name}", "Write") in may
    assert {each["resource"]["patternType"] for each in acls} == {"literal"}


def test_the_jobs_user_may_make_topics_and_read_none() -> None:
    user = of_kind(example("topics-job-argo"), "KafkaUser")["topics"]

    (acl,) = user["spec"]["authorization"]["acls"]
    assert acl["resource"] == {"type": "topic", "name": "helpdesk.", "patternType": "prefix"}
    assert acl["operations"] == ["Create", "Describe"]
    assert all(topic.name.startswith("helpdesk.") for topic in TOPICS)


@each_service
def test_a_service_shows_kafka_the_user_that_strimzi_made(service: Service) -> None:
    user = of_kind(example("strimzi"), "KafkaUser")[service]["metadata"]["name"]

    told = environment(example("strimzi"), service)

    assert told["HELPDESK_KAFKA__USERNAME"] == user
    assert told["HELPDESK_KAFKA__PASSWORD"] == {"secretKeyRef": {"name": user, "key": "password"}}


@each_service
def test_the_files_that_settings_name_are_mounted(service: Service) -> None:
    rendered = example("strimzi-tls")
    told = environment(rendered, service)
    one = container(rendered, service)
    spec = of_kind(rendered, "Deployment")[service]["spec"]["template"]["spec"]
    volumes = {each["name"]: each for each in spec["volumes"]}

    there = {
        f"{mount['mountPath']}/{item['path']}"
        for mount in one["volumeMounts"]
        for item in volumes[mount["name"]].get("secret", {}).get("items", ())
    }

    assert there == {told[f"HELPDESK_KAFKA__{each}_FILE"] for each in ("CA", "CERT", "KEY")}


@each_service
def test_keda_looks_at_what_the_service_consumes(service: Service) -> None:
    rendered = render(
        "--values", str(CHART / "ci/default-values.yaml"), "--set", "autoscaling.mode=keda"
    )
    scaled = of_kind(rendered, "ScaledObject")[service]["spec"]
    bus = built(service).bus

    told = [each["metadata"] for each in scaled["triggers"]]

    shared_out = {name for name in bus.consumed if BY_NAME[name].partitions > 1}
    assert {each["topic"] for each in told} == shared_out
    assert {each["consumerGroup"] for each in told} == {bus.group}
    assert scaled["maxReplicaCount"] == max(BY_NAME[name].partitions for name in shared_out)
    if service == "ingest":
        assert len(told) > len(CHANNELS)


def test_the_job_runs_the_command_that_makes_topics() -> None:
    for name in ("topics-job", "topics-job-argo"):
        job = of_kind(example(name), "Job")["topics"]
        (one,) = job["spec"]["template"]["spec"]["containers"]
        *_, command, create, replication, count = one["args"]

        assert one["args"][:2] == ["python", "-c"]
        assert [command, create, replication, count] == ["topics", "--create", "--replication", "3"]
        told = {each["name"] for each in one["env"]}
        assert told <= set(names(settings_of("ingest")))
        assert "HELPDESK_KAFKA__BOOTSTRAP" in told


def test_the_registry_in_the_chart_is_read_by_its_templates() -> None:
    registry = json.loads((CHART / "files/registry.json").read_text())

    assert set(registry["services"]) == set(SERVICES)
