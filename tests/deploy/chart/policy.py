"""What every pod has to say, field by field: Pod Security's *restricted*, and more."""

from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]

NOBODY = 65532
OF_PODS: dict[Path, Any] = {
    ("automountServiceAccountToken",): False,
    # Else a Service called helpdesk-health would set HELPDESK_HEALTH_PORT.
    ("enableServiceLinks",): False,
    ("securityContext", "runAsNonRoot"): True,
    ("securityContext", "runAsUser"): NOBODY,
    ("securityContext", "runAsGroup"): NOBODY,
    ("securityContext", "fsGroup"): NOBODY,
    ("securityContext", "seccompProfile", "type"): "RuntimeDefault",
}
OF_CONTAINERS: dict[Path, Any] = {
    ("securityContext", "allowPrivilegeEscalation"): False,
    ("securityContext", "capabilities", "drop"): ["ALL"],
    ("securityContext", "privileged"): False,
    ("securityContext", "readOnlyRootFilesystem"): True,
    ("securityContext", "runAsNonRoot"): True,
    ("securityContext", "runAsUser"): NOBODY,
    ("securityContext", "seccompProfile", "type"): "RuntimeDefault",
}
NEVER_OF_PODS = ("hostNetwork", "hostPID", "hostIPC", "hostUsers", "initContainers")
VOLUMES = {"emptyDir", "secret", "configMap", "projected", "persistentVolumeClaim", "csi"}


def at(tree: Any, path: Path) -> Any:  # whatever stands there
    """What stands at `path`, None where there is nothing."""
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def complaints(pod: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the template of a pod; nothing if all is well."""
    spec = pod["spec"]
    yield from _said(spec, OF_PODS, "")
    for name in NEVER_OF_PODS:
        if name in spec:
            yield f"{name} must not be there"
    if not spec.get("serviceAccountName"):
        yield "serviceAccountName is missing"
    for volume in spec.get("volumes", ()):
        if kinds := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']} is of the kind {kinds}"
    for container in spec["containers"]:
        yield from _of(container, spec)


def _of(container: dict[str, Any], spec: dict[str, Any]) -> Iterator[str]:
    name = container["name"]
    yield from _said(container, OF_CONTAINERS, f"{name}: ")
    if "add" in (at(container, ("securityContext", "capabilities")) or {}):
        yield f"{name}: capabilities are added"
    if not at(container, ("resources", "limits", "memory")):
        yield f"{name}: no memory limit"
    if at(container, ("resources", "limits", "cpu")):
        yield f"{name}: a CPU limit stalls heartbeats"
    for resource in ("cpu", "memory"):
        if not at(container, ("resources", "requests", resource)):
            yield f"{name}: no request of {resource}"
    empty = {each["name"] for each in spec.get("volumes", ()) if each.get("emptyDir") is not None}
    mounted = {each["mountPath"]: each for each in container.get("volumeMounts", ())}
    if mounted.get("/tmp", {}).get("name") not in empty:  # noqa: S108  # a mount, no file
        yield f"{name}: /tmp is no empty folder of its own"
    for port in container.get("ports", ()):
        if "hostPort" in port:
            yield f"{name}: a port of the host"


def _said(tree: dict[str, Any], wanted: dict[Path, Any], where: str) -> Iterator[str]:
    for path, value in wanted.items():
        # `is`: 0 is not False.
        found = at(tree, path)
        if type(found) is not type(value) or found != value:
            yield f"{where}{'.'.join(path)} is {found!r}, not {value!r}"


def leaves(tree: Any, before: Path = ()) -> Iterator[Path]:  # any tree
    """The paths of all that is no dictionary."""
    if not isinstance(tree, dict):
        yield before
        return
    for key, value in tree.items():
        yield from leaves(value, (*before, key))


def without(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """The same tree without what stands at `path`; what is left empty stays."""
    first, *rest = path
    if not rest:
        return {key: value for key, value in tree.items() if key != first}
    return {**tree, first: without(tree[first], tuple(rest))}
