"""A desk of one process and no broker, whose tickets are in memory.

What a test needs to go wrong is a field of `Desk`; what the page asked for is in `asked`.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.desk.rules.people import Who
from services.desk.rules.shown import (
    ShownContact,
    ShownDraft,
    ShownLine,
    ShownPanel,
    ShownReplying,
    ShownRow,
    ShownThread,
    ShownTicket,
    ShownVisitor,
)
from services.desk.web.problems import Problem
from services.desk.web.templating import render

NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = 50
ANN = Who(account_id="acme", id="ann", name="Ann Lee")

ACCOUNT: dict[str, Any] = {"csrf": "token", "account_name": "Acme"}


def line(seq: int, text: str, kind: str = "message", **more: Any) -> ShownLine:
    """Return a line of a thread, written `at` as many minutes ago as its seq is below 5,000."""
    defaults: dict[str, Any] = {
        "id": f"line:{seq}",
        "at": NOW - timedelta(minutes=max(0, 5000 - seq)),
        "writer": {"message": "customer", "notice": "system", "send": "integration"}.get(
            kind, "agent"
        ),
        "name": "Vera Bianchi" if kind == "message" else "Bob Ray",
    }
    return ShownLine(**{"kind": kind, "seq": seq, "text": text, **defaults, **more})


@dataclass
class Ticket:
    """A ticket in memory, as far as its pane shows it."""

    row: ShownRow
    lines: list[ShownLine]
    replying: ShownReplying = field(default_factory=lambda: ShownReplying(allowed=True))
    draft: ShownDraft | None = None
    panel: ShownPanel | None = None
    can_reopen: bool = True
    visitor: ShownVisitor | None = None
    cc: tuple[str, ...] = ()
    largest_file: int = 5_000
    short_link: str | None = None

    @property
    def shown(self) -> ShownTicket:
        """Return it as templates have it."""
        panel = self.panel or ShownPanel(1, (), None, (), None, None)
        address = "help@acme.example"
        return ShownTicket(
            self.row,
            address,
            self.page(None),
            panel,
            self.replying,
            self.draft,
            self.can_reopen,
            self.visitor,
            self.cc,
            self.largest_file,
            self.short_link,
        )

    def page(self, earlier: str | None) -> ShownThread:
        """Return the 50 lines before a place, or the newest."""
        end = len(self.lines) if earlier is None else int(earlier)
        begin = max(0, end - PAGE)
        return ShownThread(tuple(self.lines[begin:end]), str(begin) if begin else None)

    def says(self, text: str, kind: str = "message", **more: Any) -> ShownLine:
        """A line is new."""
        seq = self.row.seq + 1
        said = line(seq, text, kind, **({"at": datetime.now(UTC)} | more))
        self.lines.append(said)
        self.row = replace(self.row, seq=seq)
        return said


def ticket(
    name: str = "t1", number: int = 1042, lines: Iterable[ShownLine] = (), **row: Any
) -> Ticket:
    """Return a ticket of Vera Bianchi's with those lines."""
    every = list(lines) or [line(1, "Where is my parcel?")]
    contact = ShownContact("c1", "Vera Bianchi", "vera@example.com")
    defaults: dict[str, Any] = {"channel": "email", "contact": contact, "status": "open"}
    defaults |= {"subject": "My parcel", "last": None, "opened_at": NOW, "active_at": NOW}
    made = ShownRow(id=name, seq=every[-1].seq, number=number, **(defaults | row))
    return Ticket(made, every)


@dataclass
class Desk:
    """What the page talks to."""

    tickets: dict[str, Ticket]
    agents: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "ann", "name": "Ann Lee", "online": True},
            {"id": "bob", "name": "Bob Ray", "online": False},
        ]
    )
    macros: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    drafts_fail: bool = False
    slow: float = 0.0
    accepts: bool = False
    refuse: list[dict[str, Any]] = field(default_factory=list)
    lost: int = 0
    language: str = "en"
    others: list[dict[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    streams: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str]]] = field(
        default_factory=list
    )
    address: str = ""
    uploads: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    refuse_uploads: list[tuple[int, str, str]] = field(default_factory=list)
    slow_uploads: float = 0.0

    def bodies(self, kind: str) -> list[Any]:
        """Return the commands of a type that came, repeats with the same key among them."""
        return [
            body
            for _, path, body in self.asked
            if path.endswith("/commands") and body["type"] == kind
        ]

    def tell(self, kind: str, data: object) -> None:
        """Every page hears of it."""
        for loop, stream in self.streams:
            text = f"event: {kind}\ndata: {json.dumps(data)}\n\n"
            loop.call_soon_threadsafe(stream.put_nowait, text)

    def end(self) -> None:
        """No page hears of anything any more."""
        for loop, stream in self.streams:
            loop.call_soon_threadsafe(stream.put_nowait, "end")

    def changed(self, name: str, commands: Iterable[dict[str, Any]] = ()) -> None:
        """The live event of a ticket that changed."""
        seq = self.tickets[name].row.seq
        row = {"id": name, "seq": seq, "in": ["all"], "keys": {}, "html": self.html(name)}
        self.tell("tickets", {"rows": [row], "commands": list(commands)})

    def html(self, name: str) -> str:
        """Return the ticket as a row of a list."""
        return render("row.html", ANN, **ACCOUNT, row=self.tickets[name].row)

    def apply(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a command does, as an event."""
        it = self.tickets[name]
        kind = body["type"]
        if kind in {"reply", "note"}:
            it.says(body["text"], kind, name=ANN.name)
        else:
            kinds: dict[str, dict[str, Any]] = {
                "close": {"status": "closed"},
                "reopen": {"status": "open"},
                "wake": {"status": "open"},
                "snooze": {"status": "snoozed"},
                "mark_read": {"unread": False},
                "mark_spam": {"spam": True},
                "assign": {"assignee": body.get("assignee"), "assignee_name": body.get("assignee")},
                "tag": {"tags": (*it.row.tags, *body.get("tags", ()))},
                "untag": {"tags": tuple(t for t in it.row.tags if t not in body.get("tags", ()))},
            }
            changes = kinds.get(kind, {})
            it.row = replace(it.row, seq=it.row.seq + 1, **changes)
        if kind == "reopen" or body.get("reopen"):
            it.row = replace(it.row, status="open")
            it.replying = ShownReplying(allowed=True)
        return {"type": kind, "seq": it.row.seq, "ticket_id": name}

    def context(self, name: str) -> dict[str, Any]:
        """Return what templates of a ticket have."""
        if name not in self.tickets:
            raise Problem(404, "unknown_ticket", "There is no such ticket.")
        shown = self.tickets[name].shown
        return {"ticket": shown, "row": shown.row, "thread": shown.thread, "panel": shown.panel}
