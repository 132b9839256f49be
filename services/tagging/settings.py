"""What tagging reads from the environment."""

from shared.running.settings import ServiceSettings


class Settings(ServiceSettings):
    """Nothing of its own: which tags are given is in the accounts' settings."""
