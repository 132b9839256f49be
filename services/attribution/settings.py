"""What attribution reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """All of attribution's settings. The window and the grace period are set by each account."""
