"""Blocks of settings that services compose. Only a service's `settings.py` reads them."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.running.secret_files import WithSecrets, WithTls, wrong


def _seconds(value: object) -> object:
    """A plain number in the environment is seconds; ISO 8601 (`PT1M`) is understood too."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Duration = Annotated[timedelta, BeforeValidator(_seconds)]


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KafkaSettings(_Block, WithSecrets, WithTls):
    """How to reach Kafka."""

    bootstrap: str = Field(default="127.0.0.1:9092", description="host:port[,host:port …]")
    topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9.-]*$", description="before every topic and group name"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how the connection is protected"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="used with SASL_*"
    )
    username: str | None = Field(default=None, description="SASL user")
    password: SecretStr | None = Field(default=None, description="SASL password")
    password_file: FilePath | None = Field(default=None, description="a file with that password")
    idempotent_producer: bool = Field(
        default=True, description="off only for brokers that do not know it (the embedded one)"
    )
    session_timeout: Duration = Field(
        default=timedelta(seconds=10),
        gt=timedelta(seconds=1),
        description="after so long without a heartbeat a replica's partitions move on",
    )
    rebalance_timeout: Duration = Field(
        default=timedelta(seconds=60),
        gt=timedelta(seconds=1),
        description="how long a rebalance waits for a replica to finish its batch",
    )
    fetch_wait: Duration = Field(
        default=timedelta(milliseconds=500),
        gt=timedelta(0),
        description="how long the broker may hold an empty fetch",
    )
    max_batch: int = Field(default=1000, ge=1, le=10_000, description="records a batch, at most")

    @model_validator(mode="after")
    def _what_is_said_fits_together(self) -> Self:
        protocol = self.security_protocol
        self.check_files("SSL" in protocol, "set SECURITY_PROTOCOL to SSL or SASL_SSL")
        secret = "password" if self.password else "password_file" if self.password_file else ""
        if protocol.startswith("SASL"):
            if not self.username:
                raise wrong("username", f"is needed with SECURITY_PROTOCOL={protocol}")
            if not secret:
                raise wrong("password", f"or its file is needed with SECURITY_PROTOCOL={protocol}")
        elif self.username or secret:
            name = "username" if self.username else secret
            raise wrong(name, f"is of no use with SECURITY_PROTOCOL={protocol}")
        return self


class _Store(_Block, WithSecrets, WithTls):
    """How to reach a store. Who is named by `username` comes before whom the URL names."""

    url: SecretStr
    url_file: FilePath | None = Field(default=None, description="a file with that string")
    tls: bool = Field(default=False, description="whether to connect by TLS, if the URL says not")
    username: str | None = Field(default=None, description="the user, instead of the URL's")
    password: SecretStr | None = Field(default=None, description="that user's password")
    password_file: FilePath | None = Field(default=None, description="a file with that password")

    @property
    def by_tls(self) -> bool:
        """Whether TLS is asked for, here or in the URL."""
        try:
            asked = urlsplit(self.secret("url") or "")
        except ValueError:
            return self.tls
        options = asked.query.lower().split("&")
        secure = asked.scheme in {"rediss", "mongodb+srv"}
        return self.tls or secure or "tls=true" in options or "ssl=true" in options

    @model_validator(mode="after")
    def _what_is_said_fits_together(self) -> Self:
        self.check_files(self.by_tls, "set TLS to true")
        if self.username and not (self.password or self.password_file):
            raise wrong("password", "or its file is needed beside USERNAME")
        return self


class MongoSettings(_Store):
    """How to reach MongoDB."""

    url: SecretStr = Field(
        default=SecretStr("mongodb://127.0.0.1:27017"), description="connection string"
    )
    database: str = Field(
        default="helpdesk", pattern=r"^[A-Za-z0-9_-]{1,60}$", description="name of the database"
    )

    @model_validator(mode="after")
    def _somebody_has_the_password(self) -> Self:
        if (self.password or self.password_file) and not self.username:
            raise wrong("username", "is needed beside a password")
        return self


class RedisSettings(_Store):
    """How to reach Redis or Valkey."""

    url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"), description="connection string"
    )
    prefix: str = Field(default="helpdesk", description="before every key")


class ServiceSettings(BaseSettings, WithSecrets):
    """What every service reads: `HELPDESK_KAFKA__BOOTSTRAP` and so on, and nothing else."""

    model_config = SettingsConfigDict(
        env_prefix="HELPDESK_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,  # they may be secrets
    )

    kafka: KafkaSettings = KafkaSettings()
    mongo: MongoSettings = MongoSettings()
    health_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="port of /metrics, /live and /ready; 0 takes a free one",
    )
    health_host: str = Field(default="0.0.0.0", description="address those listen on")  # noqa: S104
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe lines that are written"
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="a JSON object a line, or coloured text"
    )
    stop_timeout: Duration = Field(
        default=timedelta(seconds=25),
        gt=timedelta(0),
        description="how long stopping waits for the batch in flight",
    )
    sweep_interval: Duration = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        description="how often a service looks for what time has made due",
    )
