"""What a query of the desk's asks of the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.desk.rules.views import NOBODY, Filters, Query, bound, milliseconds


def conditions(query: Query, now: datetime) -> dict[str, Any]:
    """All that the query asks of a ticket, whichever index is read."""
    wanted = query.filters
    asked: dict[str, Any] = {
        "spam": query.spam,
        "status": {"$in": list(query.statuses)},
    }
    if query.seats is not None:
        asked["assignee"] = {"$in": ["" if seat == NOBODY else seat for seat in query.seats]}
    every: list[dict[str, Any]] = [asked, *_of_fields(wanted), *_of_times(wanted, now)]
    every += [{"words": word} for word in query.words]
    if query.begun:
        every.append({"words": {"$in": list(query.begun)}})
    return {"$and": every}


def _of_fields(wanted: Filters) -> Iterable[dict[str, Any]]:
    if wanted.channel:
        yield {"channel": {"$in": list(wanted.channel)}}
    if wanted.team:
        yield {"team": {"$in": ["" if team == NOBODY else team for team in wanted.team]}}
    if wanted.tag:
        yield {"tags": {"$in": list(wanted.tag)}}
    if wanted.tag_all:
        yield {"tags": {"$all": list(wanted.tag_all)}}
    if wanted.tag_none:
        yield {"tags": {"$nin": list(wanted.tag_none)}}
    if wanted.segment:
        yield {"segments": {"$in": list(wanted.segment)}}
    if wanted.unread is not None:
        yield {"unread": wanted.unread}
    if wanted.ai is not None:
        yield {"ai": wanted.ai}
    if wanted.reply_failed is not None:
        yield {"failed": wanted.reply_failed}


def _of_times(wanted: Filters, now: datetime) -> Iterable[dict[str, Any]]:
    if wanted.waiting_longer_than is not None:
        until = milliseconds(now - wanted.waiting_longer_than)
        yield {"by_waiting": {"$lt": bound(until + 1)}}
    for name, after, before in (
        ("by_opened", wanted.opened_after, wanted.opened_before),
        ("by_active", wanted.active_after, wanted.active_before),
    ):
        if after is not None:
            yield {name: {"$gte": bound(milliseconds(after))}}
        if before is not None:
            yield {name: {"$lt": bound(milliseconds(before))}}
