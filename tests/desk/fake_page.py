"""A desk without a pipeline: the page's own templates and scripts, made-up tickets, and a stream of
events that a test scripts.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.staticfiles import StaticFiles

from services.desk.rules.people import Who
from services.desk.rules.shown import (
    ShownContact,
    ShownLast,
    ShownOther,
    ShownPage,
    ShownRow,
    ShownView,
)
from services.desk.web import templating

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOW = datetime.now(UTC).replace(microsecond=0)
CSP = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
PANE = """
import { fire, parsed } from "./dom.js";
const pane = document.getElementById("pane");
async function open(id) {
  pane.replaceChildren(parsed(await (await fetch(`/desk/tickets/${id}`)).text()));
  fire("desk:opened", { id });
}
document.addEventListener("desk:open", ({ detail }) => open(detail.id));
document.addEventListener("desk:close", () => pane.replaceChildren());
const id = new URLSearchParams(location.search).get("ticket");
if (id) open(id);
"""
"""What stands for the pane's own scripts: it loads a ticket and says that it did."""

KEYS: dict[str, Callable[[ShownRow], float]] = {
    "waiting": lambda row: row.waiting_since.timestamp() if row.waiting_since else float("inf"),
    "active": lambda row: row.active_at.timestamp(),
    "opened": lambda row: row.opened_at.timestamp(),
    "number": lambda row: row.number,
}


def a_row(minutes: int, **fields: Any) -> ShownRow:
    """Return an open SMS ticket that was last active `minutes` minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    made = {
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
    counts: dict[str, Any] = field(default_factory=dict)
    presence: str = "offline"
    page_size: int = 50
    is_down: bool = False
    streams_refused: bool = False
    opened_with: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
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
        """Have a ticket as it now is, and tell it."""
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

    def filtered(self, request: Request) -> list[ShownRow]:
        """Return what a request's view and filters let through, in its order."""
        given = request.query_params
        rows = self.of(given.get("view", "inbox"))
        if channels := given.getlist("channel"):
            rows = [row for row in rows if row.channel in channels]
        if tags := given.getlist("tag"):
            rows = [row for row in rows if set(tags) & set(row.tags)]
        if words := given.get("q", "").lower():
            text = [(row, f"{row.number} {row.contact.name} {row.last}".lower()) for row in rows]
            rows = [row for row, said in text if words in said]
        order = given.get("sort", "-active")
        key = KEYS[order.lstrip("-")]
        return sorted(rows, key=lambda row: (key(row), row.id), reverse=order.startswith("-"))

    def page(self, request: Request) -> ShownPage:
        """Return the page that a request asks for."""
        rows = self.filtered(request)
        order = request.query_params.get("sort", "-active")
        key, sign = KEYS[order.lstrip("-")], -1 if order.startswith("-") else 1
        if cursor := request.query_params.get("cursor"):
            edge, edge_id = cursor.split("/")
            ahead = [(sign * (key(row) - float(edge)), row.id != edge_id, row) for row in rows]
            rows = [row for by, other, row in ahead if by > 0 or (by == 0 and other)]
        shown = rows[: self.page_size]
        following = f"{key(shown[-1])}/{shown[-1].id}" if len(rows) > len(shown) else None
        total = len(self.filtered(request))
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

    def context(self, request: Request) -> dict[str, Any]:
        """Return what the templates of the shell and the list are given."""
        query = request.query_params
        apart = ("view", "ticket", "cursor")
        return {
            "views": self.shown_views(),
            "view": query.get("view", "inbox"),
            "page": self.page(request),
            "agents": self.agents,
            "teams": self.teams,
            "filters": {name: query.getlist(name) for name in query if name not in apart},
        }


