"""By which index a list is read: one that holds little more than what is asked for. Pure.

A ticket is filed under its facets, each with its status and each without: a list over all statuses
is one range, as one of a single status is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from services.desk.rules.rows import Row
from services.desk.rules.views import NOBODY, Order, Query

MOST_RANGES: Final = 24
"""Ranges that are read side by side, at most; else a wider index is read."""

_ALL: Final = 3
_SPAM: Final = "!"
_ANY: Final = ""


@dataclass(frozen=True, slots=True)
class Range:
    """What an index is asked for: fields that are equal; the order's field is the last of it."""

    equal: tuple[tuple[str, str | bool], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Ranges that together hold all that a query finds, and perhaps more.

    `exact`: nothing more. `once`: no ticket is in two of them. `ordered`: an index gives each in
    the order that is asked for.
    """

    ranges: tuple[Range, ...]
    exact: bool = False
    once: bool = True
    ordered: bool = True


def facets_of(row: Row) -> list[str]:
    """What the ticket is filed under, each with its status and then without; spam by itself."""
    ticket = row.summary
    if ticket is None:
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
    spam = _SPAM if ticket.spam else ""
    by_status = [f"{spam}{ticket.status}|{facet}" for facet in found]
    # Of one status there is an index by assignee.
    found.append(f"seat:{ticket.assignee or NOBODY}")
    return by_status + [f"{spam}{_ANY}|{facet}" for facet in found]


def is_filed(facets: list[str]) -> bool:
    """Whether these are facets as they are now: versions up to 0.1 filed by status alone."""
    return any(facet.startswith(("|", f"{_SPAM}|")) for facet in facets)


def readings(query: Query, *, filed: bool = True) -> list[Reading]:
    """The ways to read what the query finds, the likely narrowest first; the last one is ordered.

    `filed`: whether all tickets have the facets that they are to have.
    """
    left = _asked(query)
    found: list[Reading] = []
    if "words" in left:
        longest = max(query.words, key=len, default=None)
        words = [longest] if longest else list(query.begun)
        ranges = tuple(Range((("account_id", query.account_id), ("words", w))) for w in words)
        found.append(Reading(ranges, once=len(words) == 1, ordered=query.order == "active"))
    if query.seats is not None and (under := _by_seat(query, filed=filed)) is not None:
        found.append(Reading(under, exact=left == {"seats"}))
    for asked, facets, once in _facets(query) if filed or not query.spam else ():
        if (under := _filed_under(query, facets, filed=filed)) is not None:
            found.append(Reading(under, exact=left == {asked}, once=once))
    ranges = tuple(Range(equal) for equal in _by_status(query))
    return [*found, Reading(ranges, exact=not left)]


def exact(query: Query, *, filed: bool = True) -> Reading | None:
    """Where an index holds just what the query finds, in its order: how it is read."""
    ways = readings(query, filed=filed)
    return next((way for way in ways if way.exact and way.ordered), None)


_Equal = tuple[tuple[str, str | bool], ...]


def _by_status(query: Query, *, split: bool = False) -> list[_Equal]:
    """The tickets of these statuses; of all of them in one, unless they are to be split."""
    base: _Equal = (("account_id", query.account_id), ("spam", query.spam))
    statuses = dict.fromkeys(query.statuses)
    if len(statuses) == _ALL and not split:
        return [base]
    return [(*base, ("status", status)) for status in statuses]


def _by_seat(query: Query, *, filed: bool) -> tuple[Range, ...] | None:
    """Who has the tickets; None where they would be too many ranges."""
    seats = dict.fromkeys(query.seats or ())
    if filed and len(set(query.statuses)) == _ALL:
        return _filed_under(query, [f"seat:{seat}" for seat in seats], filed=True)
    each = list(product(_by_status(query, split=True), seats))
    if len(each) > MOST_RANGES:
        return None
    return tuple(Range((*of, ("assignee", "" if s == NOBODY else s))) for of, s in each)


def _filed_under(query: Query, facets: list[str], *, filed: bool) -> tuple[Range, ...] | None:
    """The ranges of these facets; None where they would be too many."""
    places: list[str] = list(dict.fromkeys(query.statuses))
    if len(places) == _ALL and filed:
        places = [_ANY]
    each = list(product(places, dict.fromkeys(facets)))
    if len(each) > MOST_RANGES:
        return None
    spam = _SPAM if query.spam else ""
    return tuple(
        Range((("account_id", query.account_id), ("facets", f"{spam}{place}|{facet}")))
        for place, facet in each
    )


def _facets(query: Query) -> Iterator[tuple[str, list[str], bool]]:
    """What is filtered by, the likely narrowest first, and whether no ticket has two of them."""
    wanted = query.filters
    if wanted.reply_failed:
        yield "reply_failed", ["failed"], True
    if wanted.tag_all:
        # The others of several are asked for besides.
        name = "tag_all" if len(wanted.tag_all) == 1 else ""
        yield name, [f"tag:{wanted.tag_all[0]}"], True
    if wanted.tag:
        yield "tag", [f"tag:{tag}" for tag in wanted.tag], len(wanted.tag) == 1
    if wanted.segment:
        facets = [f"segment:{segment}" for segment in wanted.segment]
        yield "segment", facets, len(facets) == 1
    if wanted.team:
        yield "team", [f"team:{team}" for team in wanted.team], True
    if wanted.unread:
        yield "unread", ["unread"], True
    if wanted.ai:
        yield "ai", ["ai"], True
    if wanted.channel:
        yield "channel", [f"channel:{channel}" for channel in wanted.channel], True


_OF_TIME: Final[dict[Order, frozenset[str]]] = {
    "waiting": frozenset({"waiting_longer_than"}),
    "active": frozenset({"active_after", "active_before"}),
    "opened": frozenset({"opened_after", "opened_before"}),
    "number": frozenset(),
}
_SAID_OTHERWISE: Final = frozenset({"status", "assignee", "assignee_offline", "q"})


def _asked(query: Query) -> set[str]:
    """What is asked for besides status and what the order's own field says."""
    set_ = query.filters.model_dump(exclude_defaults=True)
    asked = {name for name, value in set_.items() if value not in ((), None)}
    asked -= _SAID_OTHERWISE | _OF_TIME[query.order]
    if query.words or query.begun:
        asked.add("words")
    if query.seats is not None:
        asked.add("seats")
    return asked
