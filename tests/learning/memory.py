"""The stores of learning in memory: the same promises as in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shared.contracts.learning import Lesson
from shared.learning.features import Indices
from shared.learning.lessons import MOST_LESSONS, Learned
from shared.learning.teaching import Remembered


class MemoryLessons:
    """Lessons in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Learned] = {}
        self.erased: dict[tuple[str, str], bool] = {}

    async def keep(self, lessons: Sequence[tuple[Lesson, Indices]]) -> None:
        for lesson, indices in lessons:
            key = (lesson.account_id, lesson.example_id)
            if key in self.erased:
                continue
            there = self.kept.get(key) or Learned(
                example_id=lesson.example_id,
                labels={},
                ranks={},
                indices=indices,
                weight=lesson.weight,
                teacher=lesson.teacher,
                sender=lesson.sender,
                at=lesson.occurred_at,
            )
            for label, fits in ((each.name, each.fits) for each in lesson.labels):
                if there.ranks.get(label, -1) < lesson.rank:
                    there = replace(
                        there,
                        labels=there.labels | {label: fits},
                        ranks=there.ranks | {label: lesson.rank},
                        weight=lesson.weight,
                        teacher=lesson.teacher,
                        at=lesson.occurred_at,
                    )
            self.kept[key] = there

    async def of_account(self, account_id: str) -> list[Learned]:
        found = [lesson for (account, _), lesson in self.kept.items() if account == account_id]
        found.sort(key=lambda lesson: (lesson.at, lesson.example_id), reverse=True)
        marks = [lesson for lesson in found if lesson.is_mark]
        silence = [lesson for lesson in found if not lesson.is_mark]
        return marks[: 2 * MOST_LESSONS] + silence[: 2 * MOST_LESSONS]

    async def erase(self, tickets: Collection[tuple[str, str]]) -> set[str]:
        for ticket in tickets:
            had = self.kept.pop(ticket, None) is not None
            self.erased[ticket] = self.erased.get(ticket, False) or had
        return {ticket[0] for ticket in tickets if self.erased[ticket]}


class MemoryMemories:
    """First messages in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Remembered] = {}
        self.parts: dict[tuple[str, str], dict[int, Indices]] = {}
        self.marked: set[tuple[str, str]] = set()

    async def remember(self, found: Sequence[Remembered]) -> None:
        for each in found:
            ticket = (each.account_id, each.ticket_id)
            there = self.kept.setdefault(ticket, each)
            parts = self.parts.setdefault(ticket, {})
            parts.update(each.parts)
            self.kept[ticket] = replace(
                there,
                parts=dict(parts),
                given=tuple(sorted({*there.given, *each.given})),
            )

    async def recall(
        self, tickets: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Remembered]:
        return {ticket: self.kept[ticket] for ticket in tickets if ticket in self.kept}

    async def await_silence(self, until: Mapping[tuple[str, str], datetime | None]) -> None:
        for ticket, at in until.items():
            if ticket not in self.kept or (at is not None and ticket in self.marked):
                continue
            self.kept[ticket] = replace(self.kept[ticket], silent_from=at)
            if at is None:
                self.marked.add(ticket)

    async def silent(self, now: datetime, limit: int) -> list[Remembered]:
        due = [each for each in self.kept.values() if each.silent_from and each.silent_from <= now]
        return sorted(due, key=lambda each: each.silent_from or now)[:limit]

    async def forget(self, before: datetime) -> None:
        self.kept = {ticket: each for ticket, each in self.kept.items() if each.at >= before}

    async def erase(self, tickets: Collection[tuple[str, str]]) -> None:
        for ticket in tickets:
            self.kept.pop(ticket, None)
            self.parts.pop(ticket, None)
            self.marked.discard(ticket)
