"""How lessons become weights: they are kept, and an account's weights follow from all it has.

Every step may be repeated, by another replica too: a lesson counts once, by its ticket; the weights
are a function of the lessons that are kept; and of two records about them the later one has at
least the lessons that the earlier had.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from shared.bus.delivery import Publish, Refusals
from shared.contracts.base import Envelope
from shared.contracts.learning import Change, LearnedWeights, Lesson, Subject
from shared.contracts.tickets import CommandRejected, ContentErased, TicketFact
from shared.errors import Poison
from shared.learning import lessons as chosen
from shared.learning.coding import delta_of, floats_text, indices_of_text, indices_text
from shared.learning.features import Indices
from shared.learning.lessons import Learned
from shared.learning.model import NOTHING, Delta, Example, Model, taught, within
from shared.topic import Deleted
from shared.topics import WEIGHTS
from shared.values.ids import computed_id


class Lessons(Protocol):
    """The lessons of all accounts on one subject."""

    async def keep(self, lessons: Sequence[tuple[Lesson, Indices]]) -> None:
        """Keep each label's lesson of the highest rank, of equal ones the one that is there."""

    async def of_account(self, account_id: str) -> list[Learned]:
        """Those of an account that may count: the newest marks, and the newest of silence."""

    async def erase(self, tickets: Collection[tuple[str, str]]) -> set[str]:
        """No lesson on these tickets is kept, now or later; the accounts that had any, ever."""


_AT_ONCE: Final = 5

MOST_NUMBERS: Final = 600_000
"""So many indices and weights fit into a record, whatever their labels."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What lessons are learned on: what settings change of the model, and messages of others.

    The latter are what labels do not fit that the model does not know.
    """

    deltas: Sequence[Delta] = ()
    others: Sequence[Example] = ()


Before = Callable[[str], Ground]
"""Called with an account: on what its lessons are learned."""

_BARE = Ground()


def unchanged(_account_id: str) -> Ground:
    """The model alone: settings say nothing of the subject."""
    return _BARE


@dataclass(frozen=True, slots=True)
class Teaching:
    """Takes lessons on one subject, and publishes the weights that follow from them."""

    subject: Subject
    model: Model
    lessons: Lessons
    publish: Publish
    before: Before = unchanged

    async def lessons_given(self, given: Sequence[Lesson]) -> Refusals | None:
        """Afterwards they are kept, and the weights of their accounts are published."""
        refusals: dict[int, Poison] = {}
        taken: list[tuple[Lesson, Indices]] = []
        for place, lesson in enumerate(given):
            if lesson.subject != self.subject:
                continue
            try:
                taken.append((lesson, indices_of_text(lesson.indices)))
            except Poison as error:
                refusals[place] = error
        await self.lessons.keep(taken)
        newest = {lesson.account_id: lesson for lesson, _ in taken}
        await self.publish(
            [WEIGHTS.record(await self._weights(lesson)) for lesson in newest.values()]
        )
        return refusals or None

    async def weights_published(
        self, published: Sequence[LearnedWeights | Deleted]
    ) -> Refusals | None:
        """Nothing changes: those that are damaged are refused, so that somebody sees them.

        Every replica follows the topic; the one that consumes a record answers for it.
        """
        refusals: dict[int, Poison] = {}
        for place, weights in enumerate(published):
            if isinstance(weights, LearnedWeights) and weights.subject == self.subject:
                try:
                    delta_of(weights)
                except Poison as error:
                    refusals[place] = error
        return refusals or None

    async def teach_again(self, outdated: Sequence[Envelope]) -> None:
        """Afterwards accounts whose weights fit another model have some that fit this one."""
        await self.publish([WEIGHTS.record(await self._weights(each)) for each in outdated])

    async def _weights(self, cause: Envelope) -> LearnedWeights:
        kept = chosen.counting(await self.lessons.of_account(cause.account_id))
        # Some tenths of a second for thousands of lessons: not on the loop that screens.
        delta = await asyncio.to_thread(self._taught, cause.account_id, chosen.examples(kept))
        return weights_record(cause, self.subject, delta, kept)

    def _taught(self, account_id: str, given: Sequence[Example]) -> Delta:
        ground = self.before(account_id)
        beside = chosen.counterexamples(given, self.model.labels, ground.others)
        return within(taught(self.model, given, ground.deltas, beside), MOST_NUMBERS)


