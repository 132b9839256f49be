"""What screening reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own: thresholds are the accounts'."""