def application(fake: Fake) -> FastAPI:  # noqa: C901, PLR0915  # one route after the other
    """Return the desk's pages and the little of its API that the shell needs."""
    app = FastAPI()

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        path = request.url.path
        fake.asked.append(f"{request.method} {path}")
        if fake.is_down or (fake.streams_refused and path == "/api/v1/events"):
            return JSONResponse({"code": "down", "detail": "Down."}, 503)
        if request.method not in {"GET", "HEAD"}:
            assert request.headers.get("X-Desk") == "token"
            body = await request.body()
            fake.sent.append((request.method, path, json.loads(body) if body else None))
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = CSP
        return response

    @app.get(f"{templating.static_path()}/ticket.js")
    async def pane() -> Response:
        return Response(PANE, media_type="text/javascript")

    @app.get(f"{templating.static_path()}/ticket.css")
    async def no_style() -> Response:
        return Response("", media_type="text/css")

    app.mount(templating.static_path(), StaticFiles(directory=templating.STATIC))

    def page(template: str, **context: Any) -> HTMLResponse:
        html = templating.render(
            template, fake.who, csrf="token", account_name="Acme Shoes", **context
        )
        return HTMLResponse(html)

    @app.get("/")
    async def root() -> Response:
        return RedirectResponse("/desk")

    @app.get("/desk")
    async def shell(request: Request) -> Response:
        return page("shell.html", ticket=None, **fake.context(request))

    @app.get("/desk/list")
    async def rows(request: Request) -> Response:
        return page("list.html", **fake.context(request))

    @app.get("/desk/views")
    async def views() -> Response:
        return page("views.html", views=fake.shown_views())

    @app.get("/desk/rows")
    async def some(request: Request) -> Response:
        passing = {row.id: row for row in fake.filtered(request)}
        ids = request.query_params["ids"].split(",")
        told = {id_: {"html": fake.html(passing[id_])} if id_ in passing else None for id_ in ids}
        return JSONResponse({"rows": told})

    @app.get("/desk/tickets/{ticket_id}")
    async def ticket(ticket_id: str) -> Response:
        title = f"#{fake.rows[ticket_id].number}"
        return HTMLResponse(f'<article id="ticket"><h2>{title}</h2><textarea></textarea></article>')

    @app.get("/api/v1/me")
    async def me() -> Response:
        return JSONResponse(
            {"id": fake.who.id, "presence": fake.presence, "language": fake.who.language}
        )

    @app.get("/api/v1/counts")
    async def counts() -> Response:
        return JSONResponse(fake.counts)

    @app.get("/api/v1/tags")
    async def tags() -> Response:
        return JSONResponse(["billing", "returns", "vip"])

    @app.post("/api/v1/bulk")
    async def bulk(request: Request) -> Response:
        body = await request.json()
        view = body.get("view")
        ids = body.get("ids") or [row.id for row in fake.of(view)]
        if body.get("dry_run"):
            return JSONResponse({"count": len(ids)})
        fake.refusals = [one for one in fake.refusals if one["ticket_id"] in ids]
        fake.jobs_total = len(ids)  # type: ignore[attr-defined]
        return JSONResponse({"job_id": "j1"}, 202)

    @app.get("/api/v1/bulk/{job_id}")
    async def job(job_id: str) -> Response:
        total = fake.jobs_total  # type: ignore[attr-defined]
        return JSONResponse(
            {
                "id": job_id,
                "total": total,
                "done": total,
                "refused": fake.refusals,
                "finished": True,
            }
        )

    @app.get("/api/v1/views")
    async def kept_views() -> Response:
        kept = [view for view in fake.views if view.kind != "built-in"]
        return JSONResponse(
            [
                {"id": v.id, "name": v.name, "filters": {}, "sort": "-active", "shared": False}
                for v in kept
            ]
        )

    @app.post("/api/v1/views")
    async def new_view(request: Request) -> Response:
        body = await request.json()
        kind = "team" if body["shared"] else "private"
        fake.views.append(ShownView("v-new", body["name"], kind, None))
        return JSONResponse({"id": "v-new", **body}, 201)

    @app.api_route("/api/v1/{rest:path}", methods=["POST", "PATCH", "PUT", "DELETE"])
    async def done(rest: str) -> Response:
        return JSONResponse({"done": rest})

    @app.get("/api/v1/events")
    async def events(request: Request) -> Response:
        last = request.headers.get("Last-Event-ID") or request.query_params.get("last_event_id")
        fake.opened_with.append(last or "")
        stream: asyncio.Queue[tuple[int, str, str] | None] = asyncio.Queue()
        newest = len(fake.events)
        stream.put_nowait((newest, "live", "{}"))
        for event in fake.events[int(last or newest) :]:
            stream.put_nowait(event)
        stream.put_nowait((newest, "counts", json.dumps(fake.counts)))
        fake.streams.add(stream)

        async def told() -> AsyncIterator[str]:
            try:
                yield "retry: 1000\n\n"
                while event := await stream.get():
                    id_, kind, data = event
                    yield f"id: {id_}\nevent: {kind}\ndata: {data}\n\n"
            finally:
                fake.streams.discard(stream)

        return StreamingResponse(told(), media_type="text/event-stream")

    return app


