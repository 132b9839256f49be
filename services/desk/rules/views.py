"""Views, filters and orders of lists (VWS 1, VWS 2). Pure.

`matches` says of one ticket what the database's query says of all: a property test holds the two
together.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from services.desk.rules.rows import Row
from services.desk.rules.words import asked
from shared.clock import EPOCH
from shared.contracts.base import Channel, Contract, Id, UtcTime
from shared.contracts.tickets import TicketStatus

NOBODY: Final = "none"
"""Stands for no assignee and for no team in filters."""

Order = Literal["waiting", "active", "opened", "number"]
BuiltIn = Literal["inbox", "unassigned", "all", "spam"]
BUILT_IN: Final[tuple[BuiltIn, ...]] = ("inbox", "unassigned", "all", "spam")
STATUSES: Final[tuple[TicketStatus, ...]] = ("open", "snoozed", "closed")

_Some = Annotated[tuple[Id, ...], Field(max_length=50)]
FIRST: Final = ""
LAST: Final = "~"
"""Before and beyond all keys."""

_NEVER: Final = 9_999_999_999_999
_LONG: Final = timedelta(days=3650)
_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def _seconds(value: object) -> object:
    """A number of seconds as URLs have it; anything else is as it is."""
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


class Filters(Contract):
    """What a list is narrowed to. Of several values of one filter any will do.

    `status` empty is what the view shows by itself. `tag_all` wants every tag, `tag_none` none of
    them. `waiting_longer_than` is how long the team has let the customer wait; times of `opened`
    and `active` are from (included) and until (excluded).
    """

    status: Annotated[tuple[TicketStatus, ...], Field(max_length=3)] = ()
    channel: Annotated[tuple[Channel, ...], Field(max_length=5)] = ()
    assignee: _Some = ()
    team: _Some = ()
    tag: _Some = ()
    tag_all: _Some = ()
    tag_none: _Some = ()
    segment: _Some = ()
    unread: bool | None = None
    ai: bool | None = None
    waiting_longer_than: (
        Annotated[timedelta, BeforeValidator(_seconds), Field(ge=timedelta(0), le=_LONG)] | None
    ) = None
    opened_after: UtcTime | None = None
    opened_before: UtcTime | None = None
    active_after: UtcTime | None = None
    active_before: UtcTime | None = None
    reply_failed: bool | None = None
    assignee_offline: bool | None = None
    q: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Which of an account's tickets, in which order.

    `statuses` are never empty. `spam`: the flagged ones alone, else the others alone (VWS 1).
    `seats` are who may have them, None for whoever; NOBODY among them is nobody. `begun` are words
    that the last word of the search begins, any of which will do in its place.
    """

    account_id: str
    spam: bool
    statuses: tuple[TicketStatus, ...]
    filters: Filters
    order: Order = "active"
    descending: bool = True
    seats: tuple[str, ...] | None = None
    begun: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The words that a ticket must have, all of them."""
        words = asked(self.filters.q)
        return words[:-1] if self.begun else words


def built_in(view: BuiltIn, account_id: str, agent: str, filters: Filters) -> Query:
    """The query of one of the four views, for that agent."""
    seats: tuple[str, ...] | None = filters.assignee or None
    if view == "inbox":
        seats = (agent,)
    elif view == "unassigned":
        seats = (NOBODY,)
    shown = STATUSES if view == "all" or filters.q else ("open",)
    return Query(
        account_id,
        spam=view == "spam",
        statuses=filters.status or shown,
        filters=filters,
        seats=seats,
    )


def custom(account_id: str, view: Filters, more: Filters) -> Query:
    """The query of a custom view; what is asked for besides comes before what the view says."""
    given = more.model_dump(exclude_defaults=True)
    filters = view.model_copy(update={name: getattr(more, name) for name in given})
    return Query(
        account_id,
        spam=False,
        statuses=filters.status or ("open",),
        filters=filters,
        seats=filters.assignee or None,
    )


def narrowed(query: Query, offline: Iterable[str]) -> Query:
    """The query with `assignee_offline` said as who may have the tickets."""
    wanted = query.filters.assignee_offline
    if wanted is None:
        return query
    away = set(offline)
    if wanted:
        seats = sorted(away if query.seats is None else away & set(query.seats))
        return replace(query, seats=tuple(seats))
    if query.seats is None:
        return query
    return replace(query, seats=tuple(seat for seat in query.seats if seat not in away))


def matches(query: Query, row: Row, now: datetime) -> bool:
    """Whether the ticket is among those that the query finds at that time."""
    ticket = row.summary
    if ticket is None or row.account_id != query.account_id or ticket.spam != query.spam:
        return False
    if ticket.status not in query.statuses:
        return False
    if query.seats is not None and (ticket.assignee or NOBODY) not in query.seats:
        return False
    wanted = query.filters
    tags = set(ticket.tags)
    return (
        (not wanted.channel or ticket.channel in wanted.channel)
        and (not wanted.team or (ticket.team_id or NOBODY) in wanted.team)
        and (not wanted.tag or not tags.isdisjoint(wanted.tag))
        and tags.issuperset(wanted.tag_all)
        and tags.isdisjoint(wanted.tag_none)
        and (not wanted.segment or not set(wanted.segment).isdisjoint(ticket.contact.segments))
        and wanted.unread in (None, ticket.unread)
        and wanted.ai in (None, ticket.ai_handled)
        and wanted.reply_failed in (None, row.reply.failed)
        and _in_time(wanted, row, now)
        and _has_words(query, row)
    )


def _has_words(query: Query, row: Row) -> bool:
    if not query.filters.q:
        return True
    words = row.words
    return words.issuperset(query.words) and (not query.begun or not words.isdisjoint(query.begun))


def _in_time(wanted: Filters, row: Row, now: datetime) -> bool:
    ticket = row.summary
    assert ticket is not None  # noqa: S101  # as `matches` has seen
    long = wanted.waiting_longer_than
    waits = ticket.customer_waits_since
    return (
        (long is None or (waits is not None and waits <= now - long))
        and _between(ticket.opened_at, wanted.opened_after, wanted.opened_before)
        and _between(row.active_at, wanted.active_after, wanted.active_before)
    )


def _between(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or at >= start) and (end is None or at < end)


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    delta = at - EPOCH
    return delta.days * 86_400_000 + delta.seconds * 1000 + delta.microseconds // 1000


def place(order: Order, row: Row) -> int:
    """By what the row is ordered: milliseconds since 1970, or its number.

    Whose customers wait for nothing come after all that wait.
    """
    ticket = row.summary
    if ticket is None:
        return 0
    match order:
        case "waiting":
            waits = ticket.customer_waits_since
            return _NEVER if waits is None else milliseconds(waits)
        case "active":
            return milliseconds(row.active_at)
        case "opened":
            return milliseconds(ticket.opened_at)
        case "number":
            return ticket.number


def key(order: Order, row: Row) -> str:
    """The row's place in that order, a key that no other row has; keys compare as text."""
    return f"{bound(place(order, row))}:{row.ticket_id}"


def bound(at: int) -> str:
    """The key that is before all keys of that place and after all of the one before."""
    return f"{min(max(at, 0), _NEVER):013d}"


def span(query: Query, after: str | None, now: datetime) -> tuple[str, str]:
    """Between which keys all lies that the query finds beyond `after`, in its order.

    The order's own field alone is looked at; what is asked of it needs no other look.
    """
    wanted = query.filters
    first, last = None, None
    match query.order:
        case "active":
            first, last = wanted.active_after, wanted.active_before
        case "opened":
            first, last = wanted.opened_after, wanted.opened_before
        case "waiting" if wanted.waiting_longer_than is not None:
            last = now - wanted.waiting_longer_than + timedelta(milliseconds=1)
    lower = FIRST if first is None else bound(milliseconds(first))
    upper = LAST if last is None else bound(milliseconds(last))
    if query.descending:
        return (upper if after is None else min(after, upper)), lower
    return max(after or FIRST, lower), upper
