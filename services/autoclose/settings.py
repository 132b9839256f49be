"""What autoclose reads from the environment."""

from pydantic import Field

from shared.running.settings import RedisSettings, ServiceSettings


class Settings(ServiceSettings):
    """All of autoclose's settings. Whether and when tickets are closed is set by each account."""

    redis: RedisSettings = Field(default=RedisSettings(), description="where typing is kept")
