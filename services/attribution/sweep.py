"""The sweep: what one replica left unfinished, another finishes."""

from dataclasses import dataclass

from services.attribution.rules.decisions import News
from services.attribution.rules.history import History
from shared.stores.aggregates import Aggregates


@dataclass(frozen=True, slots=True)
class Sweep:
    """Publishes the facts that a replica stored but did not come to publish."""

    contacts: Aggregates[History, News]

    async def finish_left_over(self) -> None:
        """Publish what was overdue when this began; one run has a limit, the next does the rest."""
        await self.contacts.finish_left_over()