def weights_record(
    cause: Envelope, subject: Subject, delta: Delta, kept: Sequence[Learned]
) -> LearnedWeights:
    """What is published of an account's weights, and of the lessons that they follow from.

    The same ones have the same id.
    """
    indices = indices_text(delta.indices)
    changes = tuple(
        Change(name=label, values=floats_text(values))
        for label, values in sorted(delta.changes.items())
    )
    said = hashlib.sha256(repr((indices, changes)).encode()).hexdigest()
    return LearnedWeights(
        account_id=cause.account_id,
        id=computed_id("weights", cause.account_id, subject, delta.version, said),
        occurred_at=cause.occurred_at,
        correlation_id=cause.correlation_id,
        subject=subject,
        version=delta.version,
        lessons=delta.lessons,
        marks=sum(each.is_mark for each in kept),
        rarer=chosen.of_the_rarer_kind(kept),
        learned_at=cause.occurred_at,
        indices=indices,
        changes=changes,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What an account taught, ready to be used."""

    delta: Delta = NOTHING
    marks: int = 0
    rarer: int = 0


_UNTAUGHT = Account()


class WeightsTable:
    """The newest weights of all accounts on one subject, in memory.

    Weights that are damaged, or fit another version of the model, count as none; `damaged` is told
    of those that are damaged.
    """

    def __init__(
        self, subject: Subject, version: str, damaged: Callable[[str], None] = lambda _: None
    ) -> None:
        self._subject = subject
        self._version = version
        self._damaged = damaged
        self._accounts: dict[str, Account] = {}
        self._outdated: dict[str, LearnedWeights] = {}

    def outdated(self) -> list[LearnedWeights]:
        """The newest weights of accounts whose newest fit another model, without the numbers."""
        return list(self._outdated.values())

    def apply(self, change: LearnedWeights | Deleted) -> None:
        """Hold `change` in place of what was known of that account."""
        if isinstance(change, Deleted):
            account_id, _, subject = change.key.rpartition(":")
            if subject == self._subject:
                self._accounts.pop(account_id, None)
                self._outdated.pop(account_id, None)
            return
        if change.subject != self._subject:
            return
        if change.version != self._version:
            # Without the numbers: it is only known that there are lessons.
            bare = change.model_copy(update={"indices": "", "changes": ()})
            self._outdated[change.account_id] = bare
            return
        self._outdated.pop(change.account_id, None)
        try:
            self._accounts[change.account_id] = Account(
                delta_of(change), change.marks, change.rarer
            )
        except Poison as error:
            self._accounts.pop(change.account_id, None)
            self._damaged(f"{change.account_id}: {error}")

    def of(self, account_id: str) -> Account:
        """What an account taught; nothing where it taught nothing."""
        return self._accounts.get(account_id, _UNTAUGHT)

    def __len__(self) -> int:
        """How many accounts have weights."""
        return len(self._accounts)


class TaughtAgain:
    """Teaches a new version of the model what accounts taught the one before, once at the start.

    Not later: while two versions run side by side, each would teach again what the other published.
    """

    def __init__(self, teaching: Teaching, table: WeightsTable) -> None:
        self._teaching = teaching
        self._table = table
        self._left: list[LearnedWeights] | None = None

    async def sweep(self) -> None:
        """Afterwards five more of those accounts have weights that fit."""
        if self._left is None:
            self._left = self._table.outdated()
        if self._left:
            still = {each.account_id for each in self._table.outdated()}
            now = [each for each in self._left[:_AT_ONCE] if each.account_id in still]
            await self._teaching.teach_again(now)
            del self._left[:_AT_ONCE]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How a ticket began, as long as somebody may yet mark it: its messages, and who wrote it.

    `parts` are the indices of its first messages, by their `seq`. `given` are the tags that were
    given for them. `silent_from` is when it counts as no spam if nobody marks it; None where that
    is not awaited.
    """

    account_id: str
    ticket_id: str
    parts: Mapping[int, Indices]
    sender: str
    at: datetime
    silent_from: datetime | None = None
    given: tuple[str, ...] = ()

    def until(self, seq: int) -> Indices:
        """The indices of what had been written by that event, whatever was written since."""
        known = [part for number, part in self.parts.items() if number <= seq]
        return np.unique(np.concatenate([np.empty(0, np.uint32), *known]))


class Memories(Protocol):
    """How tickets began."""

    async def remember(self, found: Sequence[Remembered]) -> None:
        """Keep each beside the other parts of its ticket; `sender` and `at` are the first one's."""

    async def recall(
        self, tickets: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Remembered]:
        """Those of tickets, named by account and id, that are kept, each with all its parts."""

    async def await_silence(self, until: Mapping[tuple[str, str], datetime | None]) -> None:
        """Await that nobody marks the tickets until then; None: not any more, and never again."""

    async def silent(self, now: datetime, limit: int) -> list[Remembered]:
        """Tickets that nobody marked until now, the oldest first, at most so many."""

    async def forget(self, before: datetime) -> None:
        """Afterwards messages that were written before then are kept no more."""

    async def erase(self, tickets: Collection[tuple[str, str]]) -> None:
        """Afterwards nothing is kept of these tickets."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """Takes out of what is learned from whatever was written in tickets that were erased."""

    lessons: Lessons
    memories: Memories
    teaching: Teaching | None

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards erased tickets teach nothing, and their accounts' weights are made anew."""
        erased = [event for event in events if isinstance(event, ContentErased) and event.whole]
        if not erased:
            return
        tickets = {(event.account_id, event.ticket_id) for event in erased}
        await self.memories.erase(tickets)
        taught = await self.lessons.erase(tickets)
        if self.teaching is not None:
            causes = {event.account_id: event for event in erased if event.account_id in taught}
            await self.teaching.teach_again(list(causes.values()))
