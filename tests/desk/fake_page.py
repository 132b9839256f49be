"""A desk in memory: made-up tickets, and a stream of events that a test scripts."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.datastructures import QueryParams

from services.desk.rules.people import Who
from services.desk.rules.shown import ShownContact, ShownLast, ShownPage, ShownRow, ShownView
from services.desk.web import templating

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOW = datetime.now(UTC).replace(microsecond=0)
KEYS: dict[str, Callable[[ShownRow], float]] = {
    "waiting": lambda row: row.waiting_since.timestamp() if row.waiting_since else float("inf"),
    "active": lambda row: row.active_at.timestamp(),
    "opened": lambda row: row.opened_at.timestamp(),
    "number": lambda row: row.number,
}


def a_row(minutes: int, **fields: Any) -> ShownRow:
    """Return an open SMS ticket that was last active `minutes` minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    made: dict[str, Any] = {
        "id": f"t{minutes}",
        "seq": 1,
        "number": minutes,
        "channel": "sms",
        "contact": ShownContact(f"c{minutes}", f"Contact {minutes}", "+39333000000"),
        "status": "open",
        "subject": None,
        "last": ShownLast("customer", "", f"Where is parcel {minutes}?", at),
        "opened_at": at - timedelta(hours=1),
        "active_at": at,
        "waiting_since": at,
        "message_count": 1,
    }
    return ShownRow(**(made | fields))


