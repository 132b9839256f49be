"""What every container of the Compose file has to say of its confinement, field by field."""

from collections.abc import Iterator
from typing import Any, Final

SAID: Final[dict[str, Any]] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}
NEVER: Final = (
    *("privileged", "cap_add", "devices", "device_cgroup_rules", "network_mode", "pid", "ipc"),
    *("userns_mode", "uts", "volumes_from", "group_add", "extra_hosts", "cgroup_parent", "gpus"),
    *("use_api_socket", "sysctls", "runtime", "links", "external_links", "env_file"),
)
NEEDED: Final = ("mem_limit", "pids_limit", "networks", "logging", "restart")


def complaints(one: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a container; nothing if all is well."""
    for field, wanted in SAID.items():
        # `is`-like: "true" is not True.
        if type(one.get(field)) is not type(wanted) or one[field] != wanted:
            yield f"{field} is {one.get(field)!r}, not {wanted!r}"
    for field in NEVER:
        if field in one:
            yield f"{field} must not be there"
    for field in NEEDED:
        if not one.get(field):
            yield f"{field} is missing"
    yield from _user(one)
    yield from _mounts(one)
    for port in one.get("ports", ()):
        if not str(port).startswith("127.0.0.1:"):
            yield f"ports: {port} is published to other machines"


def _user(one: dict[str, Any]) -> Iterator[str]:
    user, _, group = str(one.get("user", "")).partition(":")
    if not user.isdecimal() or int(user) == 0 or not group.isdecimal():
        yield f"user is {one.get('user')!r}: no number of one who is not root, with a group"


def _mounts(one: dict[str, Any]) -> Iterator[str]:
    places = [each.partition(":")[0] for each in one.get("tmpfs", ())]
    if "/tmp" not in places:  # noqa: S108  # a mount, no file
        yield "tmpfs: /tmp is no folder in memory"
    for volume in one.get("volumes", ()):
        if isinstance(volume, dict):
            if volume.get("type") != "bind" or volume.get("read_only") is not True:
                yield f"volumes: {volume} can be written to"
            if not str(volume.get("source", "")).startswith("./"):
                yield f"volumes: {volume} is not of the checkout"
        elif not volume.partition(":")[0].isidentifier():
            yield f"volumes: {volume} is no volume of its own"
