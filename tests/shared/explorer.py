"""Every interleaving of some actors on a store in memory, each of which may die at any step.

The actors are coroutines of the real code, driven by hand: each step on the store, and each record
published, is a question to the explorer, which decides who goes on. A coroutine cannot be copied,
but what it asks next follows from the answers it got: so an actor is a tree of answers, and what
is explored is a graph of (world, where each actor stands), each visited once.

An actor that died is one that never goes on. So every state reached is also one in which any of
them, or all, have died; each world found on the way is therefore handed to `recover`.
"""

from collections.abc import Callable, Coroutine, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from shared.errors import Transient
from tests.shared.world import Asking, Question, World, frozen

Actor = Callable[[Asking], Coroutine[Question, Any, None]]

_numbers = count()


@dataclass(slots=True)
class Position:
    """Where an actor stands: the answers it got, and what it asks now (None: it is done)."""

    actor: Actor
    answers: tuple[Any, ...] = ()
    question: Question | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    _after: dict[Hashable, "Position"] = field(default_factory=dict)
    _coroutine: Coroutine[Question, Any, None] | None = None

    @classmethod
    def start(cls, actor: Actor) -> "Position":
        """Let an actor run up to its first question."""
        position = cls(actor)
        position._replay()
        return position

    def after(self, answer: object) -> "Position":
        """Return where the actor stands once it got that answer."""
        key = frozen(answer)
        if key not in self._after:
            position = Position(self.actor, (*self.answers, answer))
            if self._coroutine is None:
                position._replay()
            else:
                position._go_on(self._coroutine, answer)
                self._coroutine = None
            self._after[key] = position
        return self._after[key]

    def _replay(self) -> None:
        coroutine = self.actor(Asking())
        coroutine.send(None) if self.answers else None
        for answer in self.answers[:-1]:
            coroutine.send(answer)
        self._go_on(coroutine, self.answers[-1] if self.answers else None)

    def _go_on(self, coroutine: Coroutine[Question, Any, None], answer: object) -> None:
        try:
            self.question = coroutine.send(answer)
        except StopIteration:
            self.question = None
        else:
            self._coroutine = coroutine


@dataclass(slots=True)
class Flaw(Exception):  # what the exploration looks for
    """A promise that fell, and the steps that led there."""

    what: str
    steps: list[str]

    def __str__(self) -> str:
        """Tell it to people."""
        return "\n".join([self.what, *self.steps])


@dataclass(slots=True)
class Explored:
    """How much there was."""

    states: int = 0
    steps: int = 0
    worlds: int = 0


State = tuple[int, tuple[int, ...]]


class Explorer:
    """Visits every state; `recover` is called with a copy of each world, and raises on a flaw."""

    def __init__(self, recover: Callable[[World], None]) -> None:
        self._recover = recover
        self._worlds: list[World] = []
        self._number_of: dict[Hashable, int] = {}
        self._origin: dict[State, tuple[State, str]] = {}
        self._steps: dict[tuple[int, int], tuple[int, Position]] = {}
        self._positions: dict[int, Position] = {}

    def explore(self, world: World, actors: Sequence[Actor]) -> Explored:
        """Visit all that can become of a world with these actors; raises Flaw at the first."""
        seen = Explored()
        starts = {actor: Position.start(actor) for actor in actors}
        self._positions = {position.number: position for position in starts.values()}
        first = self._number(world)
        state: State = (first, tuple(sorted(starts[actor].number for actor in actors)))
        self._check(first, state)
        todo, known = [state], {state}
        while todo:
            state = todo.pop()
            for follower, text in self._followers(state):
                seen.steps += 1
                if follower in known:
                    continue
                known.add(follower)
                self._origin[follower] = (state, text)
                if len(self._worlds) > seen.worlds:
                    seen.worlds = len(self._worlds)
                    self._check(follower[0], follower)
                todo.append(follower)
        seen.states = len(known)
        return seen

    def _followers(self, state: State) -> Iterator[tuple[State, str]]:
        world, places = state
        questions = {number: self._positions[number].question for number in places}
        asked = [(number, question) for number, question in questions.items() if question]
        at_once = [one for one in asked if one[1].settled(self._worlds[world])][:1]
        for number, question in at_once or asked:
            try:
                after, position = self._step(world, number, question)
            except Transient as error:
                raise self._flaw(error, state) from error
            # Actors that do the same are the same, whichever of them stands where.
            moved = list(places)
            moved[moved.index(number)] = position.number
            yield (after, tuple(sorted(moved))), f"{number} → {position.number}: {question}"

    def _step(self, world: int, number: int, question: Question) -> tuple[int, Position]:
        if (world, number) not in self._steps:
            copy = self._worlds[world].copy()
            answer = question.answer(copy)
            position = self._positions[number].after(answer)
            self._positions[position.number] = position
            self._steps[world, number] = (self._number(copy), position)
        return self._steps[world, number]

    def _number(self, world: World) -> int:
        number = self._number_of.setdefault(world.frozen(), len(self._worlds))
        if number == len(self._worlds):
            self._worlds.append(world)
        return number

    def _check(self, world: int, state: State) -> None:
        try:
            self._recover(self._worlds[world].copy())
        except (AssertionError, Transient) as error:
            raise self._flaw(error, state) from error

    def _flaw(self, error: Exception, state: State) -> Flaw:
        steps = []
        while state in self._origin:
            state, text = self._origin[state]
            steps.append(text)
        return Flaw(str(error), steps[::-1])
