"""The desk in memory over HTTP: the page's templates and scripts, and the API that they need."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

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

from services.desk.rules.shown import ShownView
from services.desk.web import templating
from tests.desk.fake_page import Fake

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
"""
"""What stands for the pane's own scripts: it loads a ticket and says that it did."""


def application(fake: Fake) -> FastAPI:  # noqa: C901, PLR0915  # one route after the other
    """Return the desk's pages and the little of its API that the shell needs."""
    app = FastAPI()

    @app.middleware("http")
    async def guarded(request: Request, call_next: Any) -> Response:
        path = request.url.path
        fake.asked.append(f"{request.method} {path}")
        if fake.is_down or (fake.streams_refused and path == "/api/v1/events"):
            return JSONResponse({"code": "down", "detail": "Down."}, 503)
        if request.method not in {"GET", "HEAD"} and path != "/sign-out":
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
        return page("shell.html", ticket=None, **fake.context(request.query_params))

    @app.post("/sign-out")
    async def sign_out() -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.get("/sign-in")
    async def sign_in() -> Response:
        return HTMLResponse("<h1>Signed out</h1>")

    @app.get("/desk/list")
    async def rows(request: Request) -> Response:
        return page("list.html", **fake.context(request.query_params))

    @app.get("/desk/views")
    async def views() -> Response:
        return page("views.html", views=fake.shown_views())

    @app.get("/desk/rows")
    async def some(request: Request) -> Response:
        passing = {row.id: row for row in fake.filtered(request.query_params)}
        ids = request.query_params["ids"].split(",")
        told = {
            id_: {"html": fake.html(fake.rows[id_]), "in": id_ in passing}
            if id_ in fake.rows
            else None
            for id_ in ids
        }
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
        fake.job_total = len(ids)
        return JSONResponse({"job_id": "j1"}, 202)

    @app.get("/api/v1/bulk/{job_id}")
    async def job(job_id: str) -> Response:
        total = fake.job_total
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
        plain = {"filters": {}, "sort": "-active", "shared": False}
        return JSONResponse(
            [plain | {"id": v.id, "name": v.name} | fake.kept.get(v.id, {}) for v in fake.views]
        )

    @app.post("/api/v1/views")
    async def new_view(request: Request) -> Response:
        body = await request.json()
        kind: Any = "team" if body["shared"] else "private"
        fake.kept["v-new"] = body
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
