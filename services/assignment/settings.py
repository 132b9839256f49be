"""What assignment reads from its environment."""

from datetime import timedelta

from pydantic import Field

from shared.running.settings import Duration, RedisSettings, ServiceSettings


class Settings(ServiceSettings):
    """Assignment's settings.

    By default the sweep runs twice a second, so that it acts within a second (ASG 6).
    """

    redis: RedisSettings = RedisSettings()
    sweep_interval: Duration = Field(
        default=timedelta(milliseconds=500),
        gt=timedelta(0),
        description="how often waiting tickets, silent agents and opening hours are looked at",
    )
