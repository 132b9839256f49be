"""What screening reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """Screening has no settings of its own: each account sets its threshold."""
