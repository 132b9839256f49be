"""Where several accounts have an agent with the address, the person chooses one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from services.desk.rules.signing import Pending, with_address
from services.desk.web.auth.forms import Forms
from services.desk.web.auth.held import drawn, key_of, same
from services.desk.web.auth.oidc import PENDING_LASTS
from services.desk.web.auth.sessions import Sessions
from shared.contracts.accounts import AccountSettings, Agent


@dataclass(frozen=True, slots=True)
class Choosing:
    """Remembers whose address it is, so that the browser need not be believed."""

    sessions: Sessions
    forms: Forms

    async def ask(
        self,
        request: Request,
        email: str,
        page: str,
        those: Sequence[tuple[AccountSettings, Agent]],
    ) -> Response:
        """The page on which to choose, for the browser that has proved whose address it is."""
        held = drawn()
        until = self.sessions.clock() + PENDING_LASTS
        browser = key_of(self.sessions.before_of(request))
        await self.sessions.people.begin_signing(
            Pending(key_of(held), browser, until, page, email=email)
        )
        choices = [
            {"id": settings.account_id, "name": settings.name or settings.account_id}
            for settings, _ in those
        ]
        context = {"choices": choices, "held": held, "email": email}
        return self.forms.page(request, "choose_account.html", context)

    async def chosen(
        self, request: Request, fields: Mapping[str, str]
    ) -> tuple[tuple[str, str], str] | None:
        """Who it is then, as (account, agent), and the page; None where it does not count."""
        pending = await self.sessions.people.take_signing(key_of(fields.get("held", "")))
        if pending is None or pending.until <= self.sessions.clock():
            return None
        if not same(pending.browser, key_of(self.sessions.before_of(request))):
            return None
        for settings, agent in with_address(self.sessions.accounts, pending.email):
            if settings.account_id == fields.get("account"):
                return (settings.account_id, agent.id), pending.next
        return None
