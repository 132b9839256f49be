"""Every container is confined, and the judge of that is no rubber stamp."""

from typing import Any

import pytest

from shared.topic import SERVICES
from tests.deploy.chart.policy import NOBODY
from tests.deploy.compose.composed import JOBS, containers
from tests.deploy.compose.confinement import NEEDED, NEVER, SAID, complaints

pytestmark = pytest.mark.deploy
each_container = pytest.mark.parametrize("name", sorted(containers()))


@each_container
def test_every_container_is_confined(name: str) -> None:
    assert list(complaints(containers()[name])) == []


@pytest.mark.parametrize("name", [*SERVICES, "topics"])
def test_what_is_ours_runs_as_the_images_user(name: str) -> None:
    assert containers()[name]["user"] == f"{NOBODY}:{NOBODY}"


@each_container
@pytest.mark.parametrize("field", [*SAID, *NEEDED, "user", "tmpfs"])
def test_the_judge_misses_each_field_that_is_removed(name: str, field: str) -> None:
    one = containers()[name]
    broken = {key: value for key, value in one.items() if key != field}

    assert field in one
    assert [said for said in complaints(broken) if said.startswith(field)]


@pytest.mark.parametrize("field", NEVER)
def test_the_judge_sees_what_must_not_be_there(field: str) -> None:
    assert list(complaints({**containers()["ingest"], field: True}))


@pytest.mark.parametrize(
    "change",
    [
        {"read_only": False},
        {"read_only": "true"},
        {"cap_drop": ["CHOWN"]},
        {"security_opt": ["seccomp:unconfined"]},
        {"security_opt": ["no-new-privileges:true", "apparmor:unconfined"]},
        {"user": "root"},
        {"user": "0:0"},
        {"user": "65532"},
        {"ports": ["8080:8080"]},
        {"ports": ["0.0.0.0:8080:8080"]},
        {"tmpfs": ["/run"]},
        {"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]},
        {"volumes": [{"type": "bind", "source": "/etc", "target": "/etc", "read_only": True}]},
        {"volumes": [{"type": "bind", "source": "./compose", "target": "/x"}]},
    ],
    ids=str,
)
def test_the_judge_sees_fields_that_say_something_else(change: dict[str, Any]) -> None:
    assert len(list(complaints({**containers()["ingest"], **change}))) == 1


def test_only_what_ends_by_itself_is_not_started_again() -> None:
    restarts = {name: each["restart"] for name, each in containers().items()}

    ended = {name for name, said in restarts.items() if said != "unless-stopped"}
    assert ended == {*JOBS, "helpdesk"}
