"""Autoclose's stores in memory, for tests: the same promises as the real ones."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.autoclose.rules.closing import TypingMark
from services.autoclose.rules.timer import NOTHING_RUNS, TicketRef, Timer, Typist
from shared.clock import EPOCH


class MemoryTimers:
    """Timers in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[TicketRef, Timer] = {}

    async def load(self, tickets: Collection[TicketRef]) -> dict[TicketRef, Timer]:
        return {ref: self.kept[ref] for ref in tickets if ref in self.kept}

    async def save(self, timers: Sequence[Timer], known: Collection[TicketRef]) -> None:
        del known
        for timer in timers:
            kept = self.kept.get(timer.ref)
            if kept is None or kept.last_seq < timer.last_seq:
                self.kept[timer.ref] = timer

    async def due(self, now: datetime, limit: int) -> list[Timer]:
        due = (timer for timer in self.kept.values() if EPOCH <= timer.due_at < now)
        return sorted(due, key=lambda timer: timer.due_at)[:limit]

    async def set_otherwise(self, account_id: str, settings: str, limit: int) -> list[Timer]:
        return [
            timer
            for timer in self.kept.values()
            if timer.account_id == account_id and timer.settings not in (NOTHING_RUNS, settings)
        ][:limit]

    async def revise(self, changes: Sequence[tuple[Timer, Timer]]) -> None:
        for before, after in changes:
            kept = self.kept.get(before.ref)
            if kept is not None and (kept.last_seq, kept.due_at, kept.settings) == (
                before.last_seq,
                before.due_at,
                before.settings,
            ):
                self.kept[before.ref] = after


class MemoryTyping:
    """Typing marks in a dictionary; the rules, not this, decide which are too old."""

    def __init__(self) -> None:
        self.marks: dict[Typist, datetime] = {}

    async def mark(self, marks: Mapping[Typist, TypingMark]) -> None:
        self.marks.update({typist: mark.at for typist, mark in marks.items()})

    async def seen(self, typists: Collection[Typist]) -> dict[Typist, datetime]:
        return {typist: self.marks[typist] for typist in typists if typist in self.marks}

    async def forget(self, typists: Collection[Typist]) -> None:
        for typist in typists:
            self.marks.pop(typist, None)

    def flush(self) -> None:
        self.marks.clear()
