"""Tickets: lists, one of them, its thread, and commands (VWS 8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import JSONResponse, Response

from services.desk.rules.commands import Asked
from services.desk.rules.shown import ShownRow, ShownThread, ShownTicket
from services.desk.web.asking import Asking, Outcome
from services.desk.web.auth import who_asks
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.queries import known_alone, query, wanted
from services.desk.web.reading import Reading

LARGEST_PAGE: Final = 200

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=200,
        description="drawn anew for each command; the same key again is the same command",
    ),
]

FILTERS: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "required": False, "schema": schema, "description": about}
    for name, schema, about in (
        ("view", {"type": "string"}, "inbox, unassigned, all, spam, or a custom view's id"),
        ("q", {"type": "string", "maxLength": 200}, "words, a number, an address"),
        ("status", {"type": "array", "items": {"type": "string"}}, "any of these"),
        ("channel", {"type": "array", "items": {"type": "string"}}, "any of these"),
        ("assignee", {"type": "array", "items": {"type": "string"}}, "any of these, or none"),
        ("team", {"type": "array", "items": {"type": "string"}}, "any of these, or none"),
        ("tag", {"type": "array", "items": {"type": "string"}}, "any of these"),
        ("tag.all", {"type": "array", "items": {"type": "string"}}, "all of these"),
        ("tag.none", {"type": "array", "items": {"type": "string"}}, "none of these"),
        ("segment", {"type": "array", "items": {"type": "string"}}, "any of these"),
        ("unread", {"type": "boolean"}, "unread or not"),
        ("ai", {"type": "boolean"}, "handled by the AI agent or not"),
        ("waiting_longer_than", {"type": "number"}, "seconds that the customer waits at least"),
        ("opened_after", {"type": "string", "format": "date-time"}, "that time included"),
        ("opened_before", {"type": "string", "format": "date-time"}, "that time excluded"),
        ("active_after", {"type": "string", "format": "date-time"}, "that time included"),
        ("active_before", {"type": "string", "format": "date-time"}, "that time excluded"),
        ("reply_failed", {"type": "boolean"}, "whether the newest reply was not delivered"),
        ("assignee_offline", {"type": "boolean"}, "whether the assignee is offline"),
        ("sort", {"type": "string"}, "waiting, active, opened or number; - before it: descending"),
    )
]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list: `next` is the cursor of the next one, `as_of` where live updates go on."""

    items: list[ShownRow]
    next: str | None
    total: int
    total_capped: bool
    as_of: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: the event it led to, or nothing yet."""

    command_id: str
    event: dict[str, Any] | None = None
    code: str | None = None
    reason: str | None = None
    why: str | None = None
    named: dict[str, str] | None = None
    status_url: str | None = None


def tickets_api(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["tickets"], responses=PROBLEMS)
    reading = Reading(parts)
    asking = Asking(parts, reading)

    @router.get("/tickets", openapi_extra={"parameters": FILTERS})
    async def tickets(
        request: Request, limit: Limit = 50, cursor: Annotated[str | None, Query()] = None
    ) -> Listed:
        """A page of a list."""
        who = who_asks(request)
        known_alone(request.query_params, ("limit", "cursor"))
        found = await query(parts, who, wanted(request.query_params))
        page = await reading.page(who, found, cursor, limit)
        return Listed(list(page.rows), page.next, page.total, page.total_capped, page.as_of)

    @router.get("/tickets/{ticket_id}")
    async def ticket(request: Request, ticket_id: str) -> ShownTicket:
        """A ticket with its panel and the newest lines of its thread."""
        return await reading.ticket(who_asks(request), ticket_id)

    @router.get("/tickets/{ticket_id}/thread")
    async def thread(
        request: Request,
        ticket_id: str,
        earlier: Annotated[str | None, Query()] = None,
        since: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    ) -> ShownThread:
        """Older lines (`earlier`, a cursor), or those that came after the seq `since`."""
        who = who_asks(request)
        row = await reading.row(who, ticket_id)
        names = await reading.names(who)
        if since is not None:
            return await reading.since(row, names, since)
        return await reading.thread(row, names, earlier)

    @router.post(
        "/tickets/{ticket_id}/commands",
        response_model=Answer,
        responses={202: {"model": Answer, "description": "Given, and not answered yet"}},
    )
    async def command(request: Request, ticket_id: str, asked: Asked, key: Key) -> Response:
        """Change a ticket. A refusal is a 409 with its code and words (TKT 11)."""
        home = f"{request.url.scheme}://{request.url.netloc}"
        done = await asking.ask(who_asks(request), ticket_id, asked, key, home)
        return answered(done)

    @router.get("/commands/{command_id}")
    async def outcome(request: Request, command_id: str) -> Answer:
        """What became of a command."""
        done = await asking.known(who_asks(request), command_id)
        event = dict(done.event) if done.event else None
        named = dict(done.named) if done.named else None
        return Answer(done.command_id, event, done.code, done.reason, done.why, named)

    return router


def answered(done: Outcome) -> Response:
    """The answer to a command; raises Problem where it was refused."""
    if done.code is not None:
        more: dict[str, Any] = {"why": done.why, "named": done.named} if done.why else {}
        text = done.reason or "it was refused"
        raise Problem(409, done.code, text, command_id=done.command_id, **more)
    body: Mapping[str, Any] = {"command_id": done.command_id, "event": done.event}
    if done.event is None:
        url = f"/api/v1/commands/{done.command_id}"
        return JSONResponse({**body, "status_url": url}, 202, headers={"Location": url})
    return JSONResponse(body)