def until(page: "Page", script: str) -> None:
    """Wait until what the script says is so; the page's policy forbids Playwright's own way."""
    for _ in range(400):
        if page.evaluate(script):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"it never was so: {script}")


@contextmanager
def serving(fake: Fake) -> Iterator[str]:
    """Serve it in a thread, at the address that is yielded."""
    fake.recount()
    config = uvicorn.Config(
        application(fake), port=0, log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    started = threading.Event()

    async def run() -> None:
        fake.loop = asyncio.get_running_loop()
        serving_ = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        started.set()
        await serving_

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(10)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        fake.cut()
        server.should_exit = True
        thread.join(10)


def a_busy_desk() -> Fake:
    """Return a desk with one of each thing that a list shows."""
    fake = Fake()
    fake.views = [
        ShownView("v-returns", "Returns to look at", "team", 3, 1),
        ShownView("v-mine", "VIPs that wait", "private", 2),
    ]

    def said(writer: Any, name: str, text: str, minutes: int) -> ShownLast:
        return ShownLast(writer, name, text, NOW - timedelta(minutes=minutes))

    def by(name: str, address: str = "") -> ShownContact:
        return ShownContact(name, name, address or None)

    fake.put(
        a_row(3, id="a1", number=1042, contact=by("Vera Bianchi"), unread=True, message_count=4,
              last=said("customer", "", "Where is my parcel? It should have come on Monday, and the tracking page says nothing.", 3),
              tags=("returns", "parcel")),
        a_row(12, id="a2", number=1041, channel="email", contact=by("Mario Neri"), subject="Re: order 77",
              last=said("agent", "Ann", "I have sent a new label, it comes by mail today.", 12),
              waiting_since=None, assignee="ann", assignee_name="Ann Rossi", assignee_online=True,
              team="returns", team_name="Returns", message_count=7),
        a_row(25, id="a3", number=1040, channel="whatsapp", contact=by("Giulia Conti"), unread=True,
              last=said("customer", "", "👍 grazie mille!", 25), assignee="bob",
              assignee_name="Bob Verdi", tags=("vip",), message_count=12),
        a_row(48, id="a4", number=1039, channel="instagram", contact=by("@sunny.feet"),
              last=said("customer", "", "Do you have these in 38?", 48),
              others=(ShownOther("bob", "Bob", "writing"),)),
        a_row(75, id="a5", number=1038, channel="webchat", contact=by("Visitor from Lyon"),
              last=said("ai", "Ada", "I have asked a colleague to look at it.", 75), ai_handled=True,
              message_count=9, tags=("billing", "invoice", "b2b", "france", "urgent", "vat")),
        a_row(190, id="a6", number=1037, channel="email", contact=by("procurement@a-very-long-company-name.example"),
              subject="Quote for 240 pairs of safety shoes, delivery to three warehouses",
              last=said("customer", "", "Dear team, please find attached our list of sizes.", 190),
              reply_failed=True, assignee="ann", assignee_name="Ann Rossi", assignee_online=True),
        a_row(400, id="a7", number=1036, contact=by("+39 347 555 0142"), status="snoozed",
              snoozed_until=NOW + timedelta(hours=20), last=said("agent", "Bob", "We will know tomorrow.", 400),
              waiting_since=None, assignee="ann", assignee_name="Ann Rossi", assignee_online=True),
        a_row(1600, id="a8", number=1031, channel="email", contact=by("Zoë Müller"), status="closed",
              subject="Danke!", last=said("customer", "", "Alles gut angekommen.", 1600), waiting_since=None),
        a_row(2500, id="s1", number=1030, channel="email", contact=by("WIN BIG"), spam=True, subject="You have won",
              last=said("customer", "", "Click here", 2500)),
        *(a_row(3000 + 400 * n, id=f"b{n}", number=1000 - n, channel=("sms", "email", "webchat")[n % 3],
                contact=by(("Paolo Gallo", "Irene Ferrari", "Luca Greco", "Sara Riva")[n % 4]),
                last=said("customer", "", "Is there news about my order?", 3000 + 400 * n), waiting_since=None)
          for n in range(14)),
    )  # fmt: skip
    return fake
