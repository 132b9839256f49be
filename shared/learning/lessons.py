"""Which of an account's lessons count. Pure: in whatever order they came, the same ones do."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.learning.features import Indices
from shared.learning.model import Example

MOST_LESSONS: Final = 2_000
"""An account's newest lessons count; what it marked before them is forgotten."""

MOST_A_SENDER: Final = 10
"""... and no more of one contact: nobody teaches a model by writing often."""

MOST_A_TEACHER: Final = 1_000
"""... and no more of one agent."""


_OTHERS_FOR_EACH: Final = 8


@dataclass(frozen=True, slots=True)
class Learned:
    """A lesson as it is kept: for each label whether it fits, and the rank of who said so."""

    example_id: str
    labels: dict[str, bool]
    ranks: dict[str, int]
    indices: Indices
    weight: float
    teacher: str | None
    sender: str | None
    at: datetime

    @property
    def is_mark(self) -> bool:
        """Whether an agent gave it by a mark, not by silence."""
        return any(rank > 0 for rank in self.ranks.values())


def counting(lessons: Iterable[Learned]) -> list[Learned]:
    """Those that count, the newest first: marks before what follows from silence."""
    newest_first = sorted(
        (lesson for lesson in lessons if lesson.labels),
        key=lambda lesson: (lesson.is_mark, lesson.at, lesson.example_id),
        reverse=True,
    )
    senders: Counter[str] = Counter()
    teachers: Counter[str] = Counter()
    kept: list[Learned] = []
    for lesson in newest_first:
        if lesson.sender and senders[lesson.sender] >= MOST_A_SENDER:
            continue
        if lesson.teacher and teachers[lesson.teacher] >= MOST_A_TEACHER:
            continue
        senders.update([lesson.sender] if lesson.sender else [])
        teachers.update([lesson.teacher] if lesson.teacher else [])
        kept.append(lesson)
        if len(kept) == MOST_LESSONS:
            break
    return kept


def of_the_rarer_kind(lessons: Iterable[Learned]) -> int:
    """How many there are for a label or against it, whichever are fewer; of the label with most."""
    sides = Counter((label, fits) for lesson in lessons for label, fits in lesson.labels.items())
    labels = {label for label, _ in sides}
    return max((min(sides[label, True], sides[label, False]) for label in labels), default=0)


def counterexamples(
    given: Sequence[Example], known: Collection[str], others: Sequence[Example]
) -> list[Example]:
    """Others that labels beyond the known ones do not fit: several for each that one fits.

    Agents add a tag far more often than they remove it: what it fits would soon be everything.
    """
    further = {label for lesson in given for label in lesson.labels if label not in known}
    fitting = Counter(
        label for lesson in given for label in further if lesson.labels.get(label, False)
    )
    count = _OTHERS_FOR_EACH * max(fitting.values(), default=0)
    none = dict.fromkeys(further, False)
    return [Example(each.id, each.indices, none) for each in others[:count]]


def examples(lessons: Sequence[Learned]) -> list[Example]:
    """The lessons as examples for `taught`."""
    return [
        Example(lesson.example_id, lesson.indices, lesson.labels, lesson.weight)
        for lesson in lessons
    ]
