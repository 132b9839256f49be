"""Ticketing's handlers: every record is an item for the tickets' aggregates."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.ticketing.numbering import Numbering
from services.ticketing.rules import bounces, slots, threads
from services.ticketing.rules.commands import (
    command_given,
    hand_over_given,
    names_a_stranger,
)
from services.ticketing.rules.early_records import Early, early_id, early_items, may_be_awaited
from services.ticketing.rules.edits import message_changed
from services.ticketing.rules.erasing import EraseTicket, after_erasure, ticket_erased
from services.ticketing.rules.handing_over import target_of
from services.ticketing.rules.messages import message_arrived
from services.ticketing.rules.replies import NO_KEYS
from services.ticketing.rules.signals import (
    concerns_tickets,
    is_keyword,
    message_attributed,
    signal_seen,
)
from services.ticketing.rules.ticket import Ticket, ledger_id
from shared.bus.accounts import Accounts
from shared.bus.delivery import Refusals
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import Command, HandOver, ReplyToTicket
from shared.contracts.marketing import MessageAttributed
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.signals import Signal
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Outcome, Target
from shared.values.links import LinkCodes
from shared.values.mail_tokens import NO_TOKENS, MailTokens

Item = (
    InboundMessage
    | MessageEdited
    | MessageDeleted
    | Signal
    | Command
    | HandOver
    | MessageAttributed
    | EraseTicket
)
Said = InboundMessage | MessageEdited | MessageDeleted | Signal


Late = Callable[[Sequence[Said]], Awaitable[None]]
"""Called with what customers said, once it is applied: see `erasing.Erasing.taken`."""


class Tickets(Protocol):
    """What the handlers need of the store in order to find tickets."""

    async def by_mail(self, account_id: str, keys: Collection[str]) -> Sequence[Ticket]:
        """The account's tickets that know one of these `mailbox|mail id` keys."""

    async def by_mail_token(self, account_id: str, named: Collection[str]) -> Sequence[Ticket]:
        """The account's tickets with mails that have one of these short ids."""

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """See `shared.stores.documents.Store`: the ticket of each of these entries."""

    async def destined(self, targets: Mapping[str, Target]) -> Mapping[str, Target]:
        """The target of each message: the one that was stored first, by this replica or another."""

    async def early(self, awaited: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """The early entries that wait for one of these keys (see `early_records.awaited`)."""

    async def forget_early(self, ids: Collection[str]) -> None:
        """Delete these early entries, by their own ids."""

    async def sms_keys(self, ticket_ids: Collection[str]) -> Collection[str]:
        """The keys by which keywords wait for those of these tickets that are SMS tickets."""

    async def take_numbers(self, account_id: str, count: int) -> Sequence[int]:
        """`count` ticket numbers of the account that nobody else gets."""


@dataclass(slots=True)
class TicketPolicy:
    """Which ticket an item touches, and what it makes of it: a `shared.stores.documents.Policy`."""

    tickets: Tickets
    numbers: Numbering
    accounts: Accounts
    tokens: MailTokens = NO_TOKENS
    codes: LinkCodes = NO_KEYS

    def id_of(self, item: Item) -> str:
        """The item's id in the ledger, the same each time that the item is delivered."""
        return ledger_id(item)

    async def resolve(self, items: Sequence[Item]) -> Sequence[Target | None]:
        """The ticket or slot of each item, as far as what is stored tells.

        Afterwards enough ticket numbers are at hand for `decide`.
        """
        await self._stock_numbers(items)
        mails = await self._threads(
            [item for item in items if isinstance(item, InboundMessage) and item.mail is not None]
        )
        bounced = await self._bounced(
            [item for item in items if isinstance(item, Signal) and item.kind in bounces.KINDS]
        )
        changes = [i for i in items if isinstance(i, MessageEdited | MessageDeleted)]
        of = await self.tickets.applied({c.message_id for c in changes}) if changes else {}
        targets: list[Target | None] = []
        arriving: dict[str, Target | None] = {}
        for item in items:
            match item:
                case InboundMessage(mail=mail) if mail is not None:
                    # It may be redirected: an edit of it waits until its ticket is known.
                    arriving[item.id] = None
                    targets.append(mails[item.id])
                case InboundMessage():
                    arriving[item.id] = Target(item.account_id, slot=slots.slot_for(item))
                    targets.append(arriving[item.id])
                case MessageEdited() | MessageDeleted() if ticket_id := of.get(item.message_id):
                    targets.append(Target(item.account_id, id=ticket_id))
                case MessageEdited() | MessageDeleted() if item.message_id in arriving:
                    targets.append(arriving[item.message_id])
                case MessageEdited() | MessageDeleted():
                    targets.append(Target(item.account_id, slot=slots.nobodys_slot(item)))
                case Signal() if item.id in bounced:
                    targets.append(bounced[item.id])
                case Signal():
                    targets.append(Target(item.account_id, slot=slots.slot_for(item)))
                case Command() | HandOver() | MessageAttributed() | EraseTicket():
                    targets.append(_addressed(item))
        return targets

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """See the rules."""
        match item:
            case EraseTicket():
                return ticket_erased(state, item)
            case MessageEdited() | MessageDeleted() | Signal() | MessageAttributed() if (
                state is not None and state.erased_at is not None
            ):
                return after_erasure(state, item)
            case InboundMessage():
                number = self.numbers.next(item.account_id)
                outcome = message_arrived(target, state, item, number)
                if state is None:
                    self.numbers.used(item.account_id)
                return outcome
            case MessageEdited() | MessageDeleted():
                return message_changed(state, item)
            case Signal() if item.kind in bounces.KINDS:
                return bounces.bounce_seen(state, item)
            case Signal():
                return signal_seen(state, item)
            case MessageAttributed():
                return message_attributed(state, item)
            case Command() | HandOver():
                return self._commanded(target, state, item)

    def _commanded(
        self, target: Target, state: Ticket | None, command: Command | HandOver
    ) -> Outcome[Ticket]:
        if isinstance(command, HandOver):
            number = self.numbers.next(command.account_id)
            outcome = hand_over_given(target, state, command, number)
            if state is None:
                self.numbers.used(command.account_id)
            return outcome
        settings = self.accounts.get(command.account_id)
        settings = settings or AccountSettings(account_id=command.account_id)
        token = self.tokens.of(command.account_id, state.id) if state else None
        return command_given(state, command, settings, token, self.codes)

    async def _stock_numbers(self, items: Sequence[Item]) -> None:
        """Have enough numbers at hand for all tickets that the items might open."""
        opening = (item for item in items if isinstance(item, InboundMessage | HandOver))
        wanted = Counter(item.account_id for item in opening)
        for account_id, count in wanted.items():
            # Twice as many, since a redirected item may be decided again without coming here.
            await self.numbers.stock(account_id, 2 * count)

    async def _threads(self, mails: Sequence[InboundMessage]) -> dict[str, Target | None]:
        """The target of each mail; None where others of the mails have to be applied first."""
        keys: dict[str, set[str]] = {}
        for message in mails:
            if message.mail is not None:
                cited = threads.mail_keys(message, message.mail)
                keys.setdefault(message.account_id, set()).update(cited)
        known: list[Ticket] = []
        for account_id, named in threads.named_by_tokens(mails).items():
            known += await self.tickets.by_mail_token(account_id, named)
        for account_id, wanted in keys.items():
            known += await self.tickets.by_mail(account_id, wanted)
        found = threads.targets(mails, known, self.tokens)
        # What is known of threads changes, so two handlers of one mail could find two tickets for
        # it. Neither ticket's revision would show that: so the first target stored is the mail's.
        known_now = {mail_id: target for mail_id, target in found.items() if target is not None}
        return {**found, **await self.tickets.destined(known_now)}

    async def _bounced(self, signals: Sequence[Signal]) -> Mapping[str, Target]:
        """The target of each bounce, by its signal's id: see `bounces.target`."""
        found: dict[str, Target] = {}
        for account_id in {signal.account_id for signal in signals}:
            of = [signal for signal in signals if signal.account_id == account_id]
            named = {short for signal in of for short in bounces.short_ids(signal)}
            cited = {key for signal in of for key in bounces.mail_keys(signal)}
            known = [*await self.tickets.by_mail_token(account_id, named)] if named else []
            known += await self.tickets.by_mail(account_id, cited) if cited else []
            # `by_mail` comes last: its tickets may have mail ids that are only in the ledger.
            stored = {ticket.id: ticket for ticket in known}.values()
            found |= {each.id: bounces.target(each, stored, self.tokens) for each in of}
        return found


def _addressed(item: Command | HandOver | MessageAttributed | EraseTicket) -> Target:
    """What is asked of a ticket names it; a hand-over may name whom it is with instead."""
    if isinstance(item, HandOver):
        return target_of(item)
    return Target(item.account_id, id=item.ticket_id)


@dataclass(frozen=True, slots=True)
class Ticketing:
    """Applies the records of ticketing's topics to tickets, each record once."""

    tickets: Aggregates[Ticket, Item]
    kept: Tickets
    accounts: Accounts
    late: Late

    async def messages_screened(
        self, messages: Sequence[InboundMessage | MessageEdited | MessageDeleted]
    ) -> Refusals | None:
        """Customers' messages, edits and deletions are in their tickets (TKT 1 to 9)."""
        refused = await self.tickets.apply(messages)
        await self._take_up([m for m in messages if not isinstance(m, InboundMessage)])
        keys = [may_be_awaited(m) for m in messages if isinstance(m, InboundMessage)]
        await self._take_up_for(set().union(*keys))
        await self.late(messages)
        return refused

    async def commands_given(self, commands: Sequence[Command | HandOver]) -> Refusals | None:
        """Each command applied, or was answered with a rejection (TKT 11).

        Where a command names an agent or a team that is not in the settings, these are refreshed
        first: the command's author may have read newer ones. Before a reply by SMS, keywords that
        wait for its ticket are applied, so that no STOP is missed: the replica that opened the
        ticket may have died before it looked for them (TKT 13).
        """
        named = (c for c in commands if isinstance(c, Command))
        if any(names_a_stranger(c, self.accounts.get(c.account_id)) for c in named):
            await self.accounts.refresh()
        if answered := {c.ticket_id for c in commands if isinstance(c, ReplyToTicket)}:
            await self._take_up_for(await self.kept.sms_keys(answered))
        return await self.tickets.apply(commands)

    async def signals_seen(self, signals: Sequence[Signal]) -> Refusals | None:
        """Keywords and bounces show in tickets (ING 3, ING 4); the rest is not ticketing's."""
        shown = {at: signal for at, signal in enumerate(signals) if concerns_tickets(signal)}
        refused = await self.tickets.apply(list(shown.values()))
        await self._take_up([signal for signal in shown.values() if is_keyword(signal)])
        await self.late(list(shown.values()))
        places = list(shown)
        return {places[at]: why for at, why in refused.items()}

    async def messages_attributed(self, facts: Sequence[MessageAttributed]) -> Refusals | None:
        """Attributions show on their tickets (ATT 7)."""
        return await self.tickets.apply(facts)

    async def _take_up_for(self, keys: Collection[str]) -> None:
        """Apply the early items that wait for one of these keys, where it is there now."""
        if keys:
            await self._take_up(early_items(await self.kept.early(keys)))

    async def _take_up(self, items: Sequence[Early]) -> None:
        """Apply the items that may have come early, where what they wait for is there now.

        A replica that handles an early item first stores its entry, and then looks for the message
        that the item waits for. A replica that handles the message first stores the message's
        entry, and then looks for early items. So if both do so at the same time, at least one of
        them finds the other's entry, and applies the item.
        """
        if not items:
            return
        await self.tickets.apply(items)
        done = await self.kept.applied([ledger_id(item) for item in items])
        if taken := [early_id(item) for item in items if ledger_id(item) in done]:
            await self.kept.forget_early(taken)
