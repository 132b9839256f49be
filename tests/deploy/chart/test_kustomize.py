"""The overlay in `deploy/kustomize` works on what the chart renders."""

import json
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from shared.topic import SERVICES
from tests.architecture.tree import ROOT
from tests.deploy.chart.helm import (
    CHART,
    Rendered,
    objects,
    of_kind,
    pods,
    run,
    template,
)
from tests.deploy.chart.policy import complaints

pytestmark = pytest.mark.deploy
OVERLAY = ROOT / "deploy/kustomize/kustomization.yaml"


@pytest.fixture(scope="module")
def overlaid(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """What the overlay makes of the chart's default."""
    place: Path = tmp_path_factory.mktemp("overlay")
    shutil.copy(OVERLAY, place)
    rendered = template("--values", str(CHART / "ci/default-values.yaml"))
    (place / "rendered.yaml").write_text(rendered)
    return objects(run("kubectl", "kustomize", str(place)))


def test_the_overlay_changes_what_it_names(overlaid: Rendered) -> None:
    deployments = of_kind(overlaid, "Deployment")

    assert set(deployments) == set(SERVICES)
    assert deployments["ticketing"]["spec"]["replicas"] == 4
    assert deployments["ticketing"]["spec"]["minReadySeconds"] == 10
    assert deployments["spam"]["spec"]["replicas"] == 2
    for each in of_kind(overlaid, "NetworkPolicy").values():
        assert each["spec"]["egress"][-1]["to"] == [{"ipBlock": {"cidr": "169.254.20.10/32"}}]


def test_the_overlay_keeps_selectors_as_they_are(overlaid: Rendered) -> None:
    for each in of_kind(overlaid, "Deployment").values():
        labels: dict[str, Any] = each["spec"]["selector"]["matchLabels"]
        assert len(labels) == 3
        assert each["spec"]["template"]["metadata"]["labels"]["example.com/cost-centre"]


def test_the_overlays_pods_are_restricted_and_valid(overlaid: Rendered) -> None:
    assert [said for pod in pods(overlaid).values() for said in complaints(pod)] == []
    for each in overlaid:
        kubernetes_validate.validate(json.loads(json.dumps(each)), "1.37", strict=True)
    images = {one["image"] for pod in pods(overlaid).values() for one in pod["spec"]["containers"]}
    assert images == {"registry.example.com/helpdesk-pipeline:0.1.0"}
