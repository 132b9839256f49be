"""What autoclose reads from the environment."""

from pydantic import Field

from shared.running.settings import RedisSettings, ServiceSettings


class Settings(ServiceSettings):
    """All of autoclose's settings; how accounts want tickets closed is theirs, not ours."""

    redis: RedisSettings = Field(default=RedisSettings(), description="where typing is kept")
