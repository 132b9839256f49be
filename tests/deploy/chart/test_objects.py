"""What the chart's objects are for: whom they select, how they scale, who may talk to whom."""

from pathlib import Path
from typing import Any

import pytest

from shared.topic import SERVICES
from tests.deploy.chart.helm import (
    CHART,
    CI,
    NAMESPACE,
    RELEASE,
    Rendered,
    example,
    of_kind,
    pods,
    render,
    template,
)

pytestmark = pytest.mark.deploy
EXAMPLES = [file.name.removesuffix("-values.yaml") for file in CI]
each_example = pytest.mark.parametrize("name", EXAMPLES)
STANDARD = {
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app.kubernetes.io/version",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
}
IMMUTABLE = {f"app.kubernetes.io/{name}" for name in ("name", "instance", "component")}


def selected(rendered: Rendered, selector: dict[str, Any]) -> set[str]:
    """Whose pods a selector finds."""
    return {
        name
        for name, pod in pods(rendered).items()
        if selector["matchLabels"].items() <= pod["metadata"]["labels"].items()
        and all(
            pod["metadata"]["labels"].get(each["key"]) not in each["values"]
            for each in selector.get("matchExpressions", ())
        )
    }


@each_example
def test_every_object_has_the_standard_labels_and_its_namespace(name: str) -> None:
    for each in example(name):
        if each["metadata"]["name"] == f"{RELEASE}-more":
            continue  # an extra object is as it is
        assert each["metadata"]["labels"].keys() >= STANDARD, each["metadata"]["name"]
        assert each["metadata"]["namespace"] in {NAMESPACE, "kafka"}


@each_example
def test_selectors_find_their_own_pods_alone(name: str) -> None:
    rendered = example(name)
    for each in rendered:
        spec, own = each.get("spec", {}), each["metadata"]["name"]
        selectors = {
            "Deployment": lambda spec: [
                spec["selector"],
                *(
                    spread["labelSelector"]
                    for spread in spec["template"]["spec"].get("topologySpreadConstraints", ())
                ),
            ],
            "PodDisruptionBudget": lambda spec: [spec["selector"]],
            "NetworkPolicy": lambda spec: [spec["podSelector"]],
        }.get(each["kind"], lambda _: [])(spec)
        for selector in selectors:
            assert selector["matchLabels"].keys() == IMMUTABLE
            found = {pod.removesuffix(pod[len(own) :]) for pod in selected(rendered, selector)}
            assert found == {own}


def test_a_pod_monitor_finds_all_services_and_no_job() -> None:
    values = ("--values", str(CHART / "ci/monitoring-values.yaml"), "--set", "topics.mode=job")
    rendered = render(*values)
    monitor = of_kind(rendered, "PodMonitor")["monitoring"]["spec"]

    deployments = {each["metadata"]["name"] for each in of_kind(rendered, "Deployment").values()}
    assert selected(rendered, monitor["selector"]) == deployments
    (endpoint,) = monitor["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("health", "/metrics")


@each_example
def test_what_scales_is_one_thing_alone(name: str) -> None:
    rendered = example(name)
    lag, cpu = (of_kind(rendered, k) for k in ("ScaledObject", "HorizontalPodAutoscaler"))

    assert not lag.keys() & cpu.keys()
    for service, deployment in of_kind(rendered, "Deployment").items():
        assert ("replicas" in deployment["spec"]) == (service not in {*lag, *cpu})
    for service, each in {**lag, **cpu}.items():
        target = of_kind(rendered, "Deployment")[service]["metadata"]["name"]
        assert each["spec"]["scaleTargetRef"]["name"] == target


def test_keda_scales_on_lag_with_care() -> None:
    scaled = of_kind(example("keda"), "ScaledObject")
    assert set(scaled) == set(SERVICES) - {"spam", "tagging"}

    for each in scaled.values():
        spec = each["spec"]
        down = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert spec["minReplicaCount"] >= 1
        assert spec["maxReplicaCount"] == 12
        assert "idleReplicaCount" not in spec
        assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"
        assert down["stabilizationWindowSeconds"] == 600
        assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]
        for trigger in spec["triggers"]:
            told = trigger["metadata"]
            assert told["topic"].startswith("shop.helpdesk.")
            assert told["consumerGroup"].startswith("shop.helpdesk.")
            assert told["offsetResetPolicy"] == "earliest"
            assert told["limitToPartitionsWithLag"] == "true"
            assert told["lagThreshold"] == "2000000"
            assert trigger["authenticationRef"] == {"name": "kafka"}


def test_there_are_never_more_pods_than_partitions() -> None:
    most = {each["spec"]["maxReplicas"] for each in of_kind(example("hpa"), HPA).values()}

    assert most == {12}


HPA = "HorizontalPodAutoscaler"