@dataclass
class Fake:
    """The tickets, what is told of them, and what the page asked for."""

    rows: dict[str, ShownRow] = field(default_factory=dict)
    who: Who = field(default_factory=lambda: Who("acme", "ann", "Ann Rossi", role="manager"))
    agents: list[tuple[str, str, bool]] = field(
        default_factory=lambda: [("ann", "Ann Rossi", True), ("bob", "Bob Verdi", False)]
    )
    teams: list[tuple[str, str]] = field(default_factory=lambda: [("returns", "Returns")])
    views: list[ShownView] = field(default_factory=list)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    presence: str = "offline"
    page_size: int = 50
    looks_at: int = 1_000
    is_down: bool = False
    streams_refused: bool = False
    opened_with: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    job_total: int = 0
    events: list[tuple[int, str, str]] = field(default_factory=list)
    streams: set["asyncio.Queue[tuple[int, str, str] | None]"] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    def put(self, *rows: ShownRow) -> None:
        """Have these tickets, without telling."""
        self.rows |= {row.id: row for row in rows}

    def recount(self) -> None:
        """Count as a server does."""
        views = {view: len(self.of(view)) for view in ("inbox", "unassigned", "all", "spam")}
        unread = {view: sum(row.unread for row in self.of(view)) for view in views}
        self.counts = {"views": views, "unread": unread, "badge": unread["inbox"]}

    def of(self, view: str) -> list[ShownRow]:
        """Return a view's tickets, in no order."""
        return [row for row in self.rows.values() if view in self.views_of(row)]

    def views_of(self, row: ShownRow) -> list[str]:
        """Return which views a ticket is in."""
        if row.spam:
            return ["spam"]
        found = ["all"]
        if row.status == "open":
            found += {self.who.id: ["inbox"], None: ["unassigned"]}.get(row.assignee, [])
            found += ["v-returns"] if "returns" in row.tags else []
        return found

    def tell(self, kind: str, data: Any) -> None:
        """Put an event into the stream."""
        event = (len(self.events) + 1, kind, json.dumps(data))
        self.events.append(event)
        assert self.loop
        for stream in list(self.streams):
            self.loop.call_soon_threadsafe(stream.put_nowait, event)

    def change(self, row: ShownRow, *, counts: bool = True) -> None:
        """Tell a ticket, and have it so, unless what is told is older than what there is."""
        known = self.rows.get(row.id)
        if not known or known.seq <= row.seq:
            self.put(row)
        keys = {name: key(row) for name, key in KEYS.items()}
        if keys["waiting"] == float("inf"):
            keys["waiting"] = None  # type: ignore[assignment]
        told = {"id": row.id, "seq": row.seq, "in": self.views_of(row), "keys": keys}
        self.tell("tickets", {"rows": [told | {"html": self.html(row)}], "commands": []})
        if counts:
            self.recount()
            self.tell("counts", self.counts)

    def update(self, id_: str, **fields: Any) -> None:
        """Change some of a ticket, and tell it."""
        row = self.rows[id_]
        self.change(replace(row, **({"seq": row.seq + 1} | fields)))

    def html(self, row: ShownRow) -> str:
        """Return a row as the server renders it."""
        return templating.render("row.html", self.who, row=row)

    def cut(self) -> None:
        """End every stream."""
        assert self.loop
        for stream in list(self.streams):
            self.loop.call_soon_threadsafe(stream.put_nowait, None)

    def filtered(self, query: QueryParams) -> list[ShownRow]:
        """Return what a request's view and filters let through, in its order."""
        rows = self.of(query.get("view", "inbox"))
        if channels := query.getlist("channel"):
            rows = [row for row in rows if row.channel in channels]
        if tags := query.getlist("tag"):
            rows = [row for row in rows if set(tags) & set(row.tags)]
        if words := query.get("q", "").lower():
            text = [(row, f"{row.number} {row.contact.name} {row.last}".lower()) for row in rows]
            rows = [row for row, said in text if words in said]
        order = query.get("sort", "-active")
        key = KEYS[order.lstrip("-")]
        return sorted(rows, key=lambda row: (key(row), row.id), reverse=order.startswith("-"))

    def page(self, query: QueryParams) -> ShownPage:
        """Return the page that a request asks for, of so many tickets that are looked at."""
        fit = {row.id for row in self.filtered(query)}
        of_view = [(name, query[name]) for name in ("view", "sort") if name in query]
        rows = self.filtered(QueryParams(of_view))
        order = query.get("sort", "-active")
        key, sign = KEYS[order.lstrip("-")], -1 if order.startswith("-") else 1
        if cursor := query.get("cursor"):
            self.cursors.append(cursor)
            edge, edge_id = cursor.split("/")
            ahead = [(sign * (key(row) - float(edge)), row.id != edge_id, row) for row in rows]
            rows = [row for by, other, row in ahead if by > 0 or (by == 0 and other)]
        shown = [row for row in rows[: self.looks_at] if row.id in fit][: self.page_size]
        full = len(shown) == self.page_size
        last = shown[-1] if full else rows[: self.looks_at][-1] if rows else None
        left = rows[rows.index(last) + 1 :] if last else []
        more = any(row.id in fit for row in left) if full else bool(left)
        following = f"{key(last)}/{last.id}" if last and more else None
        total = len(self.filtered(query))
        return ShownPage(tuple(shown), following, total, total_capped=False, as_of=self.as_of)

    @property
    def as_of(self) -> str:
        """The last event that what is rendered now has seen."""
        return str(len(self.events))

    def shown_views(self) -> list[ShownView]:
        """Return the views with their counts."""
        counts, unread = self.counts["views"], self.counts["unread"]
        built_in = [
            ShownView(id_, "", "built-in", counts.get(id_), unread.get(id_, 0))
            for id_ in ("inbox", "unassigned", "all", "spam")
        ]
        return [*built_in, *self.views]

    def context(self, query: QueryParams) -> dict[str, Any]:
        """Return what the templates of the shell and the list are query."""
        apart = ("view", "ticket", "cursor")
        return {
            "views": self.shown_views(),
            "view": query.get("view", "inbox"),
            "page": self.page(query),
            "agents": self.agents,
            "teams": self.teams,
            "filters": {name: query.getlist(name) for name in query if name not in apart},
        }


def until(page: "Page", script: str) -> None:
    """Wait until what the script says is so; the page's policy forbids Playwright's own way."""
    for _ in range(1000):
        if page.evaluate(script):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"it never was so: {script}")
