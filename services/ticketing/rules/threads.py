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
    """The mail's evidence as keys that tickets are found by (`mailbox|mail id`), the best first."""
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
    """The target of each mail, by the mail's id, as if the mails came one by one.

    `stored` are the tickets that know a mail id which any of the mails cites, and those that their
    tokens name. The best evidence is a token in an address or a mail id, then mail ids that a
    ticket knows, and last a token in the text, where anybody may quote it.

    A later mail of the batch may cite an earlier one. So the ticket of the earlier one is foreseen,
    by the rule that will decide it, and is found like a stored one. The target is None where the
    earlier mail will be redirected to that ticket: the later one waits until it is there.
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
    """A ticket as it will be, and its target; None while the ticket cannot be found yet."""

    ticket: Ticket
    target: Target | None

    @property
    def at(self) -> Target:
        """Where it is, or will be."""
        return self.target or Target(self.ticket.account_id, slot=self.ticket.slot)


@dataclass(slots=True)
class _Threads:
    """The threads known so far: `threads` has them by their tickets' ids.

    The ids of the tickets are found by a mail id that they know (`knowing`), by the slot that they
    hold (`holding`), and by the short id that tokens name them by (`named`).
    """

    tokens: MailTokens
    threads: dict[str, _Thread] = field(default_factory=dict)
    knowing: dict[Key, set[str]] = field(default_factory=dict)
    holding: dict[Key, str] = field(default_factory=dict)
    named: dict[tuple[str, str | None], set[str]] = field(default_factory=dict)

    def keep(self, ticket: Ticket, target: Target | None) -> None:
        """Remember the ticket as it is now, and its target."""
        self.threads[ticket.id] = _Thread(ticket, target)
        self.holding[ticket.account_id, ticket.slot] = ticket.id
        self.named.setdefault((ticket.account_id, short_id(ticket.id)), set()).add(ticket.id)
        for mail_id in ticket.mail_ids:
            key = (ticket.account_id, f"{ticket.mails_at}|{mail_id}")
            self.knowing.setdefault(key, set()).add(ticket.id)

    def best(self, message: InboundMessage, cited: Sequence[Key]) -> _Thread | None:
        """The ticket with the best evidence among those that the author may join.

        If they may join none, it is the one with the best evidence: their own ticket will be linked
        to it. None if the mail cites no ticket.
        """
        found = self._cited(message, cited)
        joinable = (thread for thread in found if slots.may_join(thread.ticket, message))
        return next(joinable, next(iter(found), None))

    def foresee(self, at: Target, message: InboundMessage) -> None:
        """Remember the ticket that is at `at`, or is opened there, as the message will leave it."""
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
        """The cited tickets, those with the best evidence first.

        Where several know the same mail id, the oldest comes first, and linked ones come last. A
        ticket that the message itself opened comes before all: the message is a redelivery then.
        """
        own = computed_id("ticket", message.account_id, message.id)
        ids = dict.fromkeys([own] if own in self.threads else [])
        ids |= dict.fromkeys(self._signed(message, "address", "id"))
        for key in cited:
            ids |= dict.fromkeys(sorted(self.knowing.get(key, ()), key=self._age))
        ids |= dict.fromkeys(self._signed(message, "text"))
        return [self.threads[ticket_id] for ticket_id in ids]

    def _signed(self, message: InboundMessage, *where: Where) -> Iterator[str]:
        """The mailbox's tickets that the message's tokens prove, in the order of `where`."""
        marks = [unmarked(mark) for mark in (message.mail.tokens if message.mail else ())]
        for _, token in sorted(
            (where.index(found), token) for found, token in marks if found in where
        ):
            for ticket_id in sorted(self.named.get((message.account_id, named_by(token)), ())):
                in_mailbox = self.threads[ticket_id].ticket.mails_at == message.address
                if in_mailbox and self.tokens.proves(token, message.account_id, ticket_id):
                    yield ticket_id

    def _age(self, ticket_id: str) -> tuple[object, ...]:
        ticket = self.threads[ticket_id].ticket
        return ticket.related_ticket_id is not None, ticket.opened_at, ticket.id
