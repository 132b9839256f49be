"""Secrets as values or files, settings that do not fit together, and what is told of errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError
from pymongo.errors import BulkWriteError, ServerSelectionTimeoutError

from services.ticketing.settings import Settings as TicketingSettings
from shared.errors import Poison, Transient, WrongSettings
from shared.running import logs
from shared.running.service import Service, main
from shared.running.settings import (
    KafkaSettings,
    MongoSettings,
    RedisSettings,
    ServiceSettings,
)
from shared.running.telling import told
from shared.stores import mongo, redis

SECRET = "hunter2-hunter2-hunter2"  # noqa: S105


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (found := tmp_path / "secret").write_text(f"{SECRET}\n")
    return found


SASL = {"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "spam"}
WRONG: list[tuple[str, dict[str, str]]] = [
    ("KAFKA__PASSWORD", {**SASL}),
    ("KAFKA__USERNAME", {"SECURITY_PROTOCOL": "SASL_PLAINTEXT", "PASSWORD": SECRET}),
    ("KAFKA__USERNAME", {"USERNAME": "spam", "PASSWORD": SECRET}),
    ("KAFKA__PASSWORD", {"PASSWORD": SECRET}),
    ("KAFKA__PASSWORD_FILE", {**SASL, "PASSWORD": SECRET, "PASSWORD_FILE": "{file}"}),
    ("KAFKA__PASSWORD_FILE", {**SASL, "PASSWORD_FILE": "/nowhere/at/all"}),
    ("KAFKA__PASSWORD_FILE", {**SASL, "PASSWORD_FILE": "{empty}"}),
    ("KAFKA__CA_FILE", {"CA_FILE": "{file}"}),
    ("KAFKA__CA_FILE", {"SECURITY_PROTOCOL": "SSL", "CA_FILE": "{file}"}),
    ("KAFKA__KEY_FILE", {"SECURITY_PROTOCOL": "SSL", "CERT_FILE": "{file}"}),
    ("KAFKA__CERT_FILE", {"SECURITY_PROTOCOL": "SSL", "KEY_FILE": "{file}"}),
]


@pytest.mark.parametrize(("named", "said"), WRONG)
def test_what_does_not_fit_together_is_one_line_that_names_the_setting_and_exit_code_2(
    named: str,
    said: dict[str, str],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (empty := file.with_name("empty")).touch()
    for name, value in said.items():
        monkeypatch.setenv(f"HELPDESK_KAFKA__{name}", value.format(file=file, empty=empty))

    assert main(never, ServiceSettings) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"HELPDESK_{named}")
    assert SECRET not in line


def never(_: ServiceSettings) -> Service:
    raise AssertionError


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HELPDESK_MONGO__URL", f"mongodb://me:{SECRET}@x@host:port/"),
        ("HELPDESK_MONGO__URL", f"mongodb://host:{SECRET}"),
    ],
)
def test_a_url_that_is_none_is_named_and_not_shown(
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)

    def build(settings: ServiceSettings) -> Service:
        mongo.Mongo(settings.mongo)
        raise AssertionError

    assert main(build, ServiceSettings) == 2
    said = capsys.readouterr().err
    assert variable in said
    assert SECRET not in said


def test_a_redis_url_that_is_none_is_not_shown() -> None:
    with pytest.raises(WrongSettings, match="HELPDESK_REDIS__URL") as refused:
        redis.connect(RedisSettings.model_validate({"url": f"redis://host:{SECRET}"}))

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "keys", [f'{{"{SECRET}": "1"}}', f'{{"1": "{SECRET[:9]}"}}', f'"{SECRET}"']
)
def test_wrong_mail_token_keys_are_named_and_not_shown(
    keys: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELPDESK_MAIL_TOKEN_KEYS", keys)

    assert main(never, TicketingSettings) == 2
    said = capsys.readouterr().err
    assert "HELPDESK_MAIL_TOKEN_KEYS" in said
    assert SECRET[:9] not in said


def test_mail_token_keys_come_by_a_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELPDESK_MAIL_TOKEN_KEYS_FILE", str(file))
    with pytest.raises(ValidationError, match="JSON") as refused:
        TicketingSettings()
    assert SECRET not in str(refused.value)

    file.write_text(json.dumps({"1": SECRET}))
    from_file = TicketingSettings()
    monkeypatch.delenv("HELPDESK_MAIL_TOKEN_KEYS_FILE")
    monkeypatch.setenv("HELPDESK_MAIL_TOKEN_KEYS", json.dumps({"1": SECRET}))

    assert from_file.tokens == TicketingSettings().tokens
    assert SECRET not in repr(from_file)


def test_a_changed_file_is_read_anew_and_one_that_is_gone_passes_by_itself(file: Path) -> None:
    settings = MongoSettings.model_validate({"username": "me", "password_file": file})
    file.write_text("another")

    assert settings.secret("password") == "another"
    file.unlink()
    with pytest.raises(Transient, match="password"):
        settings.secret("password")


def test_an_error_of_the_settings_does_not_show_what_was_set() -> None:
    with pytest.raises(ValidationError) as refused:
        KafkaSettings.model_validate({"password": SECRET})

    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)


@pytest.mark.slow
def test_the_operators_command_tells_wrong_settings_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from shared.cli import main; main()", "dead-letters", "list"],
        env={"HELPDESK_KAFKA__PASSWORD": SECRET, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("HELPDESK_KAFKA__PASSWORD: ")
    assert SECRET not in done.stderr


WORDS = "my words, to you alone"


def test_of_errors_is_told_what_cannot_be_a_customers_words() -> None:
    bulk = BulkWriteError({"writeErrors": [{"op": {"text": WORDS}, "errmsg": WORDS}]})

    assert told(Poison("malformed", "text: is missing")) == "text: is missing"
    assert "refused" in told(ConnectionRefusedError("refused"))
    assert "host:27017" in told(ServerSelectionTimeoutError("host:27017 timed out"))
    assert WORDS not in told(bulk)
    assert "65" in told(bulk)
    assert told(ValueError(WORDS)) == "ValueError"


@pytest.mark.parametrize("how", ["json", "console"])
def test_a_bug_is_logged_with_its_place_and_neither_its_words_nor_its_variables(
    how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = ServiceSettings.model_validate({"log_format": how, "log_level": "debug"})
    before = structlog.get_config()
    logs.configure("spam", settings)
    try:
        _break(WORDS)
    except RuntimeError as error:
        structlog.get_logger().error("failed", exc_info=error)
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()

    said = capfd.readouterr().err
    assert "RuntimeError" in said
    assert "KeyError" in said
    assert "_break" in said
    assert WORDS not in said


def _break(words: str) -> None:
    known: dict[str, str] = {}
    try:
        known.pop(words)
    except KeyError as error:
        raise RuntimeError(words) from error
