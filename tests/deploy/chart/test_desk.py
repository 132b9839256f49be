"""Browsers reach the desk: its Service, its Ingress, and who may ask it."""

from typing import Any

import pytest

from services.desk.settings import Settings
from tests.deploy.chart.helm import CHART, Rendered, example, of_kind, render

pytestmark = pytest.mark.deploy
DEFAULT = ("--values", str(CHART / "ci/default-values.yaml"))
INGRESS = (*DEFAULT, "--set", "desk.ingress.enabled=true,desk.ingress.host=desk.example.com")


def desk(rendered: Rendered, kind: str) -> dict[str, Any]:
    return of_kind(rendered, kind)["desk"]


def pod(rendered: Rendered) -> dict[str, Any]:
    return dict(desk(rendered, "Deployment")["spec"]["template"])


def test_the_service_finds_the_desks_pods_and_their_port_of_pages() -> None:
    rendered = example("desk")
    spec = desk(rendered, "Service")["spec"]
    labels = pod(rendered)["metadata"]["labels"]
    (container,) = pod(rendered)["spec"]["containers"]

    assert spec["selector"].items() <= labels.items()
    assert spec["selector"]["app.kubernetes.io/component"] == "desk"
    (port,) = spec["ports"]
    assert port["targetPort"] in {each["name"] for each in container["ports"]}
    # Any pod answers any request.
    assert "sessionAffinity" not in spec


def test_no_other_service_is_asked_by_others() -> None:
    assert set(of_kind(example("desk"), "Service")) == {"desk"}


def test_there_is_no_ingress_unless_it_is_asked_for() -> None:
    assert of_kind(render(*DEFAULT), "Ingress") == {}


def test_the_ingress_leads_its_host_to_the_service_by_tls() -> None:
    spec = desk(example("desk"), "Ingress")["spec"]
    service = desk(example("desk"), "Service")

    assert spec["ingressClassName"] == "nginx"
    assert spec["tls"] == [{"hosts": ["desk.example.com"], "secretName": "desk-tls"}]
    (rule,) = spec["rules"]
    (path,) = rule["http"]["paths"]
    assert rule["host"] == "desk.example.com"
    assert (path["path"], path["pathType"]) == ("/", "Prefix")
    backend = path["backend"]["service"]
    assert backend["name"] == service["metadata"]["name"]
    assert backend["port"]["name"] == service["spec"]["ports"][0]["name"]


LARGEST_UPLOAD = Settings.model_fields["largest_upload"].default


def test_live_updates_are_neither_gathered_up_nor_cut_off() -> None:
    told = desk(render(*INGRESS), "Ingress")["metadata"]["annotations"]
    nginx = {name.removeprefix("nginx.ingress.kubernetes.io/"): told[name] for name in told}

    assert nginx["proxy-buffering"] == "off"
    # Nothing is silent for longer than 15 seconds.
    assert int(nginx["proxy-read-timeout"]) >= 2 * 15
    assert int(nginx["proxy-body-size"].removesuffix("m")) * 1024**2 == LARGEST_UPLOAD


def test_annotations_of_ones_own_are_added() -> None:
    told = desk(example("desk"), "Ingress")["metadata"]["annotations"]

    assert told["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert told["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"


def test_pages_are_asked_for_by_those_who_pass_browsers_on_and_measurements_by_others() -> None:
    ingress = desk(example("desk"), "NetworkPolicy")["spec"]["ingress"]
    (pages,) = [rule for rule in ingress if rule["ports"][0]["port"] == "http"]
    (metrics,) = [rule for rule in ingress if rule["ports"][0]["port"] == "health"]

    (peer,) = pages["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "edge"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "gateway"}
    assert metrics["from"] != pages["from"]


def test_secrets_are_named_and_not_held() -> None:
    (container,) = pod(example("desk"))["spec"]["containers"]
    told = {each["name"]: each for each in container["env"]}

    signing = told["HELPDESK_SIGNING_SECRET"]["valueFrom"]["secretKeyRef"]
    assert signing == {"name": "desk", "key": "signing-secret"}
    client = told["HELPDESK_OIDC__CLIENT_SECRET"]["valueFrom"]["secretKeyRef"]
    assert client == {"name": "desk-oidc", "key": "client-secret"}


def test_without_a_provider_nothing_is_said_of_one() -> None:
    (container,) = pod(render(*DEFAULT))["spec"]["containers"]

    assert not [each for each in container["env"] if "OIDC" in each["name"]]


def test_a_pod_that_ends_answers_until_nobody_asks_it_any_more() -> None:
    spec = pod(example("desk"))["spec"]
    (container,) = spec["containers"]
    stops = Settings.model_fields["stop_timeout"].default.total_seconds()

    command = container["lifecycle"]["preStop"]["exec"]["command"]
    assert command == ["python", "-c", "import time; time.sleep(10)"]
    assert spec["terminationGracePeriodSeconds"] >= 10 + stops + 10
    assert "lifecycle" not in pod(render(*DEFAULT, "--set", "desk.drainSeconds=0"))["spec"]


def test_the_networks_of_pods_are_trusted_to_say_whom_a_request_is_from() -> None:
    (container,) = pod(render(*DEFAULT))["spec"]["containers"]
    told = {each["name"]: each.get("value") for each in container["env"]}

    assert "10.0.0.0/8" in Settings(
        trusted_proxies=told["HELPDESK_TRUSTED_PROXIES"]
    ).trusted_proxies.split(",")
