"""What agents have for themselves: views, macros, drafts, who is there, counts, live updates."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from services.desk.handlers import News
from services.desk.live.hub import Event
from services.desk.rules import macros as macro_rules
from services.desk.rules import showing
from services.desk.rules.people import RIGHTS, Who
from services.desk.rules.shown import ShownOther
from services.desk.rules.views import Filters
from services.desk.web.api.tickets import Key
from services.desk.web.auth import who_asks
from services.desk.web.counting import Counting
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.queries import visible
from services.desk.web.reading import Reading
from shared.contracts.base import Contract, Whole
from shared.contracts.presence import AgentHeartbeat, AgentWentOffline, AgentWentOnline
from shared.errors import Transient
from shared.topics import PRESENCE
from shared.values.ids import computed_id

LONGEST_DRAFT: Final = 200_000
"""Characters."""

COMMENT_EVERY: Final = 15.0
"""In seconds; so that no proxy takes the stream for dead."""

Still = Callable[[Request], Awaitable[bool]]
"""Whether whoever asked is signed in still."""


class View(Contract):
    """A custom view: `shared` is the team's, and managers' to change."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    filters: Filters = Filters()
    sort: Annotated[str, Field(pattern=r"^[+-]?(waiting|active|opened|number)$")] = "-active"
    shared: bool = False


@dataclass(frozen=True, slots=True)
class KeptView:
    """A custom view as it is kept."""

    id: str
    name: str
    filters: dict[str, Any]
    sort: str
    shared: bool


class Draft(Contract):
    """What an agent has begun to write; `revision` is the stored one that they have seen."""

    text: Annotated[str, Field(max_length=LONGEST_DRAFT)]
    note: bool = False
    revision: Annotated[Whole, Field(ge=0)] = 0


class HereIs(Contract):
    """What an agent does with a ticket that is open before them."""

    state: Literal["looking", "writing", "gone"]


