"""Blocks of settings that services compose. Only a service's `settings.py` reads them."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _seconds(value: object) -> object:
    """A plain number in the environment is seconds; ISO 8601 (`PT1M`) is understood too."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Duration = Annotated[timedelta, BeforeValidator(_seconds)]


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Block):
    """How to reach Kafka."""

    bootstrap: str = Field(default="127.0.0.1:9092", description="host:port[,host:port …]")
    topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9.-]*$", description="before every topic and group name"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how the connection is protected"
    )
    ca_file: str | None = Field(default=None, description="PEM file of the brokers' authority")
    cert_file: str | None = Field(default=None, description="PEM file of the client certificate")
    key_file: str | None = Field(default=None, description="PEM file of the client's key")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="used with SASL_*"
    )
    username: str | None = Field(default=None, description="SASL user")
    password: SecretStr | None = Field(default=None, description="SASL password")
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


class MongoSettings(_Block):
    """How to reach MongoDB."""

    url: SecretStr = Field(
        default=SecretStr("mongodb://127.0.0.1:27017"), description="connection string"
    )
    database: str = Field(
        default="helpdesk", pattern=r"^[A-Za-z0-9_-]{1,60}$", description="name of the database"
    )


class RedisSettings(_Block):
    """How to reach Redis or Valkey."""

    url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"), description="connection string"
    )
    prefix: str = Field(default="helpdesk", description="before every key")


class ServiceSettings(BaseSettings):
    """What every service reads: `HELPDESK_KAFKA__BOOTSTRAP` and so on, and nothing else."""

    model_config = SettingsConfigDict(
        env_prefix="HELPDESK_", env_nested_delimiter="__", frozen=True, extra="ignore"
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
