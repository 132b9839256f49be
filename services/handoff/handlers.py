"""What the hand-off does with the records it consumes: each goes to its party."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from services.handoff.rules import decisions
from services.handoff.rules.decisions import Item, TicketSaid
from services.handoff.rules.party import AUTHOR, Party, command_id, names_of
from shared.bus.accounts import Accounts
from shared.bus.delivery import Outgoing, Refusals
from shared.clock import Clock
from shared.contracts.base import Envelope
from shared.contracts.commands import HandOver, ReplyToTicket
from shared.contracts.handoffs import (
    ConversationResolved,
    HandoffEnded,
    HandoffRequested,
    VisitorAnswered,
)
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline, Presence
from shared.contracts.tickets import CommandRejected, TicketFact, TicketHandedOver
from shared.errors import Poison
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Entry, Outcome, Store, Target
from shared.stores.erased import Erasures, Named
from shared.topics import COMMANDS, HANDOFFS
from shared.values.attendance import Attendance
from shared.values.hours import is_open

_HEARTBEAT = timedelta(seconds=60)


class Parties(Store[Party], Protocol):
    """What handlers need of the store."""

    @property
    def erasures(self) -> Erasures:
        """Whose contacts were erased."""


class Agents(Protocol):
    """Which agents are there."""

    async def known(
        self, agents: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Attendance]:
        """What is known of these agents, by account and agent."""

    async def of(self, account_id: str) -> Sequence[Attendance]:
        """What is known of all agents of the account."""

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """Store each, unless what is stored is newer."""


class Counting(Protocol):
    """Is told what is counted (HND 6)."""

    def ended(self, event: HandoffEnded) -> None:
        """A hand-off is over."""

    def resolved(self) -> None:
        """The AI agent ended a conversation by itself."""

    def ignored(self) -> None:
        """An answer is to no hand-off of its account."""

    def attempted(self, method: str, result: str) -> None:
        """An attempt at another helpdesk was made."""


def record_of(body: Envelope) -> Outgoing:
    """The record that says it, on the topic that it belongs to."""
    if isinstance(body, HandOver | ReplyToTicket):
        return COMMANDS.record(body)
    return HANDOFFS.record(body)


@dataclass(frozen=True, slots=True)
class Rules:
    """The hand-off's aggregates: one for each party of an account."""

    accounts: Accounts

    def id_of(self, item: Item) -> str:
        """See `shared.stores.documents.Policy`."""
        return item.id

    async def resolve(self, items: Sequence[Item]) -> Sequence[Target]:
        """See `shared.stores.documents.Policy`. Each item names its document: nothing is read."""
        return [Target(item.account_id, id=item.document) for item in items]

    def decide(self, target: Target, state: Party | None, item: Item) -> Outcome[Party]:
        """See `Policy` (`shared.stores.documents`). The account's present settings count."""
        change = decisions.decide(state, item, self.accounts.get(target.account_id))
        return Applied(
            state=change.party if change else None,
            entry=Entry(id=item.id, body={"at": item.now}),
            publish=tuple(record_of(body) for body in change.publish) if change else (),
        )


