"""What the desk makes of the topics it reads: the read model, and news for the open pages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from services.desk.rules import facts, taking
from services.desk.rules.answers import Answered
from services.desk.rules.attendance import Attendance
from services.desk.rules.facts import Said
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.rules.taking import Gathered
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.marketing import SendOutcome
from shared.contracts.messages import InboundMessage, OnChannel
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline, Presence
from shared.contracts.profiles import Profile, ProfileEvent
from shared.contracts.signals import Signal
from shared.contracts.snapshots import SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.errors import Transient
from shared.topic import Deleted

OURS: Final = "desk-"
"""What the ids of commands begin with that were given at the desk."""

_ROUNDS = 20
_TYPING = timedelta(seconds=8)

Keyed = Mapping[str, tuple[Any, int]]

Seats = dict[tuple[str, str], set[str | None]]
"""Of tickets that changed, by account and id: whose they were and are."""


class ReadModel(Protocol):
    """The stored tickets and lines; each is stored at a revision."""

    async def rows(self, keys: Collection[str]) -> dict[str, tuple[Row, int]]:
        """Those of the tickets that are there."""

    async def lines(self, keys: Collection[str]) -> dict[str, tuple[Line, int]]:
        """Those of the lines that are there."""

    async def whole_thread(self, ticket_key: str) -> dict[str, tuple[Line, int]]:
        """All lines of a ticket."""

    async def save_rows(self, rows: Iterable[tuple[Row, int]]) -> set[str]:
        """Store those whose revision is still that one (0: not there); the keys of these."""

    async def save_lines(self, lines: Iterable[tuple[Line, int]]) -> set[str]:
        """As `save_rows`."""


class Models(Protocol):
    """Which read model is to be written to."""

    async def serving(self) -> ReadModel:
        """The one that pages are answered from; what it says is right for some seconds."""


class Around(Protocol):
    """What is kept of contacts besides tickets."""

    async def stopped(self, said: Sequence[tuple[str, str, str, datetime, bool]]) -> None:
        """Keep for each account, channel and contact what was said last: STOP (True) or START."""

    async def sent(self, sends: Sequence[SendOutcome]) -> None:
        """Keep what became of each send; a failure counts whatever else was said."""

    async def profiles(self, profiles: Sequence[Profile | Deleted]) -> None:
        """Keep each profile as it is now."""

    async def profile_events(self, events: Sequence[ProfileEvent]) -> None:
        """Keep each event, once."""

    async def attendances(
        self, agents: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Attendance]:
        """What is known of these agents' presence."""

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """Store each, unless what is stored was later."""


class Answers(Protocol):
    """What became of commands that were given here."""

    async def keep(self, answers: Sequence[Answered]) -> None:
        """Keep each for the command that it answers; the first answer stays."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that open pages of an account want to know, of one of the kinds of events."""

    account_id: str
    kind: str
    body: Mapping[str, Any]


