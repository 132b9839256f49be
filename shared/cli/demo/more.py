"""Further sample data for whoever looks at the desk: every view is worth looking at.

`make demo` is without them, so that what it checks stays as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from shared.bus.delivery import Outgoing
from shared.cli.demo import samples
from shared.cli.demo.customers import CUSTOMERS, Customer
from shared.cli.demo.observed import Json, Observed
from shared.cli.demo.people import conversation, events, profiles, settings
from shared.cli.demo.story import World
from shared.contracts.base import Author
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkRead,
    MarkSpam,
    ReplyToTicket,
    ReportDelivery,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
)
from shared.topics import ACCOUNTS, COMMANDS, PROFILE_EVENTS, PROFILES

AFTER = timedelta(minutes=7)
"""Between a line of a conversation and the next."""

SNOOZED_FOR = timedelta(hours=20)
_LONG = "Bruno Marin"
_PIECES = 34
_ANSWERS = 30


@dataclass
class More:
    """Tells what `CUSTOMERS` say and what is answered, round by round."""

    world: World
    now: datetime
    _drawn: Iterator[int] = field(default_factory=count)

    async def tell(self) -> None:
        """All of it has happened."""
        await self.world.publish([ACCOUNTS.record(settings())])
        await self.world.publish([PROFILES.record(profile) for profile in profiles(self.now)])
        await self.world.publish([PROFILE_EVENTS.record(event) for event in events(self.now)])
        await self.world.taken(PROFILES, "ingest")
        for turn in range(max(len(customer.says) for customer in CUSTOMERS)):
            await self._customers_write(turn)
            await self._agents_answer(turn)
        await self._a_long_thread()
        await self._agents_go_on()

    async def _customers_write(self, turn: int) -> None:
        writing = [customer for customer in CUSTOMERS if len(customer.says) > turn]
        await self.world.publish([self._said(customer, turn) for customer in writing])
        wanted = sum(min(len(customer.says), turn + 1) for customer in CUSTOMERS)
        await self.world.until(
            f"the customers' messages of turn {turn + 1}",
            lambda seen: sum(len(_lines(seen, one)) for one in CUSTOMERS) >= wanted,
        )

    async def _agents_answer(self, turn: int) -> None:
        answering = [customer for customer in CUSTOMERS if len(customer.answers) > turn]
        seen = await self.world.until("their tickets", lambda _: True)
        commands: list[Command] = []
        for one in answering:
            ticket = _ticket(seen, one)
            at = self._at(one, 2 * turn + 1)
            commands.append(
                self._command(ReplyToTicket, ticket, one.agent, at, text=one.answers[turn])
            )
        before = len(seen.outbound)
        await self._give(commands)
        wanted = before + len([one for one in answering if _may_be_answered(one)])
        await self.world.until("the answers", lambda s: len(s.outbound) >= wanted)

    async def _a_long_thread(self) -> None:
        """A conversation of more than one page."""
        texts = [f"{n + 1}. {_STORY[n % len(_STORY)]}" for n in range(_PIECES)]
        began = self.now - timedelta(hours=10)
        long = Customer("whatsapp", _LONG, "393311000099", 10, tuple(texts))
        await self.world.publish(
            conversation(long, [(began + n * AFTER, text) for n, text in enumerate(texts)])
        )
        seen = await self.world.until(
            "the long conversation", lambda s: len(_lines(s, long)) == _PIECES
        )
        ticket = _ticket(seen, long)
        before = len(seen.outbound)
        replies = [
            self._command(
                ReplyToTicket,
                ticket,
                "carla",
                began + (n + _PIECES) * AFTER,
                text=f"Thank you, Bruno: number {n + 1} is noted.",
            )
            for n in range(_ANSWERS)
        ]
        await self._give(replies)
        await self.world.until(
            "the long conversation's answers", lambda s: len(s.outbound) >= before + _ANSWERS
        )

    async def _agents_go_on(self) -> None:
        """Notes, tags, deliveries; some are closed, snoozed, read, marked as spam."""
        seen = await self.world.until("everything", lambda _: True)
        commands: list[Command] = []
        for one in CUSTOMERS:
            commands += self._afterwards(seen, one, _ticket(seen, one))
        await self._give(commands)
        closed = [one for one in CUSTOMERS if one.then == "close"]
        await self.world.until(
            "some tickets are closed",
            lambda s: all(_ticket(s, one)["status"] == "closed" for one in closed),
        )

    def _afterwards(self, seen: Observed, one: Customer, ticket: Json) -> Iterable[Command]:
        at = self._at(one, 2 * len(one.says))
        if one.answers and ticket["assignee"] is None:
            yield self._command(AssignTicket, ticket, one.agent, at, assignee=one.agent)
        if one.answers or one.note:
            yield self._command(MarkRead, ticket, one.agent, at)
        if one.note:
            yield self._command(AddNote, ticket, one.agent, at, text=one.note)
        if one.tags:
            yield self._command(TagTicket, ticket, one.agent, at, tags=one.tags)
        sent = [out for out in seen.outbound.values() if out["ticket_id"] == ticket["id"]]
        if one.delivery and sent:
            yield self._reported(one, ticket, sent[-1]["id"])
        match one.then:
            case "close":
                yield self._command(CloseTicket, ticket, one.agent, at)
            case "snooze":
                yield self._command(
                    SnoozeTicket, ticket, one.agent, self.now, until=self.now + SNOOZED_FOR
                )
            case "spam":
                yield self._command(MarkSpam, ticket, one.agent, at)
            case "unassign":
                yield self._command(UnassignTicket, ticket, one.agent, at)
            case _:
                pass

    def _reported(self, one: Customer, ticket: Json, outbound_id: str) -> Command:
        failed = one.delivery == "failed"
        return self._command(
            ReportDelivery,
            ticket,
            "gateway",
            self._at(one, 2 * len(one.answers)),
            outbound_id=outbound_id,
            status=one.delivery,
            error="30003: the phone cannot be reached" if failed else None,
        )

    def _said(self, one: Customer, turn: int) -> Outgoing:
        (record,) = conversation(one, [(self._at(one, 2 * turn), one.says[turn])], turn)
        return record

    def _at(self, one: Customer, step: int) -> datetime:
        """When that step of the conversation was: it never lies ahead."""
        began = self.now - timedelta(hours=one.hours)
        pace = min(AFTER, timedelta(hours=one.hours) / (2 * len(one.says) + 2))
        return began + step * pace

    async def _give(self, commands: Sequence[Command]) -> None:
        await self.world.publish([COMMANDS.record(command) for command in commands])

    def _command(
        self, kind: type[Command], ticket: Json, by: str, at: datetime, **fields: object
    ) -> Command:
        id_ = f"demo-more-{next(self._drawn)}"
        agent = by in samples.AGENTS
        return kind.model_validate(
            {
                "account_id": samples.ACCOUNT,
                "id": id_,
                "occurred_at": at,
                "correlation_id": id_,
                "ticket_id": ticket["id"],
                "author": Author(kind="agent" if agent else "integration", id=by, name=by.title()),
                **fields,
            }
        )


_STORY = (
    "I am moving house and have an order with you.",
    "It is the grey sofa.",
    "My new address is Via Garibaldi 7, Parma.",
    "The lift is small: can the sofa be carried in parts?",
    "And who takes the old one away?",
    "On Thursday I am at home from nine.",
)


def _may_be_answered(one: Customer) -> bool:
    """Whether what is answered goes out: SMS need consent, which a profile says."""
    return one.channel != "sms" or bool(one.name)


def _lines(seen: Observed, one: Customer) -> Sequence[Json]:
    """What they wrote that is in a ticket."""
    return [
        message
        for ticket in _all(seen, one)
        for message in ticket["messages"]
        if message["text"] in one.says
    ]


def _ticket(seen: Observed, one: Customer) -> Json:
    return _all(seen, one)[0]


def _all(seen: Observed, one: Customer) -> Sequence[Json]:
    return [
        ticket
        for ticket in seen.tickets(one.channel)
        if any(message["text"] == one.says[0] for message in ticket["messages"])
    ]