class OfPresence(Contract):
    """What an agent's page says of them."""

    state: Literal["online", "offline", "heartbeat"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A macro's text on a ticket, and what it does besides. What is missing stands in it as is."""

    text: str
    missing: list[str]
    tags: list[str]
    status: str | None
    snooze_seconds: float


@dataclass(frozen=True, slots=True)
class Macro:
    """A reply prepared in advance."""

    id: str
    name: str
    text: str
    tags: list[str]
    status: str | None


def work_api(parts: Parts, counting: Counting, still: Still) -> APIRouter:  # noqa: C901, PLR0915  # a function a route
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["work"], responses=PROBLEMS)
    reading = Reading(parts)

    @router.get("/views")
    async def views(request: Request) -> list[KeptView]:
        """The custom views: the team's, and one's own."""
        return [_kept(view) for view in await visible(parts, who_asks(request))]

    @router.post("/views", status_code=201)
    async def add_view(request: Request, view: View, key: Key) -> KeptView:
        """Keep a view; the same key again is the same view."""
        who = who_asks(request)
        _may_share(who, shared=view.shared)
        id_ = computed_id("view", who.account_id, who.id, key)
        row = _row(who, id_, view)
        await parts.own.save_view(row)
        await _told_of_settings(parts, who)
        return _kept(row)

    @router.put("/views/{view_id}")
    async def change_view(request: Request, view_id: str, view: View) -> KeptView:
        """Change a view."""
        who = who_asks(request)
        old = await _view(parts, who, view_id)
        _may_share(who, shared=view.shared or old["owner"] is None)
        row = _row(who, view_id, view)
        await parts.own.save_view(row)
        await _told_of_settings(parts, who)
        return _kept(row)

    @router.delete("/views/{view_id}", status_code=204)
    async def forget_view(request: Request, view_id: str) -> None:
        """There is no such view any more."""
        who = who_asks(request)
        old = await _view(parts, who, view_id)
        _may_share(who, shared=old["owner"] is None)
        await parts.own.forget_view(old["_id"])
        await _told_of_settings(parts, who)

    @router.get("/macros")
    async def macros(request: Request) -> list[Macro]:
        """The account's macros, by their names."""
        settings = parts.settings(who_asks(request))
        found = sorted(settings.macros, key=lambda macro: macro.name.casefold())
        return [Macro(m.id, m.name, m.text, list(m.tags), m.status) for m in found]

    @router.get("/tickets/{ticket_id}/macros/{macro_id}")
    async def filled(request: Request, ticket_id: str, macro_id: str) -> Filled:
        """The macro with what it leaves open filled in for the ticket (MAC 1)."""
        who = who_asks(request)
        settings = parts.settings(who)
        macro = next((each for each in settings.macros if each.id == macro_id), None)
        if macro is None:
            raise Problem(404, "unknown_macro", "there is no such macro (any more)")
        row = await reading.row(who, ticket_id)
        known = macro_rules.values(row, settings, who.name)
        text, missing = macro_rules.filled(macro.text, known)
        seconds = macro.snooze_for.total_seconds()
        return Filled(text, list(missing), list(macro.tags), macro.status, seconds)

    @router.get("/tickets/{ticket_id}/draft", responses={204: {"description": "There is none"}})
    async def draft(request: Request, ticket_id: str) -> Draft | None:
        """One's draft for the ticket."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        found = await parts.own.draft(_person(who), ticket_id)
        if found is None:
            return None
        return Draft(text=found["text"], note=found["note"], revision=found["revision"])

    @router.put("/tickets/{ticket_id}/draft")
    async def save_draft(request: Request, ticket_id: str, given: Draft) -> Draft:
        """Keep it; a 409 has what another device kept meanwhile."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        row = {"text": given.text, "note": given.note, "at": parts.clock()}
        revision = await parts.own.save_draft(_person(who), ticket_id, row, given.revision)
        if revision is None:
            found = await parts.own.draft(_person(who), ticket_id) or {}
            raise Problem(
                409,
                "draft_changed",
                "the draft was changed on another device",
                draft={name: found.get(name) for name in ("text", "note", "revision")},
            )
        news = {"by": who.id, "ticket_id": ticket_id, "revision": revision}
        await parts.telling.tell([News(who.account_id, "draft", news)])
        return given.model_copy(update={"revision": revision})

    @router.delete("/tickets/{ticket_id}/draft", status_code=204)
    async def forget_draft(request: Request, ticket_id: str) -> None:
        """There is none any more."""
        who = who_asks(request)
        await parts.own.forget_draft(_person(who), ticket_id)
        news = {"by": who.id, "ticket_id": ticket_id, "revision": 0}
        await parts.telling.tell([News(who.account_id, "draft", news)])

    @router.post("/tickets/{ticket_id}/here")
    async def here(request: Request, ticket_id: str, is_: HereIs) -> dict[str, list[ShownOther]]:
        """Say that one looks at the ticket or writes in it; who else does."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        now = parts.clock()
        before = await parts.here.there(who.account_id, [ticket_id], now)
        there = await parts.here.note(who.account_id, ticket_id, who.id, is_.state, now)
        if before.get(ticket_id, {}) != there:
            news = {"ticket_id": ticket_id, "there": there}
            await parts.telling.tell([News(who.account_id, "here", news)])
        names = await reading.names(who)
        return {"others": list(showing.others(there, names, (who.id,)))}

    @router.post("/presence", status_code=202)
    async def presence(request: Request, said: OfPresence) -> dict[str, str]:
        """Set oneself online or offline, or say that the page is still open (ASG 2)."""
        await say_presence(parts, who_asks(request), said.state)
        return {"state": said.state}

    @router.get("/counts")
    async def counts(request: Request) -> dict[str, Any]:
        """How many tickets are in each view, and the badge."""
        return await counting.of(who_asks(request))

    @router.get("/events", response_class=StreamingResponse)
    async def events(
        request: Request, last_event_id: Annotated[str | None, Query()] = None
    ) -> Response:
        """What changes, as server-sent events; `Last-Event-ID` takes them up where they were."""
        who = who_asks(request)
        since = request.headers.get("last-event-id") or last_event_id
        return StreamingResponse(
            _stream(parts, who, since, lambda: still(request)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router


async def say_presence(parts: Parts, who: Who, state: str) -> None:
    """Publish what an agent's page says of them; raises Problem (503) while that cannot be."""
    now = parts.clock()
    kinds = {"online": AgentWentOnline, "offline": AgentWentOffline, "heartbeat": AgentHeartbeat}
    id_ = computed_id("presence", who.account_id, who.id, state, now.isoformat())
    said = kinds[state](
        account_id=who.account_id,
        id=id_,
        occurred_at=now,
        correlation_id=id_,
        agent_id=who.id,
        said_by=who.id,
    )
    try:
        await parts.publish([PRESENCE.record(said)])
    except Transient as error:
        raise Problem(503, "away", "it could not be passed on: try again") from error


async def _stream(
    parts: Parts, who: Who, since: str | None, still: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    yield b"retry: 1000\n\n"
    async with parts.hub().opened(who, since) as page:
        while True:
            try:
                event = await asyncio.wait_for(page.events.get(), COMMENT_EVERY)
            except TimeoutError:
                if not await still():
                    return
                yield b": still here\n\n"
            else:
                yield _lines(event)


def _lines(event: Event) -> bytes:
    id_ = f"id: {event.id}\n" if event.id else ""
    return f"{id_}event: {event.type}\ndata: {event.data}\n\n".encode()


async def _told_of_settings(parts: Parts, who: Who) -> None:
    await parts.telling.tell([News(who.account_id, "settings", {})])


async def _view(parts: Parts, who: Who, view_id: str) -> dict[str, Any]:
    for view in await visible(parts, who):
        if view["_id"] == f"{who.account_id}:{view_id}":
            return dict(view)
    raise Problem(404, "unknown_view", "there is no such view")


def _may_share(who: Who, *, shared: bool) -> None:
    if shared and "views" not in RIGHTS[who.role]:
        raise Problem(403, "forbidden", "the team's views are managers' to change", field="shared")


def _row(who: Who, id_: str, view: View) -> dict[str, Any]:
    return {
        "_id": f"{who.account_id}:{id_}",
        "account_id": who.account_id,
        "name": view.name,
        "filters": view.filters.model_dump(mode="json", exclude_defaults=True),
        "sort": view.sort,
        "owner": None if view.shared else who.id,
    }


def _kept(row: Any) -> KeptView:  # noqa: ANN401  # a document
    id_ = row["_id"].partition(":")[2]
    return KeptView(id_, row["name"], row["filters"], row["sort"], row["owner"] is None)


def _person(who: Who) -> str:
    return f"{who.account_id}:{who.id}"
