"""What the hand-off reads from the environment."""

from pathlib import Path

from pydantic import Field

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """All of the hand-off's settings. How a conversation is handed over is set by each account."""

    secrets_dir: Path = Field(
        default=Path("/run/secrets/helpdesk"),
        description="folder with a file for each secret that accounts name: a line user:token",
    )
