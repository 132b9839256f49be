"""Screening's store in memory, for tests: the same promises as the real one."""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.spam.rules.verdict import ContactRef, Standing
from tests.memory import MemoryErasures


class MemoryContacts:
    """Standings in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[ContactRef, Standing] = {}
        self.erasures = MemoryErasures()

    async def load(self, contacts: Collection[ContactRef]) -> dict[ContactRef, Standing]:
        return {contact: self.kept[contact] for contact in contacts if contact in self.kept}

    async def add(self, standings: Mapping[ContactRef, Standing]) -> None:
        for contact, standing in standings.items():
            self.kept[contact] = self.kept.get(contact, Standing()) | standing

    async def erase(self, contacts: Collection[ContactRef], at: datetime) -> None:
        for contact in contacts:
            there = self.kept.pop(contact, Standing())
            known, spam = ((t if t and t > at else None) for t in (there.known_at, there.spam_at))
            if known or spam:
                self.kept[contact] = Standing(known, spam)
