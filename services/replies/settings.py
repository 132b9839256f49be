"""What replies reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """Every service's settings. What is answered, and how, is set by each account."""
