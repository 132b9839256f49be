"""What screening reads from the environment."""

from typing import Literal

from pydantic import Field

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """Screening's own setting; thresholds are the accounts'."""

    spam_model: Literal["on", "shadow"] = Field(
        default="on",
        description="whether the model that learns counts, or is only tried beside the rules",
    )
