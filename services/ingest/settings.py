"""What ingest reads from the environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service needs; whose address is whose is in the accounts' settings."""
