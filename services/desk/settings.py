"""What the desk reads from the environment."""

from pydantic import Field

from shared.running.settings import RedisSettings, ServiceSettings


class Settings(ServiceSettings):
    """All of the desk's settings. What agents may do is set by each account."""

    redis: RedisSettings = Field(default=RedisSettings(), description="where live updates pass")
    http_port: int = Field(
        default=8000, ge=0, le=65535, description="port of the page and the API; 0 takes a free one"
    )
    http_host: str = Field(default="0.0.0.0", description="address those listen on")  # noqa: S104
