"""Ticketing's settings."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What every service reads; ticketing needs nothing else."""
