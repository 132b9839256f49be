"""A desk of one process and no broker: the pane's real templates and scripts, over tickets in memory.

What a test needs to go wrong is a field of `Desk`; what the page asked for is in `asked`.
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from services.desk.rules.people import Who
from services.desk.rules.shown import (
    ShownContact,
    ShownDraft,
    ShownLine,
    ShownPage,
    ShownPanel,
    ShownReplying,
    ShownRow,
    ShownThread,
    ShownTicket,
    ShownView,
)
from services.desk.web.problems import Problem, handle
from services.desk.web.templating import STATIC, render, rfc3339, static_path

NOW = datetime.now(UTC).replace(microsecond=0)
PAGE = 50
ANN = Who(account_id="acme", id="ann", name="Ann Lee")

ACCOUNT: dict[str, Any] = {"csrf": "token", "account_name": "Acme"}
CSP = "default-src 'self'"
FRAME = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"


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
    replying: ShownReplying = ShownReplying(allowed=True)
    draft: ShownDraft | None = None
    panel: ShownPanel | None = None
    can_reopen: bool = True

    @property
    def shown(self) -> ShownTicket:
        """Return it as templates have it."""
        panel = self.panel or ShownPanel(1, (), None, (), None, None)
        address = "help@acme.example"
        return ShownTicket(
            self.row, address, self.page(None), panel, self.replying, self.draft, self.can_reopen
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


def ticket(name: str = "t1", number: int = 1042, lines: Iterable[ShownLine] = (), **row: Any) -> Ticket:
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
    streams: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str]]] = field(default_factory=list)
    address: str = ""

    def bodies(self, kind: str) -> list[Any]:
        """Return the commands of a type that came, repeats with the same key among them."""
        return [body for _, path, body in self.asked if path.endswith("/commands") and body["type"] == kind]

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
        row = {"id": name, "seq": self.tickets[name].row.seq, "in": ["all"], "keys": {}, "html": ""}
        self.tell("tickets", {"rows": [row], "commands": list(commands)})

    def apply(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a command does, as an event."""
        it = self.tickets[name]
        kind = body["type"]
        if kind in {"reply", "note"}:
            it.says(body["text"], kind, name=ANN.name)
        else:
            changes: dict[str, Any] = {
                "close": {"status": "closed"},
                "reopen": {"status": "open"},
                "wake": {"status": "open"},
                "snooze": {"status": "snoozed"},
                "mark_read": {"unread": False},
                "mark_spam": {"spam": True},
                "assign": {"assignee": body.get("assignee"), "assignee_name": body.get("assignee")},
                "tag": {"tags": (*it.row.tags, *body.get("tags", ()))},
                "untag": {"tags": tuple(t for t in it.row.tags if t not in body.get("tags", ()))},
            }.get(kind, {})
            it.row = replace(it.row, seq=it.row.seq + 1, **changes)
        if kind == "reopen":
            it.replying = ShownReplying(allowed=True)
        return {"type": kind, "seq": it.row.seq, "ticket_id": name}

    def context(self, name: str) -> dict[str, Any]:
        """Return what templates of a ticket have."""
        if name not in self.tickets:
            raise Problem(404, "unknown_ticket", "There is no such ticket.")
        shown = self.tickets[name].shown
        return {"ticket": shown, "row": shown.row, "thread": shown.thread, "panel": shown.panel}


def _html(text: str) -> HTMLResponse:
    return HTMLResponse(text, headers={"Content-Security-Policy": CSP})


