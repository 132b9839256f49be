"""The optional engines that the settings ask for. Their packages are needed only then."""

from services.spam.advice import FailingOpen, OptionalEngine, Told, untold
from services.spam.embeddings import Embeddings
from services.spam.rspamd import Rspamd
from services.spam.settings import Settings


def advisers(settings: Settings, told: Told = untold) -> tuple[FailingOpen, ...]:
    """The engines asked for, in that order, not yet open."""
    return tuple(FailingOpen(_engine(name, settings, told), told) for name in settings.spam_engines)


def _engine(name: str, settings: Settings, told: Told) -> OptionalEngine:
    if name == "embeddings":
        return Embeddings(told)
    return Rspamd(settings.rspamd_url, lambda: settings.rspamd_secret, told)
