"""Every pod that the chart makes is restricted, and the judge of that is no rubber stamp."""

import json
from typing import Any

import pytest

from tests.deploy.chart.helm import CHART, CI, example, of_kind, pods, template
from tests.deploy.chart.policy import (
    NEVER_OF_PODS,
    OF_CONTAINERS,
    OF_PODS,
    complaints,
    leaves,
    without,
)

pytestmark = pytest.mark.deploy
EXAMPLES = [file.name.removesuffix("-values.yaml") for file in CI]
each_example = pytest.mark.parametrize("name", EXAMPLES)


@each_example
def test_every_pod_is_restricted(name: str) -> None:
    found = {pod: list(complaints(template)) for pod, template in pods(example(name)).items()}

    assert found
    assert {pod: said for pod, said in found.items() if said} == {}


def a_pod() -> dict[str, Any]:
    """The template of one of the pods."""
    return pods(example("default"))["desk-helpdesk-ticketing"]


def with_container(pod: dict[str, Any], container: dict[str, Any]) -> dict[str, Any]:
    return {**pod, "spec": {**pod["spec"], "containers": [container]}}


def secured(spec: dict[str, Any]) -> list[tuple[str, ...]]:
    """The paths of what the chart itself says of security."""
    return [path for path in leaves(spec) if path[0] == "securityContext"]


def test_the_policy_misses_each_field_of_a_pod_that_is_removed() -> None:
    pod = a_pod()
    paths = {*secured(pod["spec"]), *OF_PODS}
    assert paths == set(OF_PODS)

    for path in [*paths, ("serviceAccountName",)]:
        broken = {**pod, "spec": without(pod["spec"], path)}

        assert [said for said in complaints(broken) if ".".join(path) in said], path


def test_the_policy_misses_each_field_of_a_container_that_is_removed() -> None:
    pod = a_pod()
    (container,) = pod["spec"]["containers"]
    paths = set(secured(container))
    assert paths == set(OF_CONTAINERS)

    for path in paths:
        broken = with_container(pod, without(container, path))

        assert [said for said in complaints(broken) if ".".join(path) in said], path


@pytest.mark.parametrize(
    "path",
    [
        ("resources", "limits", "memory"),
        ("resources", "requests", "memory"),
        ("resources", "requests", "cpu"),
        ("volumeMounts",),
    ],
)
def test_the_policy_misses_what_else_a_container_needs(path: tuple[str, ...]) -> None:
    pod = a_pod()
    (container,) = pod["spec"]["containers"]

    assert len(list(complaints(with_container(pod, without(container, path))))) == 1


@pytest.mark.parametrize("name", NEVER_OF_PODS)
def test_the_policy_sees_what_must_not_be_there(name: str) -> None:
    pod = a_pod()

    assert list(complaints({**pod, "spec": {**pod["spec"], name: True}}))


def test_the_policy_sees_fields_that_say_something_else() -> None:
    pod = a_pod()
    text = json.dumps(pod)
    for said, instead in [
        ("65532", "0"),
        ("RuntimeDefault", "Unconfined"),
        ('"ALL"', '"CHOWN"'),
        ('"privileged": false', '"privileged": true'),
        ('"readOnlyRootFilesystem": true', '"readOnlyRootFilesystem": false'),
        ('"emptyDir": {}', '"hostPath": {"path": "/"}'),
        ('"limits": {', '"limits": {"cpu": "1", '),
        ('"drop":', '"add": ["NET_ADMIN"], "drop":'),
        ('"containerPort"', '"hostPort": 80, "containerPort"'),
    ]:
        assert said in text

        assert list(complaints(json.loads(text.replace(said, instead)))), instead


@each_example
def test_each_component_has_an_account_of_its_own_without_token_and_rights(name: str) -> None:
    rendered = example(name)
    accounts = {each["metadata"]["name"]: each for each in rendered if _is_account(each)}
    used = [pod["spec"]["serviceAccountName"] for pod in pods(rendered).values()]

    assert sorted(used) == sorted(accounts)
    assert {each["automountServiceAccountToken"] for each in accounts.values()} == {False}
    assert not [each for each in rendered if "rbac" in each["apiVersion"]]


def _is_account(each: dict[str, Any]) -> bool:
    return bool(each["kind"] == "ServiceAccount")


@each_example
def test_the_chart_holds_no_secret(name: str) -> None:
    assert not of_kind(example(name), "Secret")


@each_example
def test_rendering_again_says_the_same(name: str) -> None:
    values = CHART / "ci" / f"{name}-values.yaml"

    assert template("--values", str(values)) == template("--values", str(values))
