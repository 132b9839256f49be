"""The account's settings: read, changed by compare-and-set, who changed what (ROL 1, ROL 2)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Path, Query, Request
from pydantic import AwareDatetime
from starlette.responses import JSONResponse, Response

from services.desk.rules import showing
from services.desk.rules.people import may
from services.desk.rules.routing_preview import Would, preview
from services.desk.rules.settings import PARTS, PREVIEWED
from services.desk.rules.views import Filters, built_in
from services.desk.web.auth import who_asks
from services.desk.web.changing import LONG_AGO, Changing, Held
from services.desk.web.parts import Parts
from services.desk.web.problems import MEDIA_TYPE, PROBLEMS, Document, Problem
from services.desk.web.rights import READ
from services.desk.web.words import words
from services.desk.web.would_be_sent import Previewed, WouldBeSent, would
from shared.contracts.accounts import AccountSettings

LOOKED_AT: Final = 50
"""Tickets, the last that were opened."""

_CHANGED: Final[dict[int | str, dict[str, Any]]] = {
    412: {
        "description": "Somebody else has changed it: `current` is what is in force, `changes` what"
        " they changed",
        "content": {MEDIA_TYPE: {"schema": Document.model_json_schema()}},
    },
    428: {
        "description": "There is no `If-Match`",
        "content": {MEDIA_TYPE: {"schema": Document.model_json_schema()}},
    },
}
_WHOLE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": AccountSettings, "description": "The settings; `ETag` is their revision"}
}
Named = Annotated[str, Path(description=f"One of {', '.join(PARTS)}.", max_length=40)]
Given = Annotated[dict[str, Any], Body(description="What is to be in force.")]
Match = Annotated[
    str | None,
    Header(alias="If-Match", description="The `ETag` with which it was read.", max_length=200),
]


def settings_api(parts: Parts, own: str = "") -> APIRouter:
    """The routes; `own` is where browsers find the desk."""
    router = APIRouter(prefix="/api/v1/settings", tags=["settings"], responses=PROBLEMS)
    changing = Changing(parts, own)

    @router.get("", responses=_WHOLE)
    async def whole(request: Request) -> Response:
        """All settings of the account."""
        return _answer(await changing.now(who_asks(request)))

    @router.put("", responses=_WHOLE | _CHANGED)
    async def put_whole(request: Request, given: Given, if_match: Match = None) -> Response:
        """Put all settings in force, if those still are that were read; else nothing changes.

        What is left out has its default. Only what one's role may change may differ.
        """
        tag = _tag(if_match)
        return _answer(await changing.put(who_asks(request), None, given, tag))

    @router.get("/changes")
    async def changes(
        request: Request,
        since: Annotated[AwareDatetime | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> dict[str, Any]:
        """Who changed what, when, and what it was before; the newest first."""
        start: datetime = since or parts.clock() - LONG_AGO
        return {"items": await changing.changes(who_asks(request), start, limit)}

    @router.post("/routing/preview")
    async def previewed(request: Request, given: Given) -> dict[str, Any]:
        """Which team the last 50 tickets would have got by these rules, and which they have.

        The body is as that of the part `routing`. Nothing is changed.
        """
        who = who_asks(request)
        if not who.is_agent and not may(who, READ):
            raise Problem(403, "forbidden", "it needs the scope 'tickets:read' too")
        draft = changing.checked(who, "routing", given, parts.settings(who))
        newest = replace(built_in("all", who.account_id, who.id, Filters()), order="opened")
        model = await parts.models.serving()
        rows = await model.page(newest, after=None, limit=LOOKED_AT, now=parts.clock())
        tickets = {row.ticket_id: row.summary for row in rows if row.summary}
        found = preview(draft.assignment, tickets.values())
        teams = {team.id: team.name for team in draft.teams}
        items = [
            _would(ticket_id, each, teams) for ticket_id, each in zip(tickets, found, strict=True)
        ]
        return {"items": items, "differ": sum(each.differs for each in found)}

    @router.post("/{part}/preview")
    async def would_be_sent(request: Request, part: Named, given: Previewed) -> WouldBeSent:
        """What would be sent now by these settings of the part, which are not in force.

        Of `auto-replies`, `handoff` and `links`. Nothing is changed, and nothing is sent.
        """
        who = who_asks(request)
        if part not in PREVIEWED:
            text = f"what would be sent can be seen of {', '.join(PREVIEWED)}"
            raise Problem(404, "unknown_part", text, field="part")
        draft = changing.checked(who, part, given.settings, parts.settings(who))
        return would(draft, part, given, parts.clock(), words(given.language or draft.language))

    @router.get("/{part}", responses={200: {"description": "The part's fields"}})
    async def part(request: Request, part: Named) -> Response:
        """A part of the settings, in the same places as in the whole; its `ETag` is its own."""
        return _answer(await changing.now(who_asks(request), _known(part)))

    @router.put("/{part}", responses={200: {"description": "The part's fields"}, **_CHANGED})
    async def put_part(
        request: Request, part: Named, given: Given, if_match: Match = None
    ) -> Response:
        """Put a part in force, if the one still is that was read.

        A field that is left out stays; what is left out inside one has its default. It is no
        conflict when somebody has changed another part meanwhile.
        """
        tag = _tag(if_match)
        return _answer(await changing.put(who_asks(request), _known(part), given, tag))

    return router


def _known(part: str) -> str:
    if part not in PARTS:
        raise Problem(404, "unknown_part", f"the parts are {', '.join(PARTS)}", field="part")
    return part


def _tag(if_match: str | None) -> str:
    if not if_match:
        text = "send If-Match with the ETag with which you read it"
        raise Problem(428, "if_match_needed", text, field="If-Match")
    return if_match.strip().removeprefix("W/").strip('"')


def _answer(held: Held) -> Response:
    headers = {"ETag": f'"{held.tag}"', "Cache-Control": "no-store"}
    return JSONResponse(held.value, headers=headers)


def _would(ticket_id: str, each: Would, teams: dict[str, str]) -> dict[str, Any]:
    def team(id_: str | None) -> dict[str, str] | None:
        return None if id_ is None else {"id": id_, "name": teams.get(id_, id_)}

    return {
        "ticket_id": ticket_id,
        "number": each.ticket.number,
        "contact": showing.contact(each.ticket.contact).name,
        "opened_at": each.ticket.opened_at,
        "has": team(each.has),
        "would": team(each.team),
        "rule": each.rule,
        "differs": each.differs,
    }
