"""Whose turn it is (ASG 1, ASG 7, ASG 8)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.assignment.rules.follow import Followed
from shared.clock import FAR_FUTURE
from shared.contracts.base import UtcTime

MOST_UNANSWERED = 500
"""How many turns of an account may be unanswered at a time.

This bounds the document's size, and how many answers lie before another account's new ticket. With
twice as many, an office that opens gives out no faster, and that ticket waits twice as long.
"""

_FORGOTTEN_AFTER = timedelta(days=1)
"""When a turn that nobody answers stops counting: its command is taken to be lost.

This is longer than ticketing may be away: until ticketing answers, a turn that is out counts
towards its agent's limit.
"""

LATE = timedelta(seconds=15)
"""How long a turn is out before its command is given again: who took it may have died before that.

It is the same command, by its id. Ticketing answers in seconds, if it is there.
"""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Queue(_Value):
    """The agents of a line who had a turn or could have had one, the next to be served first.

    `owed` are served before them: agents who got a turn back, because ticketing refused it (for
    example, somebody else took the ticket). `among` are the line's agents who are online. When
    these change, nobody is owed anything any more. `stretch` counts those changes, so that a turn
    from before a change is owed to nobody either.
    """

    line: str
    agents: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    stretch: int = 0


class Turn(_Value):
    """A ticket that was given to an agent, by the AssignTicket with the id `command_id`.

    `stretch` is that of the line's queue at the time. `returned`: its agent got it back. It stays
    here until what is known of the ticket says so too: until then the ticket seems to wait still.
    """

    command_id: str
    ticket: str
    line: str
    agent: str
    at: UtcTime
    stretch: int = 0
    returned: bool = False


class Rotation(_Value):
    """The rotation of an account: a queue for each line, and the turns that are not answered yet.

    There is one document for each account, so that an agent of two teams has one limit.
    """

    account_id: str
    queues: tuple[Queue, ...] = ()
    unanswered: tuple[Turn, ...] = ()

    @property
    def id(self) -> str:
        """The document's id: there is one for each account."""
        return self.account_id

    @property
    def slot(self) -> str:
        """There may be one rotation in an account."""
        return "rotation"

    @property
    def due_at(self) -> datetime:
        """Time alone changes nothing about it."""
        return FAR_FUTURE


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits in a line for an agent, with the need that it had when it was read."""

    ticket: Followed
    line: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision for an account rests on, as read after its rotation.

    `members` are each line's agents, `online` the account's agents who are online. If there is a
    `limit`, `open_tickets` says how many tickets each of them has, without the turns that are out.
    `answered` are the ids of commands that the ticket stream has answered, `vain` of those that can
    only be refused, or were never given: their tickets need nobody any more.
    """

    now: datetime
    members: Mapping[str, Sequence[str]]
    online: AbstractSet[str]
    limit: int | None = None
    open_tickets: Mapping[str, int] | None = None
    answered: Collection[str] = frozenset()
    vain: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GivenOut:
    """The rotation once turns were taken, and whose they are.

    `late` are those whose turn has been out for long; `stuck` the lines in which a ticket goes on
    waiting. `full`: no more turns may be out until some are answered.
    """

    rotation: Rotation
    turns: tuple[tuple[Waiting, Turn], ...]
    late: tuple[tuple[Waiting, Turn], ...]
    stuck: frozenset[str]
    full: bool


@dataclass(slots=True)
class _Giving:
    """A rotation while its turns are taken, one after the other, by the same terms.

    `unanswered` are the turns that are out, `out` how many of them each agent has. `queues` are the
    lines' queues, the one that gave a turn last at the end; `present` are some of them as they are
    among those who are there now.
    """

    terms: Terms
    queues: dict[str, Queue]
    unanswered: dict[str, Turn]
    out: Counter[str]
    present: dict[str, Queue] = field(default_factory=dict)

    def take(self, waiting: Waiting) -> Turn | None:
        """Give the ticket to an available agent of its line: first to one who is owed a turn.

        Otherwise it goes to the one who was served least recently, who then goes to the end of the
        queue. An agent who is new to the queue starts at its end, and one who was away keeps their
        place. So nobody has turns to catch up with, and among the same available agents counts
        differ by one at most (ASG 7). None where nobody is available, or too many turns are
        unanswered.
        """
        line = waiting.line
        if len(self.unanswered) >= MOST_UNANSWERED:
            return None
        if line not in self.present:
            queue = self.queues.get(line, Queue(line=line))
            members = self.terms.members.get(line, ())
            self.present[line] = _as_of_now(queue, members, self.terms.online)
        queue = self.present[line]
        there = (agent for agent in (*queue.owed, *queue.agents) if agent in queue.among)
        agent = next((a for a in there if _has_room(a, self.out[a], self.terms)), None)
        if agent is None:
            return None
        turn = Turn(
            command_id=waiting.ticket.offer_id,
            ticket=waiting.ticket.id,
            line=line,
            agent=agent,
            at=self.terms.now,
            stretch=queue.stretch,
        )
        self.queues.pop(line, None)
        self.queues[line] = self.present[line] = _served(queue, agent)
        self.unanswered[turn.command_id] = turn
        self.out[agent] += 1
        return turn


