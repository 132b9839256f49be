"""What ingest reads from the environment."""

from datetime import timedelta

from pydantic import Field

from shared.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """What every service needs; whose address is whose is in the accounts' settings."""

    parts_wait: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(0), le=timedelta(hours=1),
        description="how long a long SMS waits for its missing parts before it goes on without",
    )
