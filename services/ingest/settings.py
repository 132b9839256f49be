"""What ingest reads from the environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from shared.running.settings import Duration, ServiceSettings


class Settings(ServiceSettings):
    """What every service needs; whose address is whose is in the accounts' settings."""

    parts_wait: Duration = Field(
        default=timedelta(seconds=30),
        gt=timedelta(0),
        le=timedelta(hours=1),
        description="how long a long SMS waits for its missing parts before it goes on without",
    )
    ingest_max_mail: int = Field(
        default=50 * 1024 * 1024,
        ge=64 * 1024,
        le=200 * 1024 * 1024,
        description="bytes of a mail kept outside its record from which on only its header is read",
    )
    ingest_max_file: int = Field(
        default=20 * 1024 * 1024,
        ge=0,
        le=200 * 1024 * 1024,
        description="bytes of a file up to which its content is published; a larger one is named",
    )
    ingest_mail_folder: Path | None = Field(
        default=None,
        description="the folder below which `file://` references to such mails may be read",
    )
    ingest_share: float | None = Field(
        default=None,
        gt=0,
        le=100_000,
        description="messages a second that an account may bring in on a channel, for each replica"
        " of ingest; what is beyond is kept and let in by and by; unset, all comes in at once",
    )
    ingest_let_in: float = Field(
        default=50,
        gt=0,
        le=100_000,
        description="how many of all messages that are kept are let in a second, at most",
    )
