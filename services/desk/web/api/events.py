"""Live updates as server-sent events, which can be taken up again (VWS 8).

FastAPI writes server-sent events too (`fastapi.sse`), of objects that a route yields: each would be
made into JSON for each page anew, where ours is made once for all that read it; and its comments
come from beside the route, which could not end the stream of a session that is over.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from services.desk.live.pages import Event, Page
from services.desk.rules.people import Who
from services.desk.web.auth import who_asks
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from shared.running.telling import told

COMMENT_EVERY: Final = 15.0
"""In seconds; so that no proxy takes the stream for dead, and that it ends with its session."""

MOST_STREAMS: Final = 40
"""Of one agent or token, from one replica: a browser has one, however many tabs it has."""

Still = Callable[[Request], Awaitable[bool]]
"""Whether whoever asked is signed in still."""

_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events, each with a type, data as JSON and the id to go on from",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}

_log = structlog.get_logger()


def events_api(parts: Parts, still: Still) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1", tags=["events"], responses=PROBLEMS)

    @router.get("/events", response_class=StreamingResponse, responses=_STREAM)
    async def events(
        request: Request, last_event_id: Annotated[str | None, Query(max_length=100)] = None
    ) -> Response:
        """What changes, as it does. `Last-Event-ID`, or `last_event_id`, takes it up again."""
        who = who_asks(request)
        if parts.hub().open_by(who) >= MOST_STREAMS:
            text = f"{MOST_STREAMS} streams of yours are open already: close some"
            raise Problem(429, "too_many_streams", text, headers={"Retry-After": "15"})
        since = request.headers.get("last-event-id") or last_event_id or None
        return StreamingResponse(
            _stream(parts, who, since, lambda: still(request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def _stream(
    parts: Parts, who: Who, since: str | None, still: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    try:
        async with parts.hub().opened(who, since) as page:
            async for some in _told(page, still):
                yield some
    except Exception as error:  # noqa: BLE001  # the page connects again
        _log.warning("a stream broke off", error=told(error))


async def _told(page: Page, still: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """What the page is told, until the session is over."""
    loop = asyncio.get_running_loop()
    checked = loop.time()
    while True:
        if loop.time() - checked >= COMMENT_EVERY:
            checked = loop.time()
            if not await still():
                return
            yield b": still here\n\n"
        left = checked + COMMENT_EVERY - loop.time()
        try:
            event = await page.told_within(left)
        except TimeoutError:
            continue
        lines = []
        while event is not None:
            lines.append(_lines(event))
            if page.events.empty():
                break
            event = page.events.get_nowait()
        if lines:
            yield b"".join(lines)
        if event is None:
            return


def _lines(event: Event) -> bytes:
    id_ = f"id: {event.id}\n" if event.id else ""
    return f"{id_}event: {event.type}\ndata: {event.data}\n\n".encode()