def _giving(rotation: Rotation, terms: Terms) -> _Giving:
    # Whoever took such a turn may have died before its command was given: no refusal would come.
    for turn in rotation.unanswered:
        if turn.command_id in terms.vain and not turn.returned:
            rotation = give_back(rotation, turn.command_id) or rotation
    unanswered = {
        turn.command_id: turn
        for turn in rotation.unanswered
        if turn.command_id not in terms.answered and turn.at > terms.now - _FORGOTTEN_AFTER
    }
    out = Counter(turn.agent for turn in unanswered.values() if not turn.returned)
    return _Giving(terms, {queue.line: queue for queue in rotation.queues}, unanswered, out)


def give_out(rotation: Rotation, tickets: Iterable[Waiting], terms: Terms) -> GivenOut:
    """A turn for each ticket that can have one now, in their order (ASG 6, ASG 8).

    The tickets were read after the rotation. One whose turn is out has it already; one whose turn
    was answered, and is out no more, would not be waiting with the need that the turn was for. So
    none takes a second turn.
    """
    giving = _giving(rotation, terms)
    turns: list[tuple[Waiting, Turn]] = []
    late: list[tuple[Waiting, Turn]] = []
    stuck: set[str] = set()
    for waiting in tickets:
        if (turn := giving.unanswered.get(waiting.ticket.offer_id)) is not None:
            if not turn.returned and turn.at <= terms.now - LATE:
                late.append((waiting, turn))
            continue
        taken = None if waiting.line in stuck else giving.take(waiting)
        if taken is None:
            stuck.add(waiting.line)
        else:
            turns.append((waiting, taken))
    after = Rotation(
        account_id=rotation.account_id,
        queues=tuple(giving.queues.values()),
        unanswered=tuple(giving.unanswered.values()),
    )
    return GivenOut(
        rotation=after if turns else rotation,
        turns=tuple(turns),
        late=tuple(late),
        stuck=frozenset(stuck),
        full=len(giving.unanswered) >= MOST_UNANSWERED,
    )


def give_back(rotation: Rotation, command_id: str) -> Rotation | None:
    """The rotation after a turn was refused: its agent is owed another one (ASG 4).

    For example, somebody else took the ticket. The agent is owed none if other agents have been
    online since: among these the agent had no turn to lose. None where no such turn is out.
    """
    turn = next((turn for turn in rotation.unanswered if turn.command_id == command_id), None)
    if turn is None or turn.returned:
        return None
    queue = _queue(rotation, turn.line)
    if turn.stretch == queue.stretch:
        queue = queue.model_copy(update={"owed": (*queue.owed, turn.agent)})
    back = turn.model_copy(update={"returned": True})
    return _changed(
        rotation, queue, tuple(back if each is turn else each for each in rotation.unanswered)
    )


def is_answered(turn: Turn, ticket: Followed | None) -> bool:
    """Whether the ticket, as read after the turn was, has an answer to the turn's command."""
    return ticket is not None and turn.command_id not in {ticket.offer_id, *ticket.unanswered}


def is_in_vain(turn: Turn, ticket: Followed | None) -> bool:
    """Whether the ticket's need ended otherwise: the turn's command can only be refused now."""
    return ticket is not None and turn.command_id in ticket.unanswered


def _queue(rotation: Rotation, line: str) -> Queue:
    return next((queue for queue in rotation.queues if queue.line == line), Queue(line=line))


def _as_of_now(queue: Queue, members: Sequence[str], online: Collection[str]) -> Queue:
    """The queue without agents who left the line, and with those newly online at its end."""
    stayed = [agent for agent in queue.agents if agent in members]
    came = [agent for agent in members if agent in online and agent not in queue.agents]
    among = tuple(sorted(agent for agent in members if agent in online))
    same = among == queue.among
    return Queue(
        line=queue.line,
        agents=(*stayed, *came),
        owed=queue.owed if same else (),
        among=among,
        stretch=queue.stretch if same else queue.stretch + 1,
    )


def _served(queue: Queue, agent: str) -> Queue:
    """The queue once the agent had a turn that they were owed, or else their own turn."""
    if agent in queue.owed:
        place = queue.owed.index(agent)
        return queue.model_copy(update={"owed": (*queue.owed[:place], *queue.owed[place + 1 :])})
    others = (other for other in queue.agents if other != agent)
    return queue.model_copy(update={"agents": (*others, agent)})


def _has_room(agent: str, out: int, terms: Terms) -> bool:
    if terms.limit is None:
        return True
    return (terms.open_tickets or {}).get(agent, 0) + out < terms.limit


def _changed(rotation: Rotation, queue: Queue, unanswered: tuple[Turn, ...]) -> Rotation:
    others = (other for other in rotation.queues if other.line != queue.line)
    return Rotation(account_id=rotation.account_id, queues=(*others, queue), unanswered=unanswered)
