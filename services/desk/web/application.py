"""The desk's HTTP application: every route, and what stands before all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.desk.web.api.bulk import bulk_api
from services.desk.web.api.events import events_api
from services.desk.web.api.files import files_api, linked_files
from services.desk.web.api.invitations import invitations_api
from services.desk.web.api.me import me_api
from services.desk.web.api.settings import settings_api
from services.desk.web.api.tickets import tickets_api
from services.desk.web.api.views import views_api
from services.desk.web.api.work import work_api
from services.desk.web.auth import (
    Forms,
    Passwords,
    Provider,
    Sessions,
    SignedIn,
    SignIn,
    Throttle,
    Tokens,
    away,
    password_pages,
    sessions_api,
    sign_in_pages,
    tokens_api,
)
from services.desk.web.auth.forms import wants_page
from services.desk.web.auth.tokens import bearer
from services.desk.web.counting import Counting
from services.desk.web.described import Described
from services.desk.web.headers import SafeHeaders
from services.desk.web.jobs import Jobs
from services.desk.web.limits import Limits
from services.desk.web.measured import Measured
from services.desk.web.pages.desk import pages
from services.desk.web.pages.settings import settings_pages
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem, answer
from services.desk.web.rights import enforce
from services.desk.web.short_links import ShortLinks
from services.desk.web.signed_out import say_signed_out
from services.desk.web.templating import STATIC, render, static_path
from shared.errors import Transient
from shared.stores.mongo import is_transient

API_VERSION: Final = "1"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SigningIn:
    """How agents sign in: `passwords` or a `provider`, or both."""

    sessions: Sessions
    throttle: Throttle
    passwords: Passwords | None
    provider: Provider | None


def application(
    parts: Parts,
    signing: SigningIn,
    counting: Counting,
    jobs: Jobs,
    limits: Limits,
    *,
    report_to: str = "",
    short: ShortLinks | None = None,
) -> ASGIApp:
    """The application, with what guards it outermost, and before it what short domains answer."""
    app = routed(parts, signing, counting, jobs)
    desk = guarded(app, parts, signing.sessions, limits, report_to=report_to)
    return short.before(desk) if short else desk


def routed(parts: Parts, signing: SigningIn, counting: Counting, jobs: Jobs) -> FastAPI:
    """All routes: each is for those whom `web/rights.py` names; one that it omits is for nobody."""
    app = Described(
        title="Helpdesk",
        version=API_VERSION,
        description="What agents do at the desk, for programs: tickets, commands, live updates.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(enforce)],
        exception_handlers={
            Problem: _problem,
            RequestValidationError: _invalid,
            HTTPException: _http,
            Exception: _broken,
        },
    )
    sessions = signing.sessions
    forms = Forms(sessions, _render)
    sign_in = SignIn(
        sessions,
        forms,
        signing.throttle,
        say_signed_out(parts),
        signing.passwords,
        signing.provider,
    )
    app.include_router(sign_in_pages(sign_in))
    if signing.passwords is not None:
        app.include_router(password_pages(sessions, forms, signing.throttle, signing.passwords))
    tokens = Tokens(sessions.people, sessions.accounts, sessions.clock)

    async def still(request: Request) -> bool:
        held = bearer(request)
        return await sessions.still(request) if held is None else await tokens.of(held) is not None

    for router in (sessions_api(sessions), tokens_api(tokens)):
        app.include_router(router, responses=PROBLEMS)
    for router in (
        tickets_api(parts),
        files_api(parts),
        linked_files(parts),
        bulk_api(parts, jobs),
        views_api(parts),
        work_api(parts, counting),
        events_api(parts, still),
        me_api(parts),
        settings_api(parts, sessions.public_url),
        invitations_api(parts, signing.passwords, sessions.public_url),
        pages(parts, counting),
        settings_pages(parts, signing.passwords),
    ):
        app.include_router(router)

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("/desk", 303)

    app.mount(static_path(), _Kept(directory=STATIC))

    return app


def guarded(
    app: ASGIApp, parts: Parts, sessions: Sessions, limits: Limits, *, report_to: str = ""
) -> ASGIApp:
    """The application for those alone who may ask, and so much as they may."""

    async def speaks(account_id: str, agent_id: str) -> str | None:
        likings = await parts.own.likings(f"{account_id}:{agent_id}")
        language: str | None = likings.get("language")
        return language

    # Pages of other sites cannot have ours made with what they choose and look at its size: the
    # cookie does not go with what they fetch. So the session's code may be in what is compressed.
    inner: ASGIApp = _Compressed(limits.over(app), minimum_size=1_000, compresslevel=5)
    inner = SignedIn(inner, sessions, speaks)
    inner = Measured(inner)
    return SafeHeaders(inner, secure=sessions.secure, report_to=report_to)


class _Compressed(GZipMiddleware):
    """Answers but for files, which are compressed by themselves or large."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        is_file = scope["type"] == "http" and "/files/" in scope["path"]
        await (self.app if is_file else super().__call__)(scope, receive, send)


class _Kept(StaticFiles):
    """Files whose path changes with what is in them: browsers keep them for good."""

    def file_response(self, *args: Any, **named: Any) -> Response:  # noqa: ANN401  # as its base
        """See StaticFiles."""
        response = super().file_response(*args, **named)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _render(request: Request, template: str, context: Mapping[str, Any], status: int) -> Response:
    html = render(template, None, language=request.state.language, **context)
    return HTMLResponse(html, status)


async def _problem(request: Request, error: Exception) -> Response:
    """A problem: to programs as a document, to people as a page, or as the way to sign in."""
    assert isinstance(error, Problem)  # noqa: S101  # it is registered for it
    # Scripts take JSON too; browsers that go to a page do not.
    if not wants_page(request) or "application/json" in request.headers["accept"]:
        return answer(error)
    if error.status == 401:
        page = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?{urlencode({'next': page})}", 303)
    who, language = request.state.who, request.state.language
    html = render("error.html", who, language=language, detail=error.detail)
    return HTMLResponse(html, error.status, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    """What FastAPI finds wrong with a request, as a problem that names the field."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for it
    first = error.errors()[0]
    where = [str(step) for step in first["loc"]]
    named = ".".join(where[1:]) or where[0]
    if first["type"] == "json_invalid":
        return answer(Problem(400, "not_json", "the body is no JSON", field="body"))
    detail = f"{named}: {first['msg']}"
    return answer(Problem(422, "invalid", detail, field=named))


async def _broken(request: Request, error: Exception) -> Response:
    """What nobody expected: told to operators, and to whoever asked without any of it."""
    if is_transient(error) or isinstance(error, Transient):
        return await _problem(request, away())
    at = f"{request.method} {request.scope['path']}"
    _log.error("a request could not be answered", at=at, exc_info=error)
    text = "something is broken here, and the operators are told: try again later"
    return await _problem(request, Problem(500, "broken", text))


async def _http(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself, as a problem; who shows pages goes to sign in."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for it
    codes = {400: "not_json", 404: "not_found", 405: "not_allowed", 413: "too_large"}
    code = codes.get(error.status_code, "refused")
    text = f"{request.method} {request.url.path}: {str(error.detail).lower()}"
    return answer(Problem(error.status_code, code, text, headers=error.headers))