class Telling(Protocol):
    """The way to the open pages, of whichever replica."""

    async def tell(self, news: Sequence[News]) -> None:
        """Tell them; where that fails, they are told later that they missed something."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes batches of records. All that they say is in the read model before pages are told."""

    models: Models
    around: Around
    answers: Answers
    telling: Telling
    accounts: Accounts
    clock: Clock

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Tickets and threads are as the events say, and who gave a command here is answered."""
        told = [event for event in events if isinstance(event, TicketFact)]
        seats = await self._take([facts.of_event(event) for event in told])
        answers = [_answer(event) for event in events if _is_answer(event)]
        await self.answers.keep(answers)
        changed = dict.fromkeys((event.account_id, event.ticket_id) for event in told)
        news = [_changed(*ticket, seats) for ticket in changed]
        news += [
            News(
                answer.account_id,
                "command",
                {
                    "command_id": answer.command_id,
                    "ticket_id": answer.ticket_id,
                    "seq": (answer.event or {}).get("seq"),
                    "code": answer.code,
                    "reason": answer.reason,
                },
            )
            for answer in answers
        ]
        await self.telling.tell(news)

    async def messages_screened(self, messages: Sequence[OnChannel]) -> None:
        """Lines have all that the channel said of them. Edits come by the ticket stream."""
        said = [facts.of_message(m) for m in messages if isinstance(m, InboundMessage)]
        seats = await self._take([Said(lines=(line,)) for line in said])
        await self.telling.tell([_changed(*ticket, seats) for ticket in seats])

    async def snapshots_taken(
        self, snapshots: Sequence[TicketSnapshot | SnapshotsPublished]
    ) -> None:
        """Tickets and threads are as the snapshots say, where nothing newer was known.

        Pages are told where that was news.
        """
        pages = [each for each in snapshots if isinstance(each, TicketSnapshot)]
        seats = await self._take([facts.of_snapshot(page) for page in pages])
        accounts = dict.fromkeys(account for account, _ in seats)
        await self.telling.tell([News(account, "reload", {}) for account in accounts])

    async def signals_seen(self, signals: Sequence[Signal]) -> None:
        """A STOP or START is kept, and pages are told who types."""
        stops = [
            (s.account_id, s.channel, s.contact.id, s.occurred_at, s.keyword_class == "stop")
            for s in signals
            if s.kind == "keyword" and s.contact and s.keyword_class in ("stop", "start")
        ]
        await self.around.stopped(stops)
        now = self.clock()
        await self.telling.tell(
            [
                News(
                    signal.account_id,
                    "typing",
                    {
                        "channel": signal.channel,
                        "contact": signal.contact.id if signal.contact else None,
                        "conversation": signal.conversation_id,
                        "until": (signal.occurred_at + _TYPING).isoformat(),
                    },
                )
                for signal in signals
                if signal.kind == "typing" and signal.occurred_at + _TYPING > now
            ]
        )

    async def sends_told(self, sends: Sequence[SendOutcome]) -> None:
        """What campaigns and flows sent is kept, to be shown in threads."""
        await self.around.sent(sends)

    async def profiles_changed(self, profiles: Sequence[Profile | Deleted]) -> None:
        """Profiles are as they were said to be last."""
        await self.around.profiles(profiles)

    async def profile_events_seen(self, events: Sequence[ProfileEvent]) -> None:
        """Each is kept."""
        await self.around.profile_events(events)

    async def presence_told(self, events: Sequence[Presence]) -> None:
        """Who is online is known; only an agent themself makes themself so (ASG 2)."""
        own = [event for event in events if event.said_by == event.agent_id]
        known = await self.around.attendances({(e.account_id, e.agent_id) for e in own})
        before = dict(known)
        for event in own:
            settings = self.accounts.get(event.account_id)
            limit = settings.assignment.heartbeat_limit if settings else timedelta(seconds=60)
            at = (event.account_id, event.agent_id)
            said = known.get(at, Attendance(event.account_id, event.agent_id))
            if isinstance(event, AgentHeartbeat):
                known[at] = said.beat(event.occurred_at, limit)
            else:
                online = isinstance(event, AgentWentOnline)
                known[at] = said.chosen(event.occurred_at, online=online)
        changed = [each for at, each in known.items() if before.get(at) != each]
        await self.around.attend(changed)
        await self.telling.tell(
            [
                News(each.account_id, "presence", {"agent": each.agent_id, "online": each.online})
                for each in changed
                if (old := before.get((each.account_id, each.agent_id))) is None
                or old.online != each.online
            ]
        )

    async def _take(self, said: Sequence[Said]) -> Seats:
        """All that is said is stored; the tickets that changed, and who had and has them."""
        seats: Seats = {}
        if not said:
            return seats
        model = await self.models.serving()
        batch = taking.gathered(said)
        for _ in range(_ROUNDS):
            batch = await _round(model, batch, seats)
            if not batch.rows and not batch.lines:
                return seats
        raise Transient("the read model is changed by others all the time; trying again")


async def _round(model: ReadModel, batch: Gathered, seats: Seats) -> Gathered:
    """Store what can be stored, noting it in `seats`; what of the batch lost a race is left.

    Lines are stored before their tickets: whoever dies in between leaves a ticket that does not
    say of them what it must, and the records, which come again, say it then.
    """
    lines = await model.lines(batch.lines.keys())
    joined = {line.of for line, _ in lines.values() if line.ticket_id is not None}
    rows = await model.rows(batch.rows.keys() | joined)
    taken = taking.taken(batch, _values(rows), _values(lines))
    after = dict(taken.rows)
    lost = await _lost(model.save_lines, taken.lines, lines)
    again = {taken.at[key] for key in lost}
    for key in taken.stale - again:
        row = after.get(key) or rows[key][0]
        thread = await model.whole_thread(key)
        silent = {x.key: x for x in taking.silenced(row, [x for x, _ in thread.values()])}
        if await _lost(model.save_lines, silent, thread):
            again.add(key)
            continue
        now = [silent.get(place, line) for place, (line, _) in thread.items()]
        row = taking.reworded(row, now)
        if key in after or row != rows[key][0]:
            after[key] = row
    # A ticket whose lines lost a race is put together again with them.
    again |= await _lost(model.save_rows, {k: r for k, r in after.items() if k not in again}, rows)
    for key, row in after.items():
        if key not in again:
            old = rows[key][0] if key in rows else None
            found = seats.setdefault((row.account_id, row.ticket_id), set())
            found.update(each.summary.assignee for each in (old, row) if each and each.summary)
    return Gathered(
        {key: row for key, row in batch.rows.items() if key in again},
        {key: line for key, line in batch.lines.items() if taken.at[key] in again},
    )


def _changed(account_id: str, ticket_id: str, seats: Seats) -> News:
    """That the ticket changed, and whose it was and is; None where that is not known (any more)."""
    had = seats.get((account_id, ticket_id))
    of = None if had is None else sorted(seat or "" for seat in had)
    return News(account_id, "ticket", {"ticket_id": ticket_id, "of": of})


async def _lost(save: Any, wanted: Mapping[str, Any], stored: Keyed) -> set[str]:  # noqa: ANN401  # of rows or of lines
    """Store these at the revisions they were read at; the keys of those that lost a race."""
    if not wanted:
        return set()
    at = {key: revision for key, (_, revision) in stored.items()}
    saved: set[str] = await save([(each, at.get(key, 0)) for key, each in wanted.items()])
    return set(wanted) - saved


def _values(stored: Keyed) -> dict[str, Any]:
    return {key: value for key, (value, _) in stored.items()}


def _is_answer(event: TicketFact | CommandRejected) -> bool:
    cause = event.command_id if isinstance(event, CommandRejected) else event.cause_id
    return cause.startswith(OURS)


def _answer(event: TicketFact | CommandRejected) -> Answered:
    if isinstance(event, CommandRejected):
        return Answered(
            event.account_id,
            event.command_id,
            event.ticket_id,
            code=event.code,
            reason=event.reason,
        )
    told = {"type": getattr(event, "type", ""), "seq": event.seq, "ticket_id": event.ticket_id}
    if (message_id := getattr(event, "message_id", None)) is not None:
        told["message_id"] = message_id
    return Answered(event.account_id, event.cause_id, event.ticket_id, event=told)
