"""By which index a list is read: the narrowest of those that give its order. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from services.desk.rules.rows import Row
from services.desk.rules.views import NOBODY, Order, Query

MOST_RANGES: Final = 24
"""Ranges that are read side by side, at most; else a wider index is read."""

ORDERED: Final[tuple[Order, ...]] = ("waiting", "active")
"""The orders in which facets are indexed."""


@dataclass(frozen=True, slots=True)
class Range:
    """What an index is asked for: fields that are equal; the order's field is the last of it."""

    equal: tuple[tuple[str, str | bool], ...]


def is_indexed(of: Range, order: Order) -> bool:
    """Whether an index gives the range in that order."""
    name = of.equal[-1][0]
    if name == "words":
        return order == "active"
    return name != "facets" or order in ORDERED


def facets_of(row: Row) -> list[str]:
    """What the ticket is filed under besides its status and assignee, each with its status."""
    ticket = row.summary
    if ticket is None or ticket.spam:
        return []
    found = [f"channel:{ticket.channel}", f"team:{ticket.team_id or NOBODY}"]
    found += [f"tag:{tag}" for tag in ticket.tags]
    found += [f"segment:{segment}" for segment in ticket.contact.segments]
    found += [
        name
        for name, holds in (
            ("unread", ticket.unread),
            ("ai", ticket.ai_handled),
            ("failed", row.reply.failed),
        )
        if holds
    ]
    return [f"{ticket.status}|{facet}" for facet in found]


def ranges(query: Query, *, by_facets: bool | None = None) -> list[Range]:
    """The ranges that hold all that the query finds, and perhaps more; a ticket in several.

    `by_facets`: by what is filtered by, in whatever order; None: where the order is indexed so.
    """
    base: tuple[tuple[str, str | bool], ...] = (("account_id", query.account_id),)
    spam: tuple[tuple[str, str | bool], ...] = (*base, ("spam", query.spam))
    if query.words or query.begun:
        longest = max(query.words, key=len, default=None)
        return [Range((*base, ("words", word))) for word in ([longest] if longest else query.begun)]
    if query.seats is not None and len(query.statuses) * len(query.seats) <= MOST_RANGES:
        seats = ("" if seat == NOBODY else seat for seat in query.seats)
        return [
            Range((*spam, ("status", status), ("assignee", seat)))
            for status, seat in product(query.statuses, seats)
        ]
    if by_facets is None:
        by_facets = query.order in ORDERED
    if not query.spam and by_facets:
        for facets in _narrow(query):
            if len(query.statuses) * len(facets) <= MOST_RANGES:
                return [
                    Range((*base, ("facets", f"{status}|{facet}")))
                    for status, facet in product(query.statuses, facets)
                ]
    if len(query.statuses) == 3:
        return [Range(spam)]
    return [Range((*spam, ("status", status))) for status in query.statuses]


def _narrow(query: Query) -> Iterator[list[str]]:
    """What is filtered by, the likely narrowest first."""
    wanted = query.filters
    if wanted.reply_failed:
        yield ["failed"]
    if wanted.tag_all:
        yield [f"tag:{wanted.tag_all[0]}"]
    if wanted.tag:
        yield [f"tag:{tag}" for tag in wanted.tag]
    if wanted.segment:
        yield [f"segment:{segment}" for segment in wanted.segment]
    if wanted.team:
        yield [f"team:{team}" for team in wanted.team]
    if wanted.unread:
        yield ["unread"]
    if wanted.ai:
        yield ["ai"]
    if wanted.channel:
        yield [f"channel:{channel}" for channel in wanted.channel]
