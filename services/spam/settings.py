"""What screening reads from the environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own: thresholds are the accounts'."""
