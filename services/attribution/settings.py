"""What attribution reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """All of attribution's settings; window and grace period are the accounts', not ours."""
