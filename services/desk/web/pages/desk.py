"""The desk's page and its parts: lists, tickets, threads (VWS 1 to 7)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from services.desk.rules.files import as_data, to_show
from services.desk.rules.mail_html import Words, csp_of_frame, safe_document
from services.desk.rules.people import Who
from services.desk.rules.views import matches, narrowed
from services.desk.web.auth import who_asks
from services.desk.web.board import keys_of
from services.desk.web.counting import Counting
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem
from services.desk.web.queries import MANY, ONE, Wanted, query, wanted
from services.desk.web.reading import Reading
from services.desk.web.templating import render
from services.desk.web.words import words
from shared.contracts.accounts import BusinessHours
from shared.contracts.messages import Attachment

PAGE = 50
_MOST_ROWS = 200


def pages(parts: Parts, counting: Counting) -> APIRouter:  # noqa: C901, PLR0915  # a function a route
    """The routes."""
    router = APIRouter(prefix="/desk", include_in_schema=False)
    reading = Reading(parts)

    def made(request: Request, template: str, **context: Any) -> Response:  # noqa: ANN401  # a template's
        who = who_asks(request)
        settings = parts.settings(who)
        html = render(
            template,
            who,
            csrf=request.state.csrf,
            account_name=settings.name or settings.account_id,
            zone=settings.time_zone,
            opens=_opens(settings.business_hours),
            **context,
        )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    async def people(who: Who) -> dict[str, object]:
        names = await reading.names(who)
        agents = [(id_, name, id_ in names.online) for id_, name in names.agents.items()]
        return {"agents": agents, "teams": list(names.teams.items())}

    async def listed(request: Request, cursor: str | None) -> dict[str, object]:
        who = who_asks(request)
        asked = _asked(request)
        found = await query(parts, who, asked)
        page = await reading.page(who, found, cursor, PAGE)
        sort = f"{'-' if found.descending else ''}{found.order}"
        return {"page": page, "view": asked.view, "filters": _filters(request) | {"sort": sort}}

    @router.get("")
    async def shell(request: Request, ticket: Annotated[str | None, Query()] = None) -> Response:
        who = who_asks(request)
        try:
            found = await listed(request, None)
        except Problem as problem:
            if problem.status not in (404, 422):
                raise
            return RedirectResponse("/desk", 303)
        open_: Mapping[str, object] = {}
        if ticket:
            try:
                open_ = {"ticket": await reading.ticket(who, ticket)}
            except Problem:
                open_ = {}
        shown = await counting.views(who, _four(who))
        return made(request, "shell.html", views=shown, **found, **open_, **await people(who))

    @router.get("/list")
    async def list_(request: Request, cursor: Annotated[str | None, Query()] = None) -> Response:
        found = await listed(request, cursor)
        return made(request, "list.html", **found, **await people(who_asks(request)))

    @router.get("/rows")
    async def rows(request: Request, ids: Annotated[str, Query(max_length=20_000)]) -> Response:
        who = who_asks(request)
        wanted_ids = list(dict.fromkeys(ids.split(",")))[:_MOST_ROWS]
        names = await reading.names(who)
        found = narrowed(await query(parts, who, _asked(request)), set(names.agents) - names.online)
        model = await parts.models.serving()
        known = await model.named(who.account_id, wanted_ids)
        now = parts.clock()
        found = await model.completed(found, now)
        answer: dict[str, Any] = dict.fromkeys(wanted_ids)
        shown = await reading.shown(who, list(known.values()), names)
        for row, each in zip(known.values(), shown, strict=True):
            # What has left the list stays in sight for a while, with its facts as they are.
            told = {"seq": row.seq, "keys": keys_of(row), "in": matches(found, row, now)}
            answer[row.ticket_id] = {"html": render("row.html", who, row=each), **told}
        return JSONResponse({"rows": answer}, headers={"Cache-Control": "no-store"})

    @router.get("/views")
    async def views(request: Request) -> Response:
        who = who_asks(request)
        view = request.query_params.get("view", "")
        return made(request, "views.html", views=await counting.views(who, _four(who)), view=view)

    @router.get("/tickets/{ticket_id}")
    async def ticket(request: Request, ticket_id: str) -> Response:
        who = who_asks(request)
        shown = await reading.ticket(who, ticket_id)
        return made(request, "ticket.html", ticket=shown, **await people(who))

    @router.get("/tickets/{ticket_id}/head")
    async def head(request: Request, ticket_id: str) -> Response:
        who = who_asks(request)
        shown = await reading.ticket(who, ticket_id)
        return made(request, "ticket_head.html", ticket=shown, row=shown.row, **await people(who))

    @router.get("/tickets/{ticket_id}/thread")
    async def thread(
        request: Request,
        ticket_id: str,
        earlier: Annotated[str | None, Query()] = None,
        since: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    ) -> Response:
        who = who_asks(request)
        row = await reading.row(who, ticket_id)
        names = await reading.names(who)
        (shown,) = await reading.shown(who, [row], names)
        if since is None:
            found = await reading.thread(row, names, earlier)
        else:
            found = await reading.since(row, names, since)
        return made(request, "thread.html", thread=found, row=shown)

    @router.get("/tickets/{ticket_id}/panel")
    async def panel(request: Request, ticket_id: str) -> Response:
        who = who_asks(request)
        row = await reading.row(who, ticket_id)
        names = await reading.names(who)
        (shown,) = await reading.shown(who, [row], names)
        found = await reading.panel(who, row, names)
        return made(request, "panel.html", panel=found, row=shown)

    @router.get("/tickets/{ticket_id}/lines/{line_id}/html")
    async def html(request: Request, ticket_id: str, line_id: str, remote: int = 0) -> Response:
        who = who_asks(request)
        message = await _message(who, line_id, ticket_id)
        files = [Attachment.model_validate(each) for each in message.get("attachments", ())]
        t = words(who.language)
        said = Words(quoted=t("thread.quoted"), picture=t("thread.file.image"))
        pictures = await _pictures(parts, who, files)
        safe = await asyncio.to_thread(
            safe_document,
            message.get("html") or "",
            files,
            pictures,
            remote=bool(remote),
            words=said,
        )
        return HTMLResponse(
            safe.document,
            headers={
                "Content-Security-Policy": csp_of_frame(remote=bool(remote)),
                "Cache-Control": "no-store",
            },
        )

    @router.get("/files/{line_id}/{place}")
    async def file(request: Request, line_id: str, place: int) -> Response:
        who = who_asks(request)
        model = await parts.models.serving()
        line = await model.line(who.account_id, line_id)
        found = [] if line is None or line.deleted else list(line.attachments)
        if line is not None and not line.deleted and line.message:
            found = list(line.message.get("attachments", ()))
        ref = str(found[place].get("ref") or "") if 0 <= place < len(found) else ""
        if not ref.startswith(("https://", "http://")):
            raise Problem(404, "unknown_file", "there is no such file here")
        # Its bytes are elsewhere: the browser gets them from there, and never as one of our pages.
        headers = {"Referrer-Policy": "no-referrer", "Content-Disposition": "attachment"}
        return RedirectResponse(ref, 303, headers=headers)

    async def _message(who: Who, line_id: str, ticket_id: str) -> Mapping[str, Any]:
        model = await parts.models.serving()
        line = await model.line(who.account_id, line_id)
        gone = line is None or line.ticket_id != ticket_id or line.deleted or line.version
        if gone or line is None or not line.message:
            raise Problem(404, "unknown_line", "there is no HTML of that line")
        return line.message

    return router


async def _pictures(parts: Parts, who: Who, attachments: Sequence[Attachment]) -> dict[str, str]:
    """The bitmaps that came inside a mail, by their content ids, as addresses that hold them."""
    kept = parts.own.files
    ids = [each.file_id for each in attachments if each.file_id and each.content_id]
    chosen = to_show(attachments, await kept.known(who.account_id, ids))
    found = {}
    for content_id, file in chosen.items():
        picture = as_data(b"".join([piece async for piece in kept.content(file)]))
        if picture is not None:
            found[content_id] = picture
    return found


def _asked(request: Request) -> Wanted:
    asked = wanted(request.query_params)
    view = request.query_params.get("view") or "inbox"
    return Wanted(view, asked.filters, asked.sort)


def _filters(request: Request) -> dict[str, object]:
    given = request.query_params
    found: dict[str, object] = {name: given.getlist(name) for name in MANY if given.getlist(name)}
    found |= {name: given[name] for name in ONE if given.get(name)}
    return found


def _four(who: Who) -> dict[str, str]:
    t = words(who.language)
    return {name: t(f"views.{name}") for name in ("inbox", "unassigned", "all", "spam")}


def _opens(hours: BusinessHours) -> str:
    """When the account opens on most days, for what "tomorrow morning" is; "" where it says not."""
    begins = sorted(span.from_ for span in hours.weekly)
    return f"{begins[len(begins) // 2]:%H:%M}" if begins else ""
