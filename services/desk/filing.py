"""Keeps files: those that come with messages, part by part, and those of replies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.desk.erasing import is_late
from shared.clock import Clock
from shared.contracts.files import FilePart
from shared.contracts.tickets import AgentReplied, ContentErased, TicketFact
from shared.stores.erased import Named


class Files(Protocol):
    """Where files are kept."""

    async def keep(self, parts: Sequence[FilePart]) -> None:
        """Each part is there, once, in whatever order they come."""

    async def forget_messages(self, account_id: str, message_ids: Collection[str]) -> None:
        """Nothing is left of files of these messages."""

    async def sweep(self, now: datetime) -> None:
        """Nothing is left of uploads whose time has passed and that no reply took."""


class Erased(Protocol):
    """Who was erased."""

    async def erased(self, contacts: Collection[Named]) -> Mapping[Named, datetime]:
        """Up to when each of these contacts was erased, where any was."""


class Sent(Protocol):
    """What the ticket stream says of files."""

    async def sent(self, keys: Collection[str]) -> None:
        """The uploads of these `account:file` went out: they are kept."""

    async def forget_tickets(self, tickets: Collection[str]) -> None:
        """Nothing is left of files of replies in these tickets, by `account:ticket`."""

    async def forget_messages(self, account_id: str, message_ids: Collection[str]) -> None:
        """See `Files`."""


@dataclass(frozen=True, slots=True)
class Filing:
    """Takes parts of files from their topic, and sweeps uploads."""

    files: Files
    around: Erased
    clock: Clock

    async def parts_came(self, parts: Sequence[FilePart]) -> None:
        """Each part is kept, unless its contact was erased after it was received.

        That is looked for first, and again once it is stored.
        """
        new = await self._unerased(parts)
        await self.files.keep(new)
        kept = {part.id for part in await self._unerased(new)}
        for part in new:
            if part.id not in kept:
                await self.files.forget_messages(part.account_id, [part.message_id])

    async def sweep(self) -> None:
        """See `Files.sweep`."""
        await self.files.sweep(self.clock())

    async def _unerased(self, parts: Sequence[FilePart]) -> list[FilePart]:
        whose = {part.id: (part.account_id, part.contact) for part in parts}
        erased = await self.around.erased(set(whose.values()))
        return [p for p in parts if not is_late(erased, [whose[p.id]], p.occurred_at)]


@dataclass(frozen=True, slots=True)
class _Nowhere:
    async def sent(self, _: Collection[str]) -> None:
        return

    async def forget_tickets(self, _: Collection[str]) -> None:
        return

    async def forget_messages(self, _: str, __: Collection[str]) -> None:
        return


NOWHERE: Final[Sent] = _Nowhere()
"""For whoever reads the stream and keeps no files, such as a rebuild."""


async def follow(
    files: Sent, events: Sequence[TicketFact], whole: Mapping[str, Sequence[str]]
) -> None:
    """Files are as these events leave them.

    `whole` has the ids of the messages of each ticket that was erased whole, by `account:ticket`.
    """
    replies = [event for event in events if isinstance(event, AgentReplied)]
    await files.sent(
        {f"{r.account_id}:{a.file_id}" for r in replies for a in r.attachments if a.file_id}
    )
    await files.forget_tickets(set(whole))
    for ticket, messages in whole.items():
        await files.forget_messages(ticket.partition(":")[0], messages)
    for event in events:
        if isinstance(event, ContentErased):
            await files.forget_messages(event.account_id, event.message_ids)
