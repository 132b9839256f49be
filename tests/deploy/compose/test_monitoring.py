"""What Prometheus, Alertmanager and Grafana are given is valid, and names what there is."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.topic import SERVICES
from tests.deploy.compose.composed import FOLDER, binds, containers
from tests.deploy.dashboards import FILES
from tests.deploy.dashboards import FOLDER as BOARDS
from tests.deploy.promtool import program, promtool
from tests.deploy.test_alerts import RULES
from tests.wired import settings_of

pytestmark = pytest.mark.deploy
PROMETHEUS = FOLDER / "compose/prometheus.yml"
ALERTMANAGER = FOLDER / "compose/alertmanager.yml"
GRAFANA = FOLDER / "compose/grafana"


def read(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(file.read_text())
    return told


def check(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_prometheus_takes_its_configuration_with_all_rules(tmp_path: Path) -> None:
    rules = binds("prometheus")["/etc/prometheus/rules"]
    assert {*rules.glob("*.yaml")} == {*RULES}
    seen = tmp_path / "prometheus.yml"
    seen.write_text(PROMETHEUS.read_text().replace("/etc/prometheus/rules", str(rules)))

    code, said = check(promtool(), "check", "config", str(seen))

    assert code == 0, said
    assert said.count("rules found") == len(RULES), said


def test_promtool_sees_what_is_misspelt(tmp_path: Path) -> None:
    seen = tmp_path / "prometheus.yml"
    seen.write_text(PROMETHEUS.read_text().replace("refresh_interval", "refresh"))

    assert check(promtool(), "check", "config", str(seen))[0] != 0


def test_alertmanager_takes_its_configuration() -> None:
    amtool = program("amtool", "prometheus-alertmanager")

    code, said = check(amtool, "check-config", str(ALERTMANAGER))

    assert code == 0, said


def test_prometheus_asks_every_replica_of_every_service() -> None:
    (job,) = read(PROMETHEUS)["scrape_configs"]
    (asked,) = job["dns_sd_configs"]

    assert job["job_name"] == "helpdesk", "alerts ask for that name"
    assert asked["names"] == list(SERVICES)
    assert {settings_of(service)().health_port for service in SERVICES} == {asked["port"]}
    assert "metrics_path" not in job


def test_alerts_go_to_alertmanager_and_their_severities_are_known() -> None:
    (manager,) = read(PROMETHEUS)["alerting"]["alertmanagers"]
    (port,) = containers()["alertmanager"]["ports"]
    told = read(ALERTMANAGER)

    assert manager["static_configs"] == [{"targets": [f"alertmanager:{port.split(':')[-1]}"]}]
    receivers = {each["name"] for each in told["receivers"]}
    routes = [told["route"], *told["route"]["routes"]]
    assert {route["receiver"] for route in routes} == receivers


def test_each_is_given_its_own_files() -> None:
    assert binds("prometheus")["/etc/prometheus/prometheus.yml"] == PROMETHEUS
    assert binds("alertmanager")["/etc/alertmanager/alertmanager.yml"] == ALERTMANAGER
    assert "--config.file=/etc/prometheus/prometheus.yml" in containers()["prometheus"]["command"]
    configuration = "--config.file=/etc/alertmanager/alertmanager.yml"
    assert configuration in containers()["alertmanager"]["command"]
    assert binds("grafana")["/etc/grafana/provisioning"] == GRAFANA


def test_grafana_finds_prometheus_and_every_dashboard() -> None:
    (source,) = read(GRAFANA / "datasources/prometheus.yaml")["datasources"]
    (provider,) = read(GRAFANA / "dashboards/helpdesk.yaml")["providers"]
    (port,) = containers()["prometheus"]["ports"]

    assert source["url"] == f"http://prometheus:{port.split(':')[-1]}"
    assert source["type"] == "prometheus"
    assert source["isDefault"] is True, "a dashboard begins with it"
    shown = binds("grafana")[provider["options"]["path"]]
    assert shown == BOARDS
    assert {*shown.glob("*.json")} == {*FILES}
    assert provider["type"] == "file"


@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "grafana"])
def test_whoever_does_not_ask_for_monitoring_has_none(name: str) -> None:
    assert containers()[name]["profiles"] == ["monitoring"]
