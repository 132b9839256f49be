"""A contact's history that hears of things one after the other."""

from collections.abc import Iterable

from services.attribution.rules.decisions import Fact, News, decide
from services.attribution.rules.history import History
from shared.contracts.accounts import AttributionSettings
from shared.contracts.marketing import MessageAttributed
from tests.attribution.story import (
    PHONE,
    final_credits,
)

USUAL = AttributionSettings()
REACH = USUAL.window + USUAL.grace


class Listener:
    """A contact's history that grows with what is heard; `facts` is all that followed."""

    def __init__(self, settings: AttributionSettings = USUAL) -> None:
        self.settings = settings
        self.history: History | None = None
        self.facts: list[MessageAttributed] = []

    def hears(self, facts: Iterable[Fact]) -> list[MessageAttributed]:
        """What follows from these facts."""
        followed: list[MessageAttributed] = []
        for fact in facts:
            self.history, new = decide(self.history, News(PHONE, fact), self.settings)
            followed += new
        self.facts += followed
        return followed

    @property
    def credits(self) -> dict[str, str]:
        return final_credits(self.facts)
