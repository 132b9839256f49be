"""Tickets as lists show them, put together from events and snapshots in whatever order (VWS 9).

What an event's summary says counts by its `seq`: the highest wins. What lists show besides, the
newest message and what became of the newest reply, is of the line with the highest `seq` likewise.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Final

from services.desk.rules.lines import SAYS_AS_MUCH, Line
from services.desk.rules.plain import preview
from services.desk.rules.words import LONGEST_WORD, plain, words_of
from shared.clock import EPOCH
from shared.contracts.base import Contact
from shared.contracts.tickets import TicketSummary

MOST_WORDS: Final = 2_000
"""Words that a ticket is found by; of more, an arbitrary but fixed choice."""


@dataclass(frozen=True, slots=True)
class Last:
    """The newest message: of the line at `seq`, in its `version`."""

    seq: int = 0
    version: int = 0
    deleted: bool = False
    writer: str = ""
    name: str = ""
    text: str = ""
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Reply:
    """The newest reply that is no auto-reply, by whom, and the most that is known of it."""

    seq: int = 0
    id: str = ""
    by: str = ""
    delivery: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the customer has not got it."""
        return self.delivery == "failed"


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket. `summary` is as of `seq`; None while only lines of it are known.

    `last_spam` is the newest message that was screened as spam, `last` the newest of the others.
    `customer_at` is when the customer last wrote. What was said up to `erased_seq` is erased.
    At `woken_seq`, `woken_at`, time woke it last. `said` are the words of its thread.
    """

    account_id: str
    ticket_id: str
    seq: int = 0
    summary: TicketSummary | None = None
    related_ticket_id: str | None = None
    last: Last = Last()
    last_spam: Last = Last()
    reply: Reply = Reply()
    customer_at: datetime = EPOCH
    erased_seq: int = 0
    woken_seq: int = 0
    woken_at: datetime = EPOCH
    said: frozenset[str] = field(default_factory=frozenset)

    @property
    def key(self) -> str:
        """Its document's id."""
        return f"{self.account_id}:{self.ticket_id}"

    @property
    def words(self) -> frozenset[str]:
        """All that it is found by."""
        return bounded(self.said | words_of_ticket(self.summary)) if self.summary else self.said

    @property
    def newest(self) -> Last:
        """The message that lists show: spam counts in a ticket that is spam alone (SPM 2)."""
        spam = self.summary is not None and self.summary.spam
        if not self.last.seq or (spam and self.last_spam.seq > self.last.seq):
            return self.last_spam
        return self.last

    @property
    def active_at(self) -> datetime:
        """When somebody last wrote."""
        opened = self.summary.opened_at if self.summary else EPOCH
        return max(self.newest.at, opened)


def together(one: Row, other: Row) -> Row:
    """What both say of the ticket."""
    newer = max(one, other, key=lambda row: (row.seq, row.summary is not None))
    reply = max(one.reply, other.reply, key=_reply_order)
    return Row(
        account_id=one.account_id,
        ticket_id=one.ticket_id,
        seq=newer.seq,
        summary=newer.summary,
        related_ticket_id=one.related_ticket_id or other.related_ticket_id,
        last=max(one.last, other.last, key=_last_order),
        last_spam=max(one.last_spam, other.last_spam, key=_last_order),
        reply=reply,
        customer_at=max(one.customer_at, other.customer_at),
        erased_seq=max(one.erased_seq, other.erased_seq),
        woken_seq=max(one.woken_seq, other.woken_seq),
        woken_at=max(one, other, key=lambda row: (row.woken_seq, row.woken_at)).woken_at,
        said=bounded(one.said | other.said),
    )


def with_lines(row: Row, lines: Iterable[Line]) -> Row:
    """The row, and what these lines of its thread add to it."""
    for line in lines:
        if line.kind is not None:
            row = together(row, _of_line(row, line))
    return row


def _of_line(row: Row, line: Line) -> Row:
    found = Row(row.account_id, row.ticket_id)
    if line.kind not in ("message", "reply"):
        words = words_of(line.text) if line.kind == "note" else ()
        return replace(found, said=bounded(words))
    kind, who, name = line.author or ("customer", "", None)
    at = line.received_at if line.kind == "message" else line.sent_at
    last = Last(
        seq=line.seq,
        version=line.version,
        deleted=line.deleted,
        writer=kind if line.kind == "reply" else "customer",
        name=name or who,
        text=preview(line.text),
        at=at,
    )
    reply = Reply()
    if line.kind == "reply" and not line.auto_reply:
        reply = Reply(line.seq, line.id, who, line.delivery)
    return replace(
        found,
        last=Last() if line.spam else last,
        last_spam=last if line.spam else Last(),
        reply=reply,
        customer_at=at if line.kind == "message" and not line.spam else EPOCH,
        said=bounded(words_of(line.text)),
    )


def words_of_ticket(summary: TicketSummary) -> frozenset[str]:
    """What a ticket is found by besides its messages: number, subject, contact (VWS 2)."""
    return frozenset(
        [
            str(summary.number),
            f"#{summary.number}",
            *words_of(summary.subject or ""),
            *_contact_words(summary.contact),
        ]
    )


def _contact_words(contact: Contact) -> list[str]:
    said = words_of(contact.display_name or "")
    found = list(said)
    for identity in contact.identities:
        value = plain(identity.value)
        found += [value[:LONGEST_WORD], *words_of(value)]
        digits = "".join(letter for letter in value if letter.isdigit())
        if identity.type in ("e164", "wa_id") and digits:
            # A number is known by its end: people leave the country's code out.
            ends = [digits[start:] for start in range(max(len(digits) - 5, 1))]
            found += [end for end in ends if not end.startswith("0")]
    return found


def bounded(words: Iterable[str]) -> frozenset[str]:
    """The words, or so many of them as may be kept: the same ones in whatever order they come."""
    given = frozenset(words)
    if len(given) <= MOST_WORDS:
        return given
    return frozenset(sorted(given, key=_drawn)[:MOST_WORDS])


def _drawn(word: str) -> bytes:
    return blake2b(word.encode(), digest_size=8).digest()


def _last_order(last: Last) -> tuple[object, ...]:
    return last.seq, last.deleted, last.version, last.text, last.at, last.writer, last.name


def _reply_order(reply: Reply) -> tuple[int, str, int, str]:
    return reply.seq, reply.id, SAYS_AS_MUCH[reply.delivery], reply.by
