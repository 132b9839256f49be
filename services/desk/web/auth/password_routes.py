"""The page by which an agent sets a password, by a link that counts once."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.desk.rules.signing import SHORTEST_PASSWORD, agent_of
from services.desk.web.auth.forms import Forms, address_of, fields_of, to, wants_page
from services.desk.web.auth.held import key_of
from services.desk.web.auth.passwords import Passwords, known_of, what_is_wrong
from services.desk.web.auth.sessions import Sessions
from services.desk.web.auth.throttle import Throttle
from services.desk.web.problems import Problem
from shared.contracts.accounts import Agent


def password_pages(
    sessions: Sessions, forms: Forms, throttle: Throttle, passwords: Passwords
) -> APIRouter:
    """The routes of `/set-password`."""
    router = APIRouter(include_in_schema=False)
    pages = _Pages(sessions, forms, throttle, passwords)
    router.get("/set-password")(pages.show)
    router.post("/set-password")(pages.set)
    return router


@dataclass(frozen=True, slots=True)
class _Pages:
    sessions: Sessions
    forms: Forms
    throttle: Throttle
    passwords: Passwords

    async def show(self, request: Request) -> Response:
        """The form, or that the link is void. To look at it does not use it up."""
        try:
            await self.throttle.ask(address_of(request))
        except Problem as problem:
            return self._slow(request, "", problem)
        held = request.query_params.get("token", "")
        agent = await self._whose(held)
        if agent is None:
            return self._form(request, "", "sign_in.void", 404)
        email = agent.email or ""
        await self.throttle.good(address_of(request))
        return self._form(request, held, email=email)

    async def set(self, request: Request) -> Response:
        """Set the password; all sessions of the agent end, and they sign in with it."""
        fields = await fields_of(request)
        held, password = fields.get("token", ""), fields.get("password", "")
        if not self.forms.is_ours(request, fields):
            return self._form(request, held, "sign_in.try_again", 403)
        try:
            await self.throttle.ask(address_of(request))
        except Problem as problem:
            return self._slow(request, held, problem)
        agent = await self._whose(held)
        if agent is None:
            return self._form(request, "", "sign_in.void", 404)
        wrong = what_is_wrong(password, known_of(agent))
        if wrong is None and password != fields.get("again"):
            wrong = "sign_in.not_the_same"
        if wrong is not None:
            return self._form(request, held, wrong, 422, email=agent.email or "")
        if await self.passwords.set_by_link(held, password) is None:
            return self._form(request, "", "sign_in.void", 404)
        await self.throttle.good(address_of(request))
        return to("/sign-in?set=1")

    async def _whose(self, held: str) -> Agent | None:
        """The agent whose link it is; None if it is void."""
        who = await self.sessions.people.link(key_of(held[:200]), self.sessions.clock())
        if who is None:
            return None
        return agent_of(self.sessions.accounts.get(who[0]), who[1])

    def _slow(self, request: Request, held: str, problem: Problem) -> Response:
        if not wants_page(request):
            raise problem
        seconds = problem.more["retry_after"]
        response = self._form(request, held, "sign_in.too_many", 429, seconds=seconds)
        response.headers.update(problem.headers)
        return response

    def _form(
        self,
        request: Request,
        held: str,
        error: str = "",
        status: int = 200,
        *,
        email: str = "",
        **values: object,
    ) -> Response:
        context = {
            "token": held,
            "error": error,
            "values": values,
            "shortest": SHORTEST_PASSWORD,
            "email": email,
        }
        return self.forms.page(request, "set_password.html", context, status)