@dataclass(frozen=True, slots=True)
class Handoff:
    """Takes what is asked and answered, what ticketing says, and who is there."""

    parties: Aggregates[Party, Item]
    kept: Parties
    agents: Agents
    accounts: Accounts
    clock: Clock
    counting: Counting

    async def handoffs_told(self, messages: Sequence[Any]) -> Refusals:
        """Each request and each answer has had its effect; what ended is counted (HND 6).

        What was asked before its contact was erased is not handed over any more.
        """
        await self._know_accounts(messages)
        now = self.clock()
        asked = {p: m for p, m in enumerate(messages) if isinstance(m, HandoffRequested)}
        erased = await self.kept.erasures.of({n for m in asked.values() for n in _names(m)})
        kept = {p: m for p, m in asked.items() if not _is_late(m, erased)}
        refused = await self._take({p: decisions.requested(m, now) for p, m in kept.items()})
        answers = {p: m for p, m in enumerate(messages) if isinstance(m, VisitorAnswered)}
        documents = await self._documents(
            {command_id(m.account_id, m.handoff_id) for m in answers.values()}
        )
        items: dict[int, Item] = {}
        for place, answer in answers.items():
            document = documents.get(command_id(answer.account_id, answer.handoff_id))
            if document:
                items[place] = decisions.of_answer(answer, document, now)
            else:
                self.counting.ignored()
        refused |= await self._take(items)
        self._count(messages)
        return refused

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> Refusals:
        """Each hand-off that ticketing took or refused has ended (HND 3)."""
        answers: dict[int, tuple[TicketHandedOver | CommandRejected, str]] = {}
        for place, event in enumerate(events):
            if isinstance(event, TicketHandedOver):
                answers[place] = event, command_id(event.account_id, event.handoff_id)
            elif isinstance(event, CommandRejected) and event.author == AUTHOR:
                answers[place] = event, event.command_id
        if not answers:
            return {}
        documents = await self._documents({id_ for _, id_ in answers.values()})
        there = {e.account_id for e, id_ in answers.values() if id_ in documents}
        now = self.clock()
        available = {account_id: await self._is_there(account_id) for account_id in sorted(there)}
        return await self._take(
            {
                place: decisions.of_ticket(
                    TicketSaid(event, available[event.account_id]), documents[id_], now
                )
                for place, (event, id_) in answers.items()
                if documents.get(id_)
            }
        )

    async def presence_told(self, events: Sequence[Presence]) -> None:
        """Who is online is known; only an agent themself makes themself so (ASG 2)."""
        own = [event for event in events if event.said_by == event.agent_id]
        before = await self.agents.known({(e.account_id, e.agent_id) for e in own})
        known = dict(before)
        now = self.clock()
        for event in own:
            # What is said of a time to come must not count for more than what is said later.
            when = min(event.occurred_at, now)
            at = (event.account_id, event.agent_id)
            said = known.get(at, Attendance(*at))
            if isinstance(event, AgentHeartbeat):
                known[at] = said.beat(when, self._limit(event.account_id))
            else:
                known[at] = said.chosen(when, online=isinstance(event, AgentWentOnline))
        changed = [each for at, each in known.items() if before.get(at) != each]
        if changed:
            await self.agents.attend(changed)

    async def _know_accounts(self, messages: Sequence[Any]) -> None:
        """An account that is unknown here may have come just now."""
        asked = {m.account_id for m in messages if isinstance(m, HandoffRequested)}
        if any(self.accounts.get(account_id) is None for account_id in asked):
            await self.accounts.refresh()

    async def _documents(self, ids: Collection[str]) -> Mapping[str, str]:
        """The documents of the requests with these ids in the ledger."""
        return await self.kept.applied(ids) if ids else {}

    async def _take(self, items: Mapping[int, Item]) -> dict[int, Poison]:
        """Apply the items, given by their places in the batch; returns the refusals by place."""
        places = list(items)
        refused = await self.parties.apply(list(items.values()))
        return {places[index]: why for index, why in refused.items()}

    async def _is_there(self, account_id: str) -> bool:
        """Whether the account is open and one of its agents is online."""
        account, now = self.accounts.get(account_id), self.clock()
        if account is None or not is_open(account, now):
            return False
        agents = {agent.id for agent in account.agents}
        limit = self._limit(account_id)
        known = await self.agents.of(account_id)
        return any(each.agent_id in agents and each.is_online(now, limit) for each in known)

    def _limit(self, account_id: str) -> timedelta:
        account = self.accounts.get(account_id)
        return account.assignment.heartbeat_limit if account else _HEARTBEAT

    def _count(self, messages: Sequence[Any]) -> None:
        for message in messages:
            if isinstance(message, HandoffEnded):
                self.counting.ended(message)
            elif isinstance(message, ConversationResolved):
                self.counting.resolved()


def _names(request: HandoffRequested) -> list[Named]:
    return [(request.account_id, name) for name in names_of(request)]


def _is_late(request: HandoffRequested, erased: Mapping[Named, Any]) -> bool:
    return any(
        named in erased and request.occurred_at <= erased[named] for named in _names(request)
    )
