"""Screening's store in memory, for tests: the same promises as the real one."""

from collections.abc import Collection, Mapping

from services.spam.rules.verdict import ContactRef, Standing


class MemoryContacts:
    """Standings in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[ContactRef, Standing] = {}

    async def load(self, contacts: Collection[ContactRef]) -> dict[ContactRef, Standing]:
        return {contact: self.kept[contact] for contact in contacts if contact in self.kept}

    async def add(self, standings: Mapping[ContactRef, Standing]) -> None:
        for contact, standing in standings.items():
            self.kept[contact] = self.kept.get(contact, Standing()) | standing
