"""Where files are kept, in memory, for tests: the same promises as the real one."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.desk.rules.files import UNSENT_KEPT, File
from shared.contracts.files import FilePart


@dataclass
class Held:
    """A file, its parts, and until when it is kept."""

    file: File
    contact: str = ""
    parts: dict[int, bytes] = field(default_factory=dict)
    until: datetime | None = None
    digest: str | None = None


@dataclass
class MemoryFiles:
    """Dictionaries by the same keys."""

    held: dict[str, Held] = field(default_factory=dict)

    async def keep(self, parts: Sequence[FilePart]) -> None:
        for part in parts:
            file = File(
                account_id=part.account_id,
                id=part.file_id,
                name=part.name,
                content_type=part.content_type,
                size=part.size,
                parts=part.parts,
                at=part.occurred_at,
                here=False,
                message_id=part.message_id,
            )
            key = f"{part.account_id}:{part.file_id}"
            held = self.held.setdefault(key, Held(file, part.contact))
            held.parts[part.part] = part.data
            held.file = replace(held.file, here=len(held.parts) == part.parts)

    async def known(self, account_id: str, ids: Collection[str]) -> dict[str, File]:
        keys = {id_: f"{account_id}:{id_}" for id_ in ids}
        return {id_: self.held[key].file for id_, key in keys.items() if key in self.held}

    async def content(self, file: File) -> AsyncIterator[bytes]:
        held = self.held[f"{file.account_id}:{file.id}"]
        for number in range(1, file.parts + 1):
            yield held.parts[number]

    async def forget_messages(self, account_id: str, message_ids: Collection[str]) -> None:
        for key, held in list(self.held.items()):
            if held.file.account_id == account_id and held.file.message_id in message_ids:
                del self.held[key]

    async def begin(self, file: File, limit: int) -> bool:
        theirs = [h for h in self.held.values() if h.file.by == file.by and h.until]
        if len(theirs) >= limit:
            return False
        key = f"{file.account_id}:{file.id}"
        self.held.setdefault(key, Held(file, until=file.at + UNSENT_KEPT))
        return True

    async def add(self, file: File, number: int, content: bytes) -> None:
        self.held[f"{file.account_id}:{file.id}"].parts[number] = content

    async def end(self, file: File, size: int, parts: int, digest: str) -> None:
        held = self.held[f"{file.account_id}:{file.id}"]
        held.file = replace(held.file, size=size, parts=parts, here=True)
        held.digest = digest

    async def use(self, who: str, ticket_key: str, id_: str, until: datetime) -> File | None:
        account_id, _, by = who.partition(":")
        held = self.held.get(f"{account_id}:{id_}")
        ticket_id = ticket_key.partition(":")[2]
        if held is None or held.digest is None or held.file.by != by:
            return None
        if held.file.ticket_id not in (None, ticket_id):
            return None
        held.file = replace(held.file, ticket_id=ticket_id)
        held.until = max(held.until, until) if held.until else None
        return held.file

    async def sent(self, keys: Collection[str]) -> None:
        for key in keys:
            if key in self.held:
                self.held[key].until = None

    async def forget_upload(self, who: str, id_: str) -> None:
        account_id, _, by = who.partition(":")
        held = self.held.get(f"{account_id}:{id_}")
        if held and held.file.by == by and held.file.ticket_id is None:
            del self.held[f"{account_id}:{id_}"]

    async def forget_tickets(self, tickets: Collection[str]) -> None:
        for key, held in list(self.held.items()):
            if held.file.ticket_id and f"{held.file.account_id}:{held.file.ticket_id}" in tickets:
                del self.held[key]

    async def sweep(self, now: datetime) -> None:
        for key, held in list(self.held.items()):
            if held.until is not None and held.until <= now:
                del self.held[key]
