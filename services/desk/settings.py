"""What the desk reads from the environment."""

from datetime import timedelta
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ConfigDict, Field, FilePath, SecretStr, model_validator
from pydantic_settings import NoDecode

from shared.errors import WrongSettings
from shared.running.secret_files import WithSecrets, wrong
from shared.running.settings import Duration, RedisSettings, ServiceSettings

SHORTEST_SECRET: Final = 32
"""In characters, of what signs."""


def _scopes(value: object) -> object:
    """`openid email` in the environment is a list of two."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _without_slash(value: object) -> object:
    return value.rstrip("/") if isinstance(value, str) else value


def _is_safe(url: str) -> bool:
    """Whether it goes by TLS, or does not leave the machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in {"localhost", "127.0.0.1", "::1"}


class OidcSettings(WithSecrets):
    """The OpenID Connect provider by which agents sign in; it has to verify their addresses."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(
        default="",
        pattern=r"^(https?://[^\s?#@]+)?$",
        description="the provider, exactly as it names itself; empty: agents sign in by password",
    )
    client_id: str = Field(default="", description="the desk, as the provider knows it")
    client_secret: SecretStr | None = Field(
        default=None, description="the desk's secret at the provider, if it gave one"
    )
    client_secret_file: FilePath | None = Field(default=None, description="a file with that secret")
    scopes: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_scopes)] = Field(
        default=("openid", "email", "profile"), description="what is asked for, with spaces between"
    )
    passwords_too: bool = Field(
        default=False, description="whether passwords count beside the provider"
    )

    @model_validator(mode="after")
    def _what_is_said_fits_together(self) -> Self:
        if self.issuer and not self.client_id:
            raise wrong("client_id", "is needed beside ISSUER")
        if self.issuer and not _is_safe(self.issuer):
            raise wrong("issuer", "has to begin with https")
        if not {"openid", "email"} <= set(self.scopes):
            raise wrong("scopes", "has to name openid and email")
        return self


class Settings(ServiceSettings):
    """All of the desk's settings. What agents may do is set by each account."""

    redis: RedisSettings = Field(default=RedisSettings(), description="where live updates pass")
    http_port: int = Field(
        default=8000, ge=0, le=65535, description="port of the page and the API; 0 takes a free one"
    )
    http_host: str = Field(default="0.0.0.0", description="address those listen on")  # noqa: S104
    public_url: Annotated[str, BeforeValidator(_without_slash)] = Field(
        default="",
        pattern=r"^(https?://[^\s/?#@]+)?$",
        description="where browsers find the desk, such as https://desk.example.com",
    )
    signing_secret: SecretStr | None = Field(
        default=None,
        min_length=SHORTEST_SECRET,
        description="32 characters or more, the same for all replicas, known to nobody else: it"
        " signs what pages send back",
    )
    signing_secret_file: FilePath | None = Field(
        default=None, description="a file with that secret"
    )
    largest_upload: int = Field(
        default=20 * 1024 * 1024,
        ge=1024,
        le=200 * 1024 * 1024,
        description="bytes of a file that an agent may attach to a reply",
    )
    trusted_proxies: str = Field(
        default="",
        pattern=r"^([0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*)?$",
        description="the proxies, as addresses or networks with commas between them, that are"
        " believed when they say whom a request is from",
    )
    secure_cookies: bool = Field(
        default=True, description="off only where browsers come without TLS, on one machine"
    )
    session_idle: Duration = Field(
        default=timedelta(hours=12),
        ge=timedelta(minutes=5),
        description="a session ends so long after its last use",
    )
    session_longest: Duration = Field(
        default=timedelta(days=7),
        ge=timedelta(minutes=5),
        description="a session ends so long after it began, however it is used",
    )
    csp_report_to: str = Field(
        default="",
        pattern=r"^(https?://[^\s;,\"]+)?$",
        description="where browsers tell what the page's policy kept from happening",
    )
    oidc: OidcSettings = Field(
        default=OidcSettings(), description="the OpenID Connect provider, where there is one"
    )

    @model_validator(mode="after")
    def _who_signs_in_is_known(self) -> Self:
        if self.oidc.issuer and not self.public_url:
            raise wrong("public_url", "is needed beside OIDC__ISSUER")
        if self.secure_cookies and self.public_url and not self.public_url.startswith("https:"):
            raise wrong("public_url", "has to begin with https, or set SECURE_COOKIES to false")
        if self.signing_secret_file and len(self.secret("signing_secret") or "") < SHORTEST_SECRET:
            raise wrong("signing_secret_file", f"has to hold {SHORTEST_SECRET} characters or more")
        return self


def signing_key(settings: Settings) -> bytes:
    """What the desk signs with. Raises WrongSettings where there is none."""
    secret = settings.secret("signing_secret")
    if secret is None:
        raise WrongSettings(
            "HELPDESK_SIGNING_SECRET or its file is needed: draw one by `openssl rand -hex 32`"
        )
    return secret.encode()