@each_example
def test_a_budget_is_there_where_there_is_more_than_one_pod(name: str) -> None:
    rendered = example(name)
    least = {s: each["spec"].get("replicas") for s, each in _deployments(rendered).items()}
    least |= {s: e["spec"]["minReplicaCount"] for s, e in of_kind(rendered, "ScaledObject").items()}
    least |= {s: e["spec"]["minReplicas"] for s, e in of_kind(rendered, HPA).items()}

    budgets = of_kind(rendered, "PodDisruptionBudget")

    assert set(budgets) == {service for service, count in least.items() if count > 1}
    for each in budgets.values():
        assert each["spec"]["maxUnavailable"] == 1
        assert each["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def _deployments(rendered: Rendered) -> dict[str, dict[str, Any]]:
    return of_kind(rendered, "Deployment")


def test_a_rollout_adds_no_pod() -> None:
    for each in _deployments(example("default")).values():
        assert each["spec"]["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
        }


@each_example
def test_a_pod_is_let_in_and_out_where_it_must(name: str) -> None:
    rendered = example(name)
    policies = {each["metadata"]["name"]: each for each in of_kind(rendered, POLICY).values()}
    if name == "no-network":
        assert policies == {}
        return

    # A Job's name may have more to it than its component's.
    components = {pod["metadata"]["labels"][COMPONENT] for pod in pods(rendered).values()}
    assert set(of_kind(rendered, POLICY)) == components
    for component, each in of_kind(rendered, POLICY).items():
        spec = each["spec"]
        assert set(spec["policyTypes"]) == {"Ingress", "Egress"}
        ports = {port["port"] for rule in spec["ingress"] for port in rule["ports"]}
        assert ports == ASKED.get(component, {"health"})
        assert all(rule.get("from") for rule in spec["ingress"])
        out = {port["port"] for rule in spec["egress"] for port in rule["ports"]}
        assert {53, 9093} <= out
        assert (27017 in out) == (component != "topics")
        assert (6379 in out) == (component in {"assignment", "autoclose", "desk"})
        assert (443 in out) == (component == name in {"desk", "handoff"})


POLICY = "NetworkPolicy"
ASKED: dict[str, set[str]] = {"topics": set(), "desk": {"health", "http"}}
COMPONENT = "app.kubernetes.io/component"


def test_what_a_service_says_goes_before_what_all_say() -> None:
    rendered = example("scheduling")
    of = {s: each["spec"]["template"] for s, each in _deployments(rendered).items()}
    mine, other = of["ticketing"], of["spam"]

    assert _deployments(rendered)["ticketing"]["spec"]["replicas"] == 6
    assert _deployments(example("single"))["tagging"]["spec"]["replicas"] == 0
    assert mine["spec"]["priorityClassName"] == "urgent"
    assert other["spec"]["priorityClassName"] == "business"
    assert mine["spec"]["nodeSelector"] == {"pool": "fast"}
    assert other["spec"]["nodeSelector"] == {"pool": "general"}
    assert "tolerations" not in mine["spec"]
    assert len(other["spec"]["tolerations"]) == 1
    assert mine["spec"]["affinity"] == other["spec"]["affinity"]
    resources = mine["spec"]["containers"][0]["resources"]
    assert resources["limits"] == {"memory": "2Gi"}
    assert resources["requests"] == other["spec"]["containers"][0]["resources"]["requests"]
    assert mine["metadata"]["annotations"].keys() - other["metadata"]["annotations"].keys() == {
        "example.com/pager"
    }
    assert mine["metadata"]["labels"]["team"] == "support"


def test_extras_reach_the_pods() -> None:
    rendered = example("extras")
    spec = _deployments(rendered)["ingest"]["spec"]["template"]["spec"]
    (one,) = spec["containers"]

    told = {each["name"]: each.get("value") for each in one["env"]}
    assert told["HELPDESK_KAFKA__SESSION_TIMEOUT"] == "20"
    assert told["HELPDESK_INGEST_MAIL_FOLDER"] == "/mails"
    assert {each["name"] for each in spec["volumes"]} == {"tmp", "mails"}
    assert {each["mountPath"] for each in one["volumeMounts"]} == {"/tmp", "/mails"}  # noqa: S108
    (more,) = [each for each in rendered if each["metadata"]["name"] == f"{RELEASE}-more"]
    assert more["data"] == {"said": "by helpdesk"}


def test_one_image_runs_everything() -> None:
    for name in EXAMPLES:
        images = {
            one["image"]
            for pod in pods(example(name)).values()
            for one in pod["spec"]["containers"]
        }
        assert len(images) == 1
    (deployment, *_) = _deployments(example("image")).values()
    (one,) = deployment["spec"]["template"]["spec"]["containers"]
    assert one["image"].startswith("registry.example.com/helpdesk-pipeline@sha256:")


def test_pods_start_anew_when_their_configuration_changes() -> None:
    def sums(*more: str) -> set[str]:
        rendered = render("--values", str(CHART / "ci/default-values.yaml"), *more)
        return {p["metadata"]["annotations"]["checksum/config"] for p in pods(rendered).values()}

    assert len(sums()) == 1
    assert sums() == sums("--set", "replicas=5")
    assert not sums() & sums("--set", "logLevel=debug")


def test_hooks_can_be_switched_off() -> None:
    assert "helm.sh/hook" in template("--values", str(CHART / "ci/topics-job-values.yaml"))
    assert "helm.sh/hook" not in template("--values", str(CHART / "ci/topics-job-argo-values.yaml"))


def test_another_job_has_another_name() -> None:
    def name(*more: str) -> str:
        values = ("--values", str(CHART / "ci/topics-job-argo-values.yaml"))
        return str(of_kind(render(*values, *more), "Job")["topics"]["metadata"]["name"])

    assert name() == name("--set", "replicas=3")
    assert name() != name("--set-string", "image.tag=2")
    assert name() != name("--set", "resources.limits.memory=1Gi")


def test_a_new_service_is_one_entry_in_one_list(tmp_path: Path) -> None:
    said = tmp_path / "values.yaml"
    said.write_text("services: {tagging: null}\n")
    fewer = render("--values", str(CHART / "ci/default-values.yaml"), "--values", str(said))

    assert set(_deployments(fewer)) == set(SERVICES) - {"tagging"}
    assert set(_deployments(example("default"))) == set(SERVICES)
