"""Which thread each mail of a batch belongs to (TKT 2)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from services.ticketing.rules import slots
from services.ticketing.rules.messages import message_arrived
from services.ticketing.rules.ticket import Ticket
from shared.contracts.messages import InboundMessage, Mail
from shared.stores.documents import Applied, Outcome, Redirected, Target
from shared.values.ids import computed_id
from shared.values.mail_tokens import NO_TOKENS, MailTokens, Where, named_by, short_id, unmarked

Key = tuple[str, str]
"""An account, and `mailbox|mail id`."""


def mail_keys(message: InboundMessage, mail: Mail) -> list[str]:
    """The evidence of a mail as tickets are found by it, the best first."""
    return [f"{message.address}|{mail_id}" for mail_id in slots.evidence(mail)]


def named_by_tokens(mails: Iterable[InboundMessage]) -> dict[str, set[str]]:
    """The short ids that the mails' tokens name, by account: none of them verified yet."""
    named: dict[str, set[str]] = {}
    for message in mails:
        for mark in message.mail.tokens if message.mail else ():
            if short := named_by(unmarked(mark)[1]):
                named.setdefault(message.account_id, set()).add(short)
    return named


def targets(
    mails: Sequence[InboundMessage], stored: Iterable[Ticket], tokens: MailTokens = NO_TOKENS
) -> dict[str, Target | None]:
    """Where each mail is to be decided, by its id, as if they came one by one.

    `stored` are the tickets that know a mail id which any of them cites, and those that their
    tokens name. The best evidence is a token in an address or a mail id, then known ids, last a
    token in the text, where anybody may quote it. What an earlier mail of
    the batch makes known leads a later one: it is foreseen by the rule that will decide it. None
    where the ticket is one that an earlier mail reaches only by being sent on: once it is there,
    all is known.
    """
    cited = {
        message.id: [(message.account_id, key) for key in mail_keys(message, message.mail)]
        for message in mails
        if message.mail is not None
    }
    times = Counter(key for keys in cited.values() for key in set(keys))
    threads = _Threads(tokens)
    for ticket in stored:
        threads.keep(ticket, Target(ticket.account_id, id=ticket.id))
    found: dict[str, Target | None] = {}
    for message in mails:
        thread = threads.best(message, cited[message.id])
        new = Target(message.account_id, slot=slots.slot_for(message))
        found[message.id] = thread.target if thread else new
        if any(times[key] > 1 for key in cited[message.id]):
            threads.foresee(thread.at if thread else new, message)
    return found


@dataclass(frozen=True, slots=True)
class _Thread:
    """A ticket as it will be, and where to find it; None while it cannot be found yet."""

    ticket: Ticket
    target: Target | None

    @property
    def at(self) -> Target:
        """Where it is, or will be."""
        return self.target or Target(self.ticket.account_id, slot=self.ticket.slot)


@dataclass(slots=True)
class _Threads:
    """The threads known so far, by their tickets' ids, by what they know and what they hold.

    `named` are they by what tokens name them.
    """

    tokens: MailTokens
    threads: dict[str, _Thread] = field(default_factory=dict)
    knowing: dict[Key, set[str]] = field(default_factory=dict)
    holding: dict[Key, str] = field(default_factory=dict)
    named: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)

    def keep(self, ticket: Ticket, target: Target | None) -> None:
        """Know the ticket as it is now."""
        self.threads[ticket.id] = _Thread(ticket, target)
        self.holding[ticket.account_id, ticket.slot] = ticket.id
        self.named.setdefault((ticket.account_id, short_id(ticket.id)), set()).add(ticket.id)
        for mail_id in ticket.mail_ids:
            key = (ticket.account_id, f"{ticket.address}|{mail_id}")
            self.knowing.setdefault(key, set()).add(ticket.id)

    def best(self, message: InboundMessage, cited: Sequence[Key]) -> _Thread | None:
        """The best-cited ticket that the author may join; else the best-cited, to be linked."""
        found = self._cited(message, cited)
        joinable = (thread for thread in found if slots.may_join(thread.ticket, message))
        return next(joinable, next(iter(found), None))

    def foresee(self, at: Target, message: InboundMessage) -> None:
        """Know what will be of the ticket that is there, or is opened there."""
        thread, outcome = self._decided(at, message)
        sent_on = isinstance(outcome, Redirected)
        while isinstance(outcome, Redirected):
            thread, outcome = self._decided(outcome.target, message)
        if isinstance(outcome, Applied) and outcome.state is not None:
            self.keep(outcome.state, thread.target if thread else None if sent_on else at)

    def _decided(
        self, at: Target, message: InboundMessage
    ) -> tuple[_Thread | None, Outcome[Ticket]]:
        held = at.id or self.holding.get((at.account_id, at.slot or ""), "")
        thread = self.threads.get(held)
        return thread, message_arrived(at, thread.ticket if thread else None, message, number=0)

    def _cited(self, message: InboundMessage, cited: Sequence[Key]) -> list[_Thread]:
        """The tickets by the best evidence first, of several the one that was there first.

        A ticket that the message itself opened comes before all: this is a redelivery then.
        """
        own = computed_id("ticket", message.account_id, message.id)
        ids = dict.fromkeys([own] if own in self.threads else [])
        ids |= dict.fromkeys(self._signed(message, "address", "id"))
        for key in cited:
            ids |= dict.fromkeys(sorted(self.knowing.get(key, ()), key=self._age))
        ids |= dict.fromkeys(self._signed(message, "text"))
        return [self.threads[ticket_id] for ticket_id in ids]

    def _signed(self, message: InboundMessage, *where: Where) -> Iterator[str]:
        """The tickets of the mailbox that the message's tokens prove, by the order of `where`."""
        marks = [unmarked(mark) for mark in (message.mail.tokens if message.mail else ())]
        for _, token in sorted(
            (where.index(found), token) for found, token in marks if found in where
        ):
            for ticket_id in sorted(self.named.get((message.account_id, named_by(token)), ())):
                in_mailbox = self.threads[ticket_id].ticket.address == message.address
                if in_mailbox and self.tokens.proves(token, message.account_id, ticket_id):
                    yield ticket_id

    def _age(self, ticket_id: str) -> tuple[object, ...]:
        ticket = self.threads[ticket_id].ticket
        return ticket.related_ticket_id is not None, ticket.opened_at, ticket.id
