"""What the chart renders is what Kubernetes and its operators take, from 1.29 to 1.37."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus

from tests.deploy.chart import strimzi
from tests.deploy.chart.helm import (
    CHART,
    CI,
    NAMESPACE,
    VERSIONS,
    Refused,
    Rendered,
    copied_chart,
    example,
    objects,
    render,
    run,
    template,
)

pytestmark = pytest.mark.deploy

# Known to other schemas than Kubernetes's own.
OPERATORS = {"ScaledObject", "PodMonitor", "PrometheusRule", "KafkaTopic", "KafkaUser"}
EXAMPLES = [file.name.removesuffix("-values.yaml") for file in CI]
MODELS: dict[str, Any] = {
    "ScaledObject": keda.ScaledObject,
    "PodMonitor": prometheus.PodMonitor,
    "PrometheusRule": prometheus.PrometheusRule,
}


@pytest.fixture(scope="module", autouse=True)
def _each_schema_is_read_once() -> Iterator[None]:
    """The library reads megabytes anew for each object."""
    with pytest.MonkeyPatch.context() as patch:
        utils = kubernetes_validate.utils
        patch.setattr(utils, "schema_contents", cache(utils.schema_contents))
        yield


# Between the oldest and the newest, lint adds nothing to what rendering says.
@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_helm_has_nothing_to_say_against_it(version: str) -> None:
    for file in CI:
        told = ("--values", str(file), "--kube-version", f"{version}.0")
        run("helm", "lint", "--strict", "--quiet", str(CHART), *told)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object_in_every_example(version: str) -> None:
    unknown = set()
    for file in CI:
        text = template("--values", str(file), kubernetes=f"{version}.0")
        for each in objects(text):
            if not is_taken(json.dumps(each, sort_keys=True), version):
                unknown.add(each["kind"])

    assert unknown <= OPERATORS


@cache
def is_taken(written: str, version: str) -> bool:
    """Whether the strict schema knows the object's kind. Raises if it does not take the object."""
    try:
        kubernetes_validate.validate(json.loads(written), version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return False
    return True


def test_the_schemas_see_a_field_that_is_not_there() -> None:
    deployment = deepcopy(next(e for e in example("default") if e["kind"] == "Deployment"))
    deployment["spec"]["template"]["spec"]["serviceAcountName"] = "typo"

    with pytest.raises(kubernetes_validate.ValidationError):
        is_taken(json.dumps(deployment), VERSIONS[0])


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(Refused, match="incompatible with Kubernetes"):
        template("--values", str(CI[0]), kubernetes="1.28.0")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_operators_take_what_is_theirs(name: str) -> None:
    for each in example(name):
        if each["kind"] in OPERATORS:
            _is_theirs(each)


def _is_theirs(each: dict[str, Any]) -> None:
    """Raises AssertionError if the object has a field that its operator does not know."""
    if each["kind"] in MODELS:
        assert understood(each) == expected(each)
    else:
        strimzi.check(each)


def understood(each: dict[str, Any]) -> dict[str, Any]:
    """What the operator's model has of an object: unknown fields are gone."""
    model = MODELS[each["kind"]].model_validate(each)
    said: dict[str, Any] = model.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude_none=True
    )
    return said


def expected(each: dict[str, Any]) -> dict[str, Any]:
    """The object as it is, but for what is newer than the model: KEDA's fallback.behavior."""
    if each["kind"] != "ScaledObject":
        return each
    fallback = dict(each["spec"]["fallback"])
    assert fallback.pop("behavior") == "currentReplicasIfHigher"
    return {**each, "spec": {**each["spec"], "fallback": fallback}}


def test_the_examples_have_every_kind_that_operators_know() -> None:
    kinds = {each["kind"] for name in EXAMPLES for each in example(name)}

    assert kinds >= OPERATORS


@pytest.mark.parametrize(
    ("kind", "field"),
    [("ScaledObject", "maxReplicas"), ("PodMonitor", "selectors"), ("KafkaTopic", "partition")],
)
def test_the_models_see_a_field_that_is_not_there(kind: str, field: str) -> None:
    found = [each for name in EXAMPLES for each in example(name) if each["kind"] == kind]
    broken = deepcopy(found[0])
    _is_theirs(broken)
    broken["spec"][field] = 1

    with pytest.raises(AssertionError):
        _is_theirs(broken)


def _with_rules(place: Any) -> Rendered:
    chart = copied_chart(place)
    for folder in ("rules", "dashboards"):
        (chart / "files" / folder).mkdir(exist_ok=True)
    (chart / "files/rules/a_symptom.yaml").write_text(RULES)
    (chart / "files/dashboards/tickets.json").write_text(DASHBOARD)
    return render("--values", str(CHART / "ci/monitoring-values.yaml"), chart=chart)


RULES = """# Kept as it is: {{ is Prometheus's }}
groups:
  - name: helpdesk
    rules:
      - alert: Stalled
        expr: helpdesk_consumer_lag_messages > 0
        labels: {severity: page}
        annotations:
          summary: "{{ $labels.service }} stands still: {{ $value }}"
"""
DASHBOARD = """{
  "title": "Tickets", "legend": "{{ service }}"
}
"""


def test_rules_and_dashboards_are_embedded_as_they_are(tmp_path: Any) -> None:
    rendered = {each["metadata"]["name"]: each for each in _with_rules(tmp_path)}

    rule = rendered["desk-helpdesk-a-symptom"]
    dashboard = rendered["desk-helpdesk-dashboard-tickets"]
    assert understood(rule) == rule
    (group,) = rule["spec"]["groups"]
    (alert,) = group["rules"]
    assert alert["annotations"]["summary"] == "{{ $labels.service }} stands still: {{ $value }}"
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    assert dashboard["data"] == {"tickets.json": DASHBOARD}
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["metadata"]["namespace"] == NAMESPACE
