"""The Compose file is one, and names what the code and the checkout have."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from services.desk.settings import signing_key
from shared.running.health import HealthServer
from shared.topic import SERVICES, Service
from tests.architecture.tree import ROOT
from tests.containers import ContainerKafka, ContainerMongo
from tests.deploy.chart.test_code import names
from tests.deploy.compose.composed import (
    BY_HAND,
    FILE,
    FOLDER,
    JOBS,
    MONITORING,
    STORES,
    binds,
    composed,
    containers,
    environment,
    volumes,
)
from tests.servers import POM
from tests.wired import settings_of

pytestmark = pytest.mark.deploy
DOCUMENT = (ROOT / "docs" / "deploy.md").read_text()
each_service = pytest.mark.parametrize("service", SERVICES)
each_container = pytest.mark.parametrize("name", sorted(containers()))


def wrong(told: dict[str, Any]) -> list[str]:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    return [error.message for error in Draft7Validator(schema).iter_errors(told)]


def with_service(**fields: Any) -> dict[str, Any]:
    return {**composed(), "services": {"ingest": {**containers()["ingest"], **fields}}}


def test_the_file_keeps_to_the_specification() -> None:
    assert wrong(composed()) == []


def test_the_specification_sees_what_is_misspelt() -> None:
    assert wrong(with_service(read_onyl=True))
    assert wrong(with_service(depends_on={"topics": {"condition": "service_completed"}}))
    assert wrong({**composed(), "service": {}})


def test_every_service_of_the_registry_is_there_and_no_other() -> None:
    assert set(containers()) == {*SERVICES, *JOBS, *STORES, *MONITORING, BY_HAND}


@each_service
def test_a_container_runs_its_service_when_all_is_prepared(service: Service) -> None:
    one = containers()[service]

    assert one["command"] == ["python", "-m", f"services.{service}"]
    assert "profiles" not in one
    prepared = {name: one["depends_on"][name]["condition"] for name in JOBS}
    assert set(prepared.values()) == {"service_completed_successfully"}
    assert ("valkey" in one["depends_on"]) == ("redis" in settings_of(service).model_fields)


@each_service
def test_every_variable_is_a_field_of_the_services_settings(service: Service) -> None:
    assert set(environment(service)) <= set(names(settings_of(service)))


@each_service
def test_a_service_takes_what_it_is_told(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    subprocess.run(["/bin/sh", "-ec", made_by_hand()], cwd=tmp_path, check=True)
    for variable, value in environment(service).items():
        place = value.replace("/run/secrets", f"{tmp_path}/deploy/compose/secrets")
        monkeypatch.setenv(variable, place)

    settings = settings_of(service)()

    assert settings.kafka.bootstrap == "kafka:9092"
    assert len(settings.mongo.secret("password")) >= 32
    if service == "ticketing":
        assert list(settings.tokens.keys) == ["1"]
    if service == "desk":
        assert signing_key(settings)


def made_by_hand() -> str:
    """What the page on deploying tells people to do for the secrets."""
    (block,) = re.findall(r"((?:    .*\n)*    .*compose/secrets\n(?:    .*\n)+)", DOCUMENT)
    return str(block)


def test_the_page_makes_every_secret_and_nobody_else_can_reach_them(tmp_path: Path) -> None:
    subprocess.run(["/bin/sh", "-ec", made_by_hand()], cwd=tmp_path, check=True)
    folder = tmp_path / "deploy/compose/secrets"

    wanted = {(FOLDER / each["file"]).name for each in composed()["secrets"].values()}
    assert {file.name for file in folder.iterdir()} == wanted == set(composed()["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700
    # Containers, whose users are others, read the files themselves.
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o444}
    assert 6 <= len("".join((folder / "mongo_key").read_text().split())) <= 1024
    ignored = (ROOT / ".gitignore").read_text().split()
    assert "deploy/compose/secrets/" in ignored


@each_container
def test_a_container_has_the_secrets_that_it_names_and_no_more(name: str) -> None:
    one = containers()[name]
    told = json.dumps(one) + "".join(
        path.read_text() for path in binds(name).values() if path.suffix == ".js"
    )
    if name == "mongo-set":  # its script builds the paths from the names
        told = re.sub(r'read\("(\w+)"\)', r"/run/secrets/\1 ", told)

    assert set(re.findall(r"/run/secrets/(\w+)", told)) == set(one.get("secrets", []))


def test_every_secret_is_used_and_there() -> None:
    used = {secret for each in containers().values() for secret in each.get("secrets", [])}

    assert used == set(composed()["secrets"])


@each_service
def test_each_service_has_the_secrets_that_it_reads_and_no_more(service: Service) -> None:
    fields = settings_of(service).model_fields
    wanted = {"mongo_password"}
    wanted |= {"redis_password"} if "redis" in fields else set()
    wanted |= {"mail_token_keys"} if "mail_token_keys" in fields else set()
    wanted |= {"signing_secret"} if "signing_secret" in fields else set()

    assert set(containers()[service]["secrets"]) == wanted


@each_container
def test_what_a_container_sees_of_the_checkout_is_there(name: str) -> None:
    for path in binds(name).values():
        assert path.exists()
        assert path.is_relative_to(FOLDER)
        assert not (path / "secrets").exists()


def test_every_volume_is_used_once_and_every_store_keeps_its_data() -> None:
    used = [volume for name in containers() for volume in volumes(name).values()]

    assert sorted(used) == sorted(composed()["volumes"])
    places = {name: list(volumes(name)) for name in STORES}
    assert places["kafka"] == [environment("kafka")["KAFKA_LOG_DIRS"]]
    assert places["mongo"] == ["/data/db"]
    assert places["valkey"] == [
        containers()["valkey"]["command"][1],  # --dir
    ]


def published() -> Iterator[tuple[str, str]]:
    for name, each in containers().items():
        yield from ((name, port) for port in each.get("ports", []))


def test_only_what_people_need_is_published_and_on_this_machine_alone() -> None:
    assert {name for name, _ in published()} == {"kafka", "desk", *MONITORING}
    assert all(port.startswith("127.0.0.1:") for _, port in published())


def test_services_and_databases_have_no_way_out() -> None:
    assert composed()["networks"]["inside"]["internal"] is True
    ways = {name: set(each["networks"]) for name, each in containers().items()}

    # Hand-offs go to the helpdesks of others.
    seen = {"kafka", "desk", "handoff", *MONITORING}
    assert {name for name, way in ways.items() if "outside" in way} == seen
    assert all("inside" in way for way in ways.values())


def test_browsers_find_the_desk_where_it_listens() -> None:
    (port,) = containers()["desk"]["ports"]
    told = environment("desk")
    settings = settings_of("desk").model_fields

    assert port.endswith(f":{settings['http_port'].default}")
    assert told["HELPDESK_PUBLIC_URL"] == f"http://{port.rpartition(':')[0]}"
    # Browsers keep `Secure` cookies to themselves where there is no TLS.
    assert told["HELPDESK_SECURE_COOKIES"] == "false"


def probe(port: int) -> int:
    """What the services' healthcheck says, asked of another port."""
    asked = {json.dumps(containers()[service]["healthcheck"]["test"]) for service in SERVICES}
    (test,) = asked
    kind, python, *arguments = json.loads(test)
    assert [kind, python] == ["CMD", "python"]
    default = settings_of("ingest").model_fields["health_port"].default
    assert f":{default}/ready" in arguments[-1]
    arguments[-1] = arguments[-1].replace(f":{default}/", f":{port}/")
    done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    return done.returncode


