"""Erases what the desk keeps by contact; what it keeps by ticket goes by `ContentErased`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from shared.bus.delivery import Publish
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.stores.erased import Named
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "desk"


class Erasable(Protocol):
    """What is kept by contact."""

    async def note_erased(self, account_id: str, names: Collection[str], at: datetime) -> None:
        """Remember that what was received of these up to `at` is to be erased."""

    async def erase(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str], at: datetime
    ) -> Mapping[str, int]:
        """What was kept of them up to `at` is gone; how much of each kind there was."""

    async def count(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str], at: datetime
    ) -> Mapping[str, int]:
        """How much of each kind `erase` would take."""


class ErasableLines(Protocol):
    """The read model's share."""

    async def erase_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """Messages of these contacts that have joined no ticket are gone; how many there were."""

    async def count_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """How many messages `erase_waiting` would take."""


class ErasableModels(Protocol):
    """All read models, also one that is being built."""

    async def all_sides(self) -> Sequence[ErasableLines]:
        """The one that serves, and the other one."""


class News(Protocol):
    """What open pages were told of late."""

    async def forget(self, account_id: str) -> None:
        """Nothing of what the account was told is left."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic."""

    kept: Erasable
    models: ErasableModels
    news: News
    publish: Publish

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards each contact is erased, or counted, and the answer is published.

        Whom it erases is noted first: what is on its way finds the note, or is found here.
        """
        for ask in batch:
            if not isinstance(ask, EraseContact):
                continue
            # Kept by phone, by contact and by identity alike.
            whose = (ask.account_id, sorted(ask.contacts), sorted(ask.profile_ids), ask.occurred_at)
            sides = await self.models.all_sides()
            if ask.dry_run:
                counts = dict(await self.kept.count(*whose))
                waiting = [await side.count_waiting(*whose[:2]) for side in sides]
            else:
                names = {*ask.contacts, *(f"profile:{each}" for each in ask.profile_ids)}
                await self.kept.note_erased(ask.account_id, names, ask.occurred_at)
                counts = dict(await self.kept.erase(*whose))
                waiting = [await side.erase_waiting(*whose[:2]) for side in sides]
                await self.news.forget(ask.account_id)
            counts["waiting messages"] = max(waiting, default=0)
            id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
            await self.publish([ERASURES.record(answer(ask, SERVICE, id_, counts))])


def is_late(erased: Mapping[Named, datetime], names: Collection[Named], at: datetime) -> bool:
    """Whether what was received then, of one with these names, was erased meanwhile."""
    return any(name in erased and at <= erased[name] for name in names)
