"""Where time acts: what a replica left unfinished is finished by another."""

from dataclasses import dataclass

from services.attribution.rules.decisions import News
from services.attribution.rules.history import History
from shared.stores.aggregates import Aggregates


@dataclass(frozen=True, slots=True)
class Sweep:
    """Publishes the facts that somebody stored and did not come to publish."""

    contacts: Aggregates[History, News]

    async def finish_left_over(self) -> None:
        """Afterwards nothing is owed that was overdue when this began, up to a bound."""
        await self.contacts.finish_left_over()