def test_the_healthcheck_says_whether_a_service_is_ready() -> None:
    trouble: list[str | None] = [None]
    server = HealthServer("127.0.0.1", 0, live=lambda: None, ready=lambda: trouble[0])
    assert probe(server.port) == 0
    trouble[0] = "it joins its group"
    assert probe(server.port) == 1
    server.close()
    assert probe(server.port) == 1, "nobody answers"


@each_container
def test_what_runs_on_is_asked_after_and_not_through_a_shell(name: str) -> None:
    check = containers()[name]["healthcheck"]

    if name in (*JOBS, BY_HAND):
        assert check == {"disable": True}
        return
    assert check["test"][0] == "CMD"
    assert check["start_interval"]


@each_service
def test_a_service_is_killed_only_after_it_could_stop(service: Service) -> None:
    grace = containers()[service]["stop_grace_period"]

    stops = settings_of(service).model_fields["stop_timeout"].default
    assert int(grace.removesuffix("s")) > stops.total_seconds() + 10


@each_container
def test_an_image_is_chosen_by_a_variable_and_has_a_tag_and_no_host(name: str) -> None:
    image = containers()[name]["image"]
    repository, _, tag = image.partition(":")

    assert re.search(rf"\$\{{\w+_IMAGE:-{re.escape(image)}\}}", FILE.read_text())
    assert tag
    assert tag != "latest"
    assert "." not in repository.partition("/")[0]


def test_the_images_are_of_the_versions_that_the_tests_use() -> None:
    (kafka,) = re.findall(r"<kafka.version>(.*)</kafka.version>", POM.read_text())
    version = re.findall(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert containers()["kafka"]["image"] == ContainerKafka.image == f"apache/kafka:{kafka}"
    assert containers()["mongo"]["image"] == containers()["mongo-set"]["image"]
    assert containers()["mongo"]["image"] == ContainerMongo.image
    assert containers()["ingest"]["image"] == f"helpdesk:{version[0]}"


def test_the_replica_set_and_its_user_are_those_that_services_ask_for() -> None:
    script = binds("mongo-set")["/etc/helpdesk/replica-set.js"].read_text()
    told = environment("ingest")
    user, database = told["HELPDESK_MONGO__USERNAME"], told["HELPDESK_MONGO__DATABASE"]

    assert told["HELPDESK_MONGO__URL"] == "mongodb://mongo:27017/?replicaSet=rs0"
    assert '{ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] }' in script
    assert containers()["mongo"]["command"][:3] == ["mongod", "--replSet", "rs0"]
    assert f'createUser({{ user: "{user}"' in script
    assert f'roles: [{{ role: "readWrite", db: "{database}" }}]' in script


def test_the_page_names_the_variables_of_the_file() -> None:
    variables = set(re.findall(r"\$\{([A-Z_]+):-", FILE.read_text()))

    assert {name for name in variables if f"`{name}`" not in DOCUMENT} == set()
