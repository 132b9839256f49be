"""The pages by which agents sign in and out, by password or by the installation's provider."""

import contextlib
from dataclasses import dataclass

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.desk.rules.signing import PAGE, page_after, with_address
from services.desk.web.auth.choosing import Choosing
from services.desk.web.auth.forms import Forms, address_of, fields_of, to, wants_page
from services.desk.web.auth.held import drawn
from services.desk.web.auth.middleware import who_asks
from services.desk.web.auth.oidc import NotSignedIn, Provider, ProviderAway
from services.desk.web.auth.passwords import Passwords
from services.desk.web.auth.ports import SignedOut
from services.desk.web.auth.sessions import Sessions
from services.desk.web.auth.throttle import Throttle
from services.desk.web.problems import Problem
from shared.errors import Transient

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the pages need. Without `provider`, there are passwords alone; or the other way."""

    sessions: Sessions
    forms: Forms
    throttle: Throttle
    signed_out: SignedOut
    passwords: Passwords | None = None
    provider: Provider | None = None


def sign_in_pages(parts: SignIn) -> APIRouter:
    """The routes of `/sign-in`, `/sign-out` and, with a provider, of coming back from it."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(parts)
    router.get("/sign-in")(pages.show)
    router.post("/sign-out")(pages.sign_out)
    if parts.passwords is not None:
        router.post("/sign-in")(pages.by_password)
    if parts.provider is not None:
        router.get("/sign-in/oidc")(pages.to_provider)
        router.get("/sign-in/oidc/callback")(pages.from_provider)
        router.post("/sign-in/account")(pages.choose)
    return router


class _Pages:
    def __init__(self, parts: SignIn) -> None:
        self._parts = parts
        self._choosing = Choosing(parts.sessions, parts.forms)

    async def show(self, request: Request) -> Response:
        """The form; whoever is signed in goes on to where they wanted."""
        page = page_after(request.query_params.get("next"))
        if request.state.who is not None:
            return to(page)
        notice = "sign_in.password_set" if "set" in request.query_params else ""
        return self._form(request, {"next": page}, notice=notice)

    async def by_password(self, request: Request) -> Response:
        """Sign in. Nobody and a wrong password get the same answer, in the same time."""
        fields = await fields_of(request)
        email = fields.get("email", "")[:320]
        if not self._parts.forms.is_ours(request, fields):
            return self._form(request, fields, "sign_in.try_again", status=403)
        try:
            await self._parts.throttle.ask(address_of(request), email)
        except Problem as problem:
            return self._slow(request, fields, problem)
        assert self._parts.passwords is not None  # noqa: S101  # else there is no such route
        who = await self._parts.passwords.check(
            email, fields.get("password", ""), fields.get("account", "")[:200]
        )
        if who is None:
            return self._form(request, fields, "sign_in.wrong", status=401)
        await self._parts.throttle.good(address_of(request), email)
        return await self._signed_in(request, who, fields.get("next"), "password")

    async def to_provider(self, request: Request) -> Response:
        """Send the browser to the provider."""
        page = page_after(request.query_params.get("next"))
        try:
            await self._parts.throttle.ask(address_of(request))
        except Problem as problem:
            return self._slow(request, {"next": page}, problem)
        held = self._parts.sessions.before_of(request) or drawn()
        assert self._parts.provider is not None  # noqa: S101  # else there is no such route
        try:
            response = to(await self._parts.provider.begin(held, page))
        except ProviderAway as error:
            _log.warning("sign_in_provider_away", why=str(error))
            return self._form(request, {"next": page}, "sign_in.provider_away", status=503)
        self._parts.sessions.give_before(response, held)
        return response

    async def from_provider(self, request: Request) -> Response:
        """Sign in whoever comes back from the provider, if an agent has their address."""
        held = self._parts.sessions.before_of(request)
        assert self._parts.provider is not None  # noqa: S101  # else there is no such route
        try:
            email, page = await self._parts.provider.finish(held, dict(request.query_params))
        except NotSignedIn as error:
            _log.info("sign_in_refused", why=str(error))
            return self._form(request, {}, "sign_in.not_signed_in", status=401)
        except ProviderAway as error:
            _log.warning("sign_in_provider_away", why=str(error))
            return self._form(request, {}, "sign_in.provider_away", status=503)
        await self._parts.throttle.good(address_of(request))
        those = with_address(self._parts.sessions.accounts, email)
        if not those:
            return self._form(request, {}, "sign_in.nobody", status=403)
        if len(those) > 1:
            return await self._choosing.ask(request, email, page, those)
        settings, agent = those[0]
        return await self._signed_in(request, (settings.account_id, agent.id), page, "oidc")

    async def choose(self, request: Request) -> Response:
        """Sign in to the account that was chosen, if it is one that was shown."""
        fields = await fields_of(request)
        if not self._parts.forms.is_ours(request, fields):
            return self._form(request, {}, "sign_in.try_again", status=403)
        chosen = await self._choosing.chosen(request, fields)
        if chosen is None:
            return self._form(request, {}, "sign_in.not_signed_in", status=401)
        who, page = chosen
        return await self._signed_in(request, who, page, "oidc")

    async def sign_out(self, request: Request) -> Response:
        """End the session; the agent is offline."""
        who = who_asks(request)
        await self._parts.sessions.end_held(request)
        with contextlib.suppress(Transient):  # they count as gone when nothing is heard of them
            await self._parts.signed_out(who)
        response = to("/sign-in")
        self._parts.sessions.take(response)
        return response

    async def _signed_in(
        self, request: Request, who: tuple[str, str], page: str | None, way: str
    ) -> Response:
        held = await self._parts.sessions.begin(request, *who, way)
        response = to(page_after(page))
        self._parts.sessions.give(response, held)
        return response

    def _slow(self, request: Request, fields: dict[str, str], problem: Problem) -> Response:
        if not wants_page(request):
            raise problem
        seconds = problem.more["retry_after"]
        response = self._form(request, fields, "sign_in.too_many", 429, seconds=seconds)
        response.headers.update(problem.headers)
        return response

    def _form(
        self,
        request: Request,
        fields: dict[str, str],
        error: str = "",
        status: int = 200,
        *,
        notice: str = "",
        **values: object,
    ) -> Response:
        context = {
            "next": page_after(fields.get("next", PAGE)),
            "email": fields.get("email", "")[:320],
            "account": fields.get("account", "")[:200],
            "error": error,
            "values": values,
            "notice": notice,
            "by_password": self._parts.passwords is not None,
            "by_provider": self._parts.provider is not None,
        }
        return self._parts.forms.page(request, "sign_in.html", context, status)
