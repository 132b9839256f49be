"""Whose turn it is (ASG 1, ASG 7, ASG 8)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from services.assignment.rules.follow import Followed
from shared.clock import FAR_FUTURE
from shared.contracts.base import UtcTime

MOST_UNANSWERED = 1000
"""Turns an account may have out at a time: what ticketing has not answered bounds the document."""

_FORGOTTEN_AFTER = timedelta(days=1)
"""When a turn that nobody answers stops counting: its command is lost then.

Longer than ticketing may be away: until it answers, what is out counts for an agent's limit.
"""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Queue(_Value):
    """The agents of a line who had a turn or could have had one, the next to be served first.

    Before them come those who are owed a turn that somebody else took from them, as long as
    `among`, those who are there, stay the same: then nobody has anything to catch up with.
    `stretch` counts how often they changed, so that a turn of before is owed to nobody.
    """

    line: str
    agents: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    stretch: int = 0


class Turn(_Value):
    """A ticket that was given to an agent, in the `stretch` that their line's queue was in.

    `command_id` is the AssignTicket's.
    """

    command_id: str
    ticket: str
    line: str
    agent: str
    at: UtcTime
    stretch: int = 0


class Rotation(_Value):
    """The rotation of an account: a queue a line, and the turns that are not answered yet.

    It is one document an account, so that an agent of two teams has one limit.
    """

    account_id: str
    queues: tuple[Queue, ...] = ()
    unanswered: tuple[Turn, ...] = ()

    @property
    def id(self) -> str:
        """The document's: there is one for each account."""
        return self.account_id

    @property
    def slot(self) -> str:
        """There may be one an account."""
        return "rotation"

    @property
    def due_at(self) -> datetime:
        """Time alone changes nothing about it."""
        return FAR_FUTURE


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket whose turn it is to get an agent: the need `ticket` had when it was read."""

    ticket: Followed
    line: str

    @property
    def id(self) -> str:
        """One for each need and attempt, in the ledger of turns (ASG 8)."""
        ticket = self.ticket
        return f"{ticket.id}:{ticket.need}:{ticket.attempt}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision for an account rests on, as read before its rotation.

    `members` are each line's agents, `online` those who are there. With a `limit`, `open_tickets`
    is what agents have, turns that are out apart. `answered` are commands that the ticket stream
    has answered.
    """

    now: datetime
    members: Mapping[str, Sequence[str]]
    online: AbstractSet[str]
    limit: int | None = None
    open_tickets: Mapping[str, int] | None = None
    answered: Collection[str] = frozenset()


def take_turn(rotation: Rotation, waiting: Waiting, terms: Terms) -> tuple[Rotation, Turn] | None:
    """Give the ticket to the agent of its line who was served least recently of those available.

    That agent goes to the end of the queue. One who is new to it starts at its end, one who was
    away keeps their place; so nobody has turns to catch up with, and among the same available
    agents counts differ by one at most (ASG 7). None where nobody is available.
    """
    unanswered = _still_out(rotation, terms)
    if len(unanswered) >= MOST_UNANSWERED:
        return None
    members = terms.members.get(waiting.line, ())
    queue = _as_of_now(_queue(rotation, waiting.line), members, terms.online)
    out = Counter(turn.agent for turn in unanswered) if terms.limit is not None else Counter()
    free = {agent for agent in queue.among if _has_room(agent, out[agent], terms)}
    agent = next((agent for agent in (*queue.owed, *queue.agents) if agent in free), None)
    if agent is None:
        return None
    turn = Turn(
        command_id=waiting.ticket.offer_id,
        ticket=waiting.ticket.id,
        line=waiting.line,
        agent=agent,
        at=terms.now,
        stretch=queue.stretch,
    )
    return _changed(rotation, _served(queue, agent), (*unanswered, turn)), turn


def give_back(rotation: Rotation, command_id: str) -> Rotation | None:
    """The rotation, the agent being owed a turn whose ticket somebody else took (ASG 4).

    Not so if others have been there since: among them the agent had no turn to lose. None where
    no such turn is out.
    """
    turn = next((turn for turn in rotation.unanswered if turn.command_id == command_id), None)
    if turn is None:
        return None
    queue = _queue(rotation, turn.line)
    if turn.stretch == queue.stretch:
        queue = queue.model_copy(update={"owed": (*queue.owed, turn.agent)})
    return _changed(
        rotation, queue, tuple(other for other in rotation.unanswered if other is not turn)
    )


def is_answered(turn: Turn, ticket: Followed | None) -> bool:
    """Whether the ticket, as read after the turn was, has an answer to the turn's command."""
    return ticket is not None and turn.command_id not in {ticket.offer_id, *ticket.unanswered}


def _still_out(rotation: Rotation, terms: Terms) -> tuple[Turn, ...]:
    return tuple(
        turn
        for turn in rotation.unanswered
        if turn.command_id not in terms.answered and turn.at > terms.now - _FORGOTTEN_AFTER
    )


def _queue(rotation: Rotation, line: str) -> Queue:
    return next((queue for queue in rotation.queues if queue.line == line), Queue(line=line))


def _as_of_now(queue: Queue, members: Sequence[str], online: Collection[str]) -> Queue:
    """The queue without those who left, and with those who are there first at its end."""
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
    """The queue once the agent had a turn: one they were owed, or else their own."""
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
