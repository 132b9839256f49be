"""Settings that would let the wrong people in are refused, by name and without their secrets."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.desk.settings import OidcSettings, Settings, signing_key
from shared.errors import WrongSettings
from shared.running.secret_files import problems

SIGNING = "a" * 32


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})


def said(**given: str) -> list[str]:
    """What is wrong with the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"HELPDESK_{name}", value)
        with pytest.raises(ValidationError) as caught:
            Settings()
    return problems(caught.value.errors(include_url=False), Settings)


def settings(**given: str) -> Settings:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"HELPDESK_{name}", value)
        return Settings()


def test_by_default_cookies_are_secure_and_nothing_signs() -> None:
    assert Settings().secure_cookies
    with pytest.raises(WrongSettings, match="HELPDESK_SIGNING_SECRET"):
        signing_key(Settings())


def test_what_signs_comes_as_a_value_or_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SIGNING}\n")

    assert signing_key(settings(SIGNING_SECRET=SIGNING)) == SIGNING.encode()
    assert signing_key(settings(SIGNING_SECRET_FILE=str(path))) == SIGNING.encode()


def test_what_signs_cannot_be_guessed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("short")

    (short,) = said(SIGNING_SECRET="short and known")  # noqa: S106  # it is too short
    (in_file,) = said(SIGNING_SECRET_FILE=str(path))

    assert "HELPDESK_SIGNING_SECRET" in short
    assert "short and known" not in short
    assert in_file == "HELPDESK_SIGNING_SECRET_FILE: has to hold 32 characters or more"


PROVIDER = {
    "OIDC__ISSUER": "https://id.example.com/realm",
    "OIDC__CLIENT_ID": "desk",
    "PUBLIC_URL": "https://desk.example.com/",
}


def test_a_provider_is_set_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("between us")

    found = settings(
        **PROVIDER, OIDC__CLIENT_SECRET_FILE=str(path), OIDC__SCOPES="openid email groups"
    )

    assert found.oidc.secret("client_secret") == "between us"
    assert found.oidc.scopes == ("openid", "email", "groups")
    assert found.public_url == "https://desk.example.com"


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"PUBLIC_URL": ""}, "HELPDESK_PUBLIC_URL: is needed beside OIDC__ISSUER"),
        ({"OIDC__CLIENT_ID": ""}, "HELPDESK_OIDC__CLIENT_ID: is needed beside ISSUER"),
        (
            {"OIDC__ISSUER": "http://id.example.com"},
            "HELPDESK_OIDC__ISSUER: has to begin with https",
        ),
        ({"OIDC__SCOPES": "openid"}, "HELPDESK_OIDC__SCOPES: has to name openid and email"),
        (
            {"PUBLIC_URL": "http://desk.example.com"},
            "HELPDESK_PUBLIC_URL: has to begin with https, or set SECURE_COOKIES to false",
        ),
    ],
)
def test_what_does_not_fit_together_is_named(changed: dict[str, str], wrong: str) -> None:
    assert said(**{**PROVIDER, **changed}) == [wrong]


@pytest.mark.parametrize(
    "changed",
    [
        {"PUBLIC_URL": "https://desk.example.com/path"},
        {"PUBLIC_URL": "javascript:alert(1)"},
        {"CSP_REPORT_TO": "https://x; script-src *"},
        {"SESSION_IDLE": "1"},
        {"OIDC__ISSUER": "https://id.example.com?tenant=1"},
    ],
)
def test_what_is_no_such_thing_is_refused(changed: dict[str, str]) -> None:
    (line,) = said(**changed)

    assert line.startswith(f"HELPDESK_{next(iter(changed))}")


def test_a_provider_on_the_same_machine_needs_no_tls() -> None:
    given: dict[str, Any] = {"issuer": "http://127.0.0.1:9000", "client_id": "desk"}

    assert OidcSettings(**given).issuer == "http://127.0.0.1:9000"