def application(desk: Desk) -> Starlette:  # noqa: C901, PLR0915  # a route is a function
    """Return the desk over HTTP."""

    def listed_context() -> dict[str, Any]:
        rows = tuple(each.row for each in desk.tickets.values())
        return {
            "views": [ShownView("all", "All", "built-in", len(rows))],
            "view": "all",
            "page": ShownPage(rows, None, len(rows), total_capped=False, as_of="0-0"),
            "agents": [(each["id"], each["name"], each["online"]) for each in desk.agents],
            "teams": [],
            "filters": {},
            "zone": "Europe/Rome",
            "opens": "09:00",
        }

    async def shell(request: Request) -> Response:
        name = request.query_params.get("ticket")
        context = (desk.context(name) if name else {"ticket": None}) | listed_context()
        return _html(render("shell.html", ANN, **ACCOUNT, language=desk.language, **context))

    async def rows(request: Request) -> Response:
        if request.url.path == "/desk/rows":
            return JSONResponse({"rows": {}})
        name = request.url.path.removeprefix("/desk/")
        return _html(render(f"{name}.html", ANN, **ACCOUNT, **listed_context()))

    async def part(request: Request) -> Response:
        context = desk.context(request.path_params["ticket"])
        name = request.path_params.get("part", "")
        it = desk.tickets[request.path_params["ticket"]]
        query = request.query_params
        if name == "thread":
            context["thread"] = it.page(query.get("earlier"))
        template = {"": "ticket.html", "head": "ticket_head.html"}.get(name, f"{name}.html")
        return _html(render(template, ANN, **ACCOUNT, language=desk.language, **context))

    async def command(request: Request) -> Response:
        name, body = request.path_params["ticket"], await request.json()
        key = request.headers["Idempotency-Key"]
        desk.asked.append((key, request.url.path, body))
        if desk.lost:
            desk.lost -= 1
            raise Problem(503, "unavailable", "Not now.")
        if desk.slow and body["type"] != "mark_read":
            desk.sent.setdefault(key, desk.apply(name, body))
            desk.changed(name)
            await asyncio.sleep(desk.slow)
        if body["type"] != "mark_read" and desk.refuse and not body.get("unseen_ok"):
            raise Problem(409, **desk.refuse.pop(0))
        if key not in desk.sent:
            if desk.accepts:
                return JSONResponse({"command_id": key, "status_url": f"/api/v1/commands/{key}"}, 202)
            desk.sent[key] = desk.apply(name, body)
        return JSONResponse({"command_id": key, "event": desk.sent[key]})

    async def outcome(request: Request) -> Response:
        key = request.path_params["key"]
        return JSONResponse({"command_id": key, "event": desk.sent.get(key)})

    async def draft(request: Request) -> Response:
        it = desk.tickets[request.path_params["ticket"]]
        if request.method == "GET":
            if it.draft is None:
                raise Problem(404, "no_draft", "There is none.")
            return JSONResponse(asdict(it.draft) | {"at": rfc3339(it.draft.at)})
        body = await request.json() if request.method == "PUT" else None
        desk.asked.append(("", request.url.path, body))
        if desk.drafts_fail:
            raise Problem(500, "failed", "No.")
        if body is None:
            it.draft = None
            return Response(status_code=204)
        now = it.draft.revision if it.draft else 0
        if body["revision"] != now:
            raise Problem(409, "draft_conflict", "Another device saved.")
        it.draft = ShownDraft(body["text"], body["note"], datetime.now(UTC), now + 1)
        return JSONResponse({"revision": now + 1})

    async def here(request: Request) -> Response:
        desk.asked.append(("", request.url.path, await request.json()))
        return JSONResponse({"others": desk.others})

    async def macro(request: Request) -> Response:
        return JSONResponse(next(m for m in desk.macros if m["id"] == request.path_params["macro"]))

    async def me(request: Request) -> Response:
        if request.method == "PATCH":
            desk.metrics = (await request.json())["profile_metrics"]
        return JSONResponse({"id": "ann", "name": "Ann Lee", "presence": "online", "profile_metrics": desk.metrics})

    async def counts(_: Request) -> Response:
        return JSONResponse({"views": {}, "unread": {}, "badge": 0})

    async def events(_: Request) -> Response:
        stream: asyncio.Queue[str] = asyncio.Queue()
        desk.streams.append((asyncio.get_running_loop(), stream))

        async def told() -> AsyncIterator[str]:
            yield ": hello\n\n"
            while (said := await stream.get()) != "end":
                yield said

        return StreamingResponse(told(), media_type="text/event-stream")

    async def mail(_: Request) -> Response:
        text = '<body><h1>Hello</h1><script>parent.document.body.remove()</script><p>Formatted</p>'
        return HTMLResponse(text, headers={"Content-Security-Policy": FRAME})

    def listed(name: str) -> Any:
        async def answer(_: Request) -> Response:
            return JSONResponse({"items": getattr(desk, name, [])})

        return answer

    one = "/api/v1/tickets/{ticket}"
    return Starlette(
        routes=[
            Route("/desk", shell),
            Route("/desk/list", rows),
            Route("/desk/rows", rows),
            Route("/desk/views", rows),
            Route("/desk/tickets/{ticket}/lines/{line}/html", mail),
            Route("/desk/tickets/{ticket}", part),
            Route("/desk/tickets/{ticket}/{part}", part),
            Route(f"{one}/commands", command, methods=["POST"]),
            Route(f"{one}/draft", draft, methods=["GET", "PUT", "DELETE"]),
            Route(f"{one}/here", here, methods=["POST"]),
            Route(f"{one}/macros/{{macro}}", macro),
            Route("/api/v1/commands/{key}", outcome),
            Route("/api/v1/presence", here, methods=["POST"]),
            Route("/api/v1/me", me, methods=["GET", "PATCH"]),
            Route("/api/v1/counts", counts),
            Route("/api/v1/events", events),
            Route("/api/v1/macros", listed("macros")),
            Route("/api/v1/agents", listed("agents")),
            Route("/api/v1/teams", listed("teams")),
            Route("/api/v1/tags", listed("tags")),
            Mount(static_path(), StaticFiles(directory=STATIC)),
        ],
        exception_handlers={Problem: handle},
    )


@contextmanager
def served(desk: Desk) -> Iterator[Desk]:
    """The desk answers at `address` meanwhile, from a thread of its own."""
    quiet = {"log_level": "error", "lifespan": "off", "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(application(desk), port=0, **quiet))
    listener = socket.create_server(("127.0.0.1", 0))
    desk.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    running = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    running.start()
    try:
        yield desk
    finally:
        desk.end()
        server.should_exit = True
        running.join(10)
