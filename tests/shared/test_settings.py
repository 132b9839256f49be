"""What the services read from the environment, and what they say where it is wrong."""

import importlib
import os
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from shared.running.service import Service, main
from shared.running.settings import KafkaSettings, MongoSettings, ServiceSettings
from shared.topic import SERVICES


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("HELPDESK_"):
            monkeypatch.delenv(name)


def settings_of(service: str) -> type[ServiceSettings]:
    found: type[ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


each_service = pytest.mark.parametrize("service", SERVICES)


@each_service
def test_a_service_needs_nothing_but_what_is_on_this_machine(service: str) -> None:
    settings = settings_of(service)()

    assert settings.kafka.bootstrap == "127.0.0.1:9092"
    assert "127.0.0.1" in settings.mongo.url.get_secret_value()
    assert settings.kafka.idempotent_producer
    assert settings.stop_timeout < timedelta(seconds=30), "what Kubernetes waits by default"


@each_service
def test_a_service_reads_the_environment(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {
        "HELPDESK_KAFKA__BOOTSTRAP": "a:1,b:2",
        "HELPDESK_KAFKA__TOPIC_PREFIX": "staging.",
        "HELPDESK_KAFKA__SESSION_TIMEOUT": "6.5",
        "HELPDESK_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "HELPDESK_KAFKA__USERNAME": service,
        "HELPDESK_KAFKA__PASSWORD": "secret-word",
        "HELPDESK_MONGO__URL": "mongodb://user:secret-word@db",
        "HELPDESK_SWEEP_INTERVAL": "PT2S",
        "HELPDESK_HEALTH_PORT": "0",
        "HELPDESK_LOG_FORMAT": "console",
        "HELPDESK_OF_ANOTHER_SERVICE": "1",
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)

    settings = settings_of(service)()

    assert settings.kafka.bootstrap == "a:1,b:2"
    assert settings.kafka.topic_prefix == "staging."
    assert settings.kafka.session_timeout == timedelta(seconds=6.5)
    assert settings.sweep_interval == timedelta(seconds=2)
    assert settings.health_port == 0
    assert settings.log_format == "console"
    assert "secret-word" not in repr(settings)
    assert "secret-word" not in settings.model_dump_json()


@each_service
@pytest.mark.parametrize("number", ["0.25", "2", "90"])
def test_a_duration_may_be_a_number_of_seconds(
    service: str, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_SWEEP_INTERVAL", number)

    assert settings_of(service)().sweep_interval == timedelta(seconds=float(number))


WRONG = {
    "HELPDESK_HEALTH_PORT": "70000",
    "HELPDESK_LOG_LEVEL": "loud",
    "HELPDESK_STOP_TIMEOUT": "0",
    "HELPDESK_SWEEP_INTERVAL": "-1",
    "HELPDESK_KAFKA__TOPIC_PREFIX": "with space",
    "HELPDESK_KAFKA__MAX_BATCH": "0",
    "HELPDESK_KAFKA__SECURITY_PROTOCOL": "TELNET",
    "HELPDESK_KAFKA__BOTSTRAP": "a:1",
    "HELPDESK_MONGO__DATABASE": "a/b",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_as_it_was_written_and_nothing_starts(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, WRONG[name])

    def never(_: ServiceSettings) -> Service:
        raise AssertionError

    assert main(never, ServiceSettings) == 2
    assert name in capsys.readouterr().err


def test_a_wrong_secret_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELPDESK_KAFKA__PASSWORD", "secret-word")
    monkeypatch.setenv("HELPDESK_KAFKA__PASSWROD", "secret-word")

    assert main(lambda _: pytest.fail("started"), ServiceSettings) == 2
    assert "HELPDESK_KAFKA__PASSWROD" in (said := capsys.readouterr().err)
    assert "secret-word" not in said


def test_a_block_that_is_no_json_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELPDESK_KAFKA", '{"password": "secret-word"')

    assert main(lambda _: pytest.fail("started"), ServiceSettings) == 2
    assert '"kafka"' in (said := capsys.readouterr().err)
    assert "secret-word" not in said


def test_settings_do_not_change_under_those_who_read_them() -> None:
    settings = ServiceSettings()

    for block, name in [(settings, "health_port"), (settings.kafka, "bootstrap")]:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(block, name, "x")


def blocks() -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = [("kafka", KafkaSettings), ("mongo", MongoSettings)]
    return [*named, *((service, settings_of(service)) for service in SERVICES)]


@pytest.mark.parametrize(("name", "block"), blocks(), ids=[name for name, _ in blocks()])
def test_every_setting_says_what_it_is(name: str, block: Any) -> None:
    for field, info in block.model_fields.items():
        nested = isinstance(info.default, KafkaSettings | MongoSettings) or field == "redis"
        assert nested or info.description, f"{name}.{field}"


def test_a_secret_is_a_secret() -> None:
    secret = {"password", "url"}
    for _, block in blocks()[:2]:
        for field, info in block.model_fields.items():
            assert (SecretStr.__name__ in str(info.annotation)) == (field in secret)
