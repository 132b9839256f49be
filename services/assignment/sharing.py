"""Shares waiting tickets out: each takes one turn, whoever asks for that and however often."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.assignment.looking import Looking
from services.assignment.rules import commands, lines, rotation
from services.assignment.rules.rotation import GivenOut, Rotation, Terms, Turn, Waiting
from shared.bus.delivery import Outgoing, Publish
from shared.errors import Poison
from shared.running import failpoints
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Document, Outcome, Refused, Store, Target
from shared.stores.recent import RecentDocuments
from shared.topics import COMMANDS

LINES = 20
"""From how many lines a page is given out at a time: this bounds what one write holds."""

REMEMBERED = 50
"""Of how many accounts the rotation is remembered; one with many turns out is large to read."""

ENOUGH = 200
"""How many answers an account that has too many turns out waits for until it is looked at."""

_NOT_NOW = Refused(Poison("not_now", "nobody is there for it, or there is no such turn"))
"""A refusal leaves no trace: the item may come again, and be taken then."""


JUST_NOW = timedelta(seconds=2)
"""For how long the sweep leaves such an account alone: a look reads all turns that are out."""


@dataclass(slots=True)
class _HeldUp:
    """Lines in which tickets wait until turns that are out are answered; how many were so far."""

    lines: set[str]
    looked_at: datetime
    answers: int = 0


@dataclass(frozen=True, slots=True)
class _Share:
    """Tickets of an account wait, and may be given out."""

    account_id: str


@dataclass(frozen=True, slots=True)
class _Back:
    """A turn whose AssignTicket was refused."""

    account_id: str
    command_id: str


_Item = _Share | _Back


@dataclass(slots=True)
class _Turns:
    """The policy of the rotations, for one page of the lines of `shares`.

    What decisions rest on is read in `look`, once the rotations were, so that no turn of which they
    know nothing can have been taken before that.
    """

    looking: Looking
    lines: Collection[str] = ()
    terms: Mapping[str, Terms] = field(default_factory=dict)
    pages: Mapping[str, Sequence[Waiting]] = field(default_factory=dict)
    full: Collection[str] = ()
    given: dict[str, GivenOut] = field(default_factory=dict)
    """By account, as decided last: what counts is what was decided when its write won."""

    def id_of(self, item: _Item) -> str:
        return f"share:{item.account_id}" if isinstance(item, _Share) else item.command_id

    async def resolve(self, items: Sequence[_Item]) -> Sequence[Target]:
        return [_target(item.account_id) for item in items]

    async def look(self, rotations: Sequence[Document[Rotation]]) -> None:
        """Read what waits in the lines, and for whom."""
        if self.lines:
            known = {document.state.account_id: document.state for document in rotations}
            self.terms = await self.looking.terms(self.lines, known)
            self.pages, self.full = await self.looking.pages(self.lines, known, self.terms)

    def decide(self, target: Target, state: Rotation | None, item: _Item) -> Outcome[Rotation]:
        account_id = target.account_id
        before = state or Rotation(account_id=account_id)
        if isinstance(item, _Back):
            returned = rotation.give_back(before, item.command_id)
            return Applied(returned) if returned else _NOT_NOW
        self.given.pop(account_id, None)
        terms, waiting = self.terms.get(account_id), self.pages.get(account_id)
        if terms is None or not waiting:
            return _NOT_NOW
        given = rotation.give_out(before, waiting, terms)
        self.given[account_id] = given
        return Applied(given.rotation) if given.turns else _NOT_NOW

    def more(self) -> set[str]:
        """The lines of which more may be given out."""
        stuck = {line for given in self.given.values() for line in given.stuck}
        accounts = self.given.keys()
        return {line for line in self.full if lines.account_of(line) in accounts} - stuck


def _offer(waiting: Waiting, turn: Turn, now: datetime) -> Outgoing:
    ticket = waiting.ticket
    command = commands.assign(
        account_id=ticket.account_id,
        ticket_id=ticket.ticket_id,
        need=ticket.need or 0,
        attempt=ticket.attempt,
        assignee=turn.agent,
        assignee_epoch=ticket.assignee_epoch,
        correlation_id=ticket.correlation_id,
        now=now,
    )
    return COMMANDS.record(command)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Gives waiting tickets to the agents whose turn it is (ASG 1, ASG 3, ASG 6 to 8)."""

    looking: Looking
    rotations: Store[Rotation]
    publish: Publish
    _again: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """By account, the commands that were late, and when each is given again."""
    _held_up: dict[str, _HeldUp] = field(default_factory=dict)
    """The accounts that have as many turns out as they may have."""
    _recent: RecentDocuments[Rotation] = field(default_factory=lambda: RecentDocuments(REMEMBERED))

    async def share(self, account_ids: Collection[str] | None = None) -> None:
        """Give out all that can be given in these accounts (None: in all), the oldest first.

        Afterwards a ticket still waits only if its account is outside business hours or has the
        round robin off, if no agent of its line is online and below the limit, or if the account
        has as many turns out as it may have; where it had `JUST_NOW`, a call for all leaves it to
        the next. The work depends on the lines in which tickets wait
        and on the agents who are online in their accounts, not on the number of accounts.
        """
        if account_ids is None:
            found = await self.looking.tickets.busy(None)
            await self.share_lines({line for line in found if not self._was_looked_at(line)})
        elif self.looking.open_now(account_ids):
            await self.share_lines(await self.looking.tickets.busy(account_ids))

    def _was_looked_at(self, line: str) -> bool:
        held_up = self._held_up.get(lines.account_of(line))
        return held_up is not None and self.looking.clock() - held_up.looked_at < JUST_NOW

    async def share_lines(self, found: Collection[str]) -> None:
        """As `share`, of what waits in these lines."""
        open_now = self.looking.open_now({lines.account_of(line) for line in found})
        busy = sorted(line for line in found if lines.account_of(line) in open_now)
        while busy:
            # One page of each line in turn, so that the other lines need not wait for a long one.
            more: set[str] = set()
            for start in range(0, len(busy), LINES):
                more |= await self._give_out(busy[start : start + LINES])
            busy = sorted(more)

    def due(self, found: Collection[str], answers: Mapping[str, int]) -> set[str]:
        """The lines to be shared out now, where something waits in those that were found.

        An account that has as many turns out as it may have waits for `ENOUGH` of `answers` to
        them: to look at its lines with each event would cost more than it gives out. Whatever was
        found meanwhile is due then. The sweep looks at all of them, too, though not all the time.
        """
        due: set[str] = set()
        for line in found:
            held_up = self._held_up.get(lines.account_of(line))
            (due if held_up is None else held_up.lines).add(line)
        for account_id, count in answers.items():
            if (held_up := self._held_up.get(account_id)) is not None:
                held_up.answers += count
                if held_up.answers >= ENOUGH:
                    due |= self._held_up.pop(account_id).lines
        return due

    async def give_back(self, refused: Collection[tuple[str, str]]) -> None:
        """Undo the turns of refused AssignTickets, given by account and command id (ASG 4)."""
        if refused:
            items = [_Back(account_id, command_id) for account_id, command_id in refused]
            await self._aggregates(_Turns(self.looking)).apply(items)

    def _aggregates(self, turns: _Turns) -> Aggregates[Rotation, _Item]:
        return Aggregates(
            *(self.rotations, self.publish, self.looking.clock, turns),
            ledger=False,
            look=turns.look,
            recent=self._recent,
        )

    async def _give_out(self, busy: Sequence[str]) -> set[str]:
        """Give out a page of each line. Returns the lines of which more may be given out.

        Business hours and who is online are read anew for each page: a long line takes a while.
        """
        turns = _Turns(self.looking, busy)
        accounts = sorted({lines.account_of(line) for line in busy})
        await self._aggregates(turns).apply([_Share(account_id) for account_id in accounts])
        now = self.looking.clock()
        for account_id, given in turns.given.items():
            self._held_up.pop(account_id, None)
            if given.full:
                self._held_up[account_id] = _HeldUp(set(given.stuck), now)
        offers = [
            _offer(*each, now)
            for account_id, given in turns.given.items()
            for each in (*given.turns, *self._to_be_given_again(account_id, given, now))
        ]
        if offers:
            await self.publish(offers)
            failpoints.reach("after-publish")
        return turns.more()

    def _to_be_given_again(
        self, account_id: str, given: GivenOut, now: datetime
    ) -> list[tuple[Waiting, Turn]]:
        """Those of the late turns whose commands are to be given again, ever more seldom."""
        before = self._again.get(account_id, {})
        due = [each for each in given.late if before.get(each[1].command_id, now) <= now]
        again = {turn.command_id: now + (now - turn.at) for _, turn in due}
        late = {turn.command_id for _, turn in given.late}
        kept = {id_: at for id_, at in before.items() if id_ in late}
        self._again[account_id] = {**kept, **again}
        if not self._again[account_id]:
            del self._again[account_id]
        return due


def _target(account_id: str) -> Target:
    return Target(account_id, id=account_id)
