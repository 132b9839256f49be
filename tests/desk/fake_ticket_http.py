"""The desk of `fake_ticket` over HTTP: real templates and scripts, under the page's policy."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from services.desk.rules.shown import ShownDraft, ShownPage, ShownUpload, ShownView
from services.desk.web.problems import Problem, answer
from services.desk.web.templating import STATIC, render, rfc3339, static_path
from shared.values.links import to_shorten
from tests.desk.fake_ticket import ACCOUNT, ANN, Desk

CSP = "default-src 'self'"
FRAME = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"


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
            told = {name: {"html": desk.html(name), "key": None} for name in desk.tickets}
            return JSONResponse({"rows": told})
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
                return JSONResponse(
                    {"command_id": key, "status_url": f"/api/v1/commands/{key}"}, 202
                )
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
        files = tuple(ShownUpload(**each) for each in body["files"])
        it.draft = ShownDraft(
            body["text"], body["note"], datetime.now(UTC), now + 1, files, tuple(body["cc"])
        )
        return JSONResponse({"revision": now + 1})

    async def upload(request: Request) -> Response:
        body, name = await request.body(), request.query_params["name"]
        desk.asked.append((request.headers["Idempotency-Key"], request.url.path, name))
        await asyncio.sleep(desk.slow_uploads)
        if desk.refuse_uploads:
            raise Problem(*desk.refuse_uploads.pop(0))
        desk.uploads[f"u{len(desk.uploads) + 1}"] = (name, body)
        kept = {"id": f"u{len(desk.uploads)}", "name": name, "size": len(body)}
        return JSONResponse(kept, 201)

    async def forget(request: Request) -> Response:
        desk.asked.append(("", request.url.path, None))
        desk.uploads.pop(request.path_params["file"], None)
        return Response(status_code=204)

    async def here(request: Request) -> Response:
        desk.asked.append(("", request.url.path, await request.json()))
        return JSONResponse({"others": desk.others})

    async def links(request: Request) -> Response:
        text = (await request.json())["text"]
        desk.asked.append(("", request.url.path, text))
        found = [text[each.begin : each.end] for each in to_shorten(text, "go.acme.example")]
        return JSONResponse({"links": found})

    async def macro(request: Request) -> Response:
        return JSONResponse(next(m for m in desk.macros if m["id"] == request.path_params["macro"]))

    async def me(request: Request) -> Response:
        if request.method == "PATCH":
            desk.metrics = (await request.json())["profile_metrics"]
        return JSONResponse(
            {"id": "ann", "name": "Ann Lee", "presence": "online", "profile_metrics": desk.metrics}
        )

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
        text = "<body><h1>Hello</h1><script>parent.document.body.remove()</script><p>Formatted</p>"
        return HTMLResponse(text, headers={"Content-Security-Policy": FRAME})

    def listed(name: str) -> Any:
        async def answer(_: Request) -> Response:
            return JSONResponse({"items": getattr(desk, name, [])})

        return answer

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(error)

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
            Route("/api/v1/files", upload, methods=["POST"]),
            Route("/api/v1/files/{file}", forget, methods=["DELETE"]),
            Route("/api/v1/links/found", links, methods=["POST"]),
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
        exception_handlers={Problem: refused},
    )


@contextmanager
def served(desk: Desk) -> Iterator[Desk]:
    """The desk answers at `address` meanwhile, from a thread of its own."""
    config = uvicorn.Config(
        application(desk), log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
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
