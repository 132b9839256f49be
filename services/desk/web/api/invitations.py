"""Links by which agents set a password, made by admins at the desk."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request

from services.desk.rules.people import RIGHTS
from services.desk.rules.signing import agent_of
from services.desk.web.auth import Passwords, who_asks
from services.desk.web.auth.passwords import LINK_LASTS
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.words import words


@dataclass(frozen=True, slots=True)
class Invitation:
    """An address that counts once, until then; an older one of the agent is void."""

    link: str
    until: datetime


def invitations_api(parts: Parts, passwords: Passwords | None, public_url: str) -> APIRouter:
    """The route. Without `passwords` agents sign in elsewhere, and it refuses."""
    router = APIRouter(prefix="/api/v1/agents", tags=["settings"], responses=PROBLEMS)

    @router.post("/{agent_id}/invitation", status_code=201)
    async def invite(
        request: Request, agent_id: Annotated[str, Path(max_length=512)]
    ) -> Invitation:
        """Make a link by which the agent sets a password, once, within a day.

        One of an owner is for owners to make: by it, one could sign in as them.
        """
        who = who_asks(request)
        t = words(who.language)
        agent = agent_of(parts.settings(who), agent_id)
        if agent is None:
            raise Problem(404, "unknown_agent", "there is no such agent")
        if agent.role == "owner" and "plan" not in RIGHTS[who.role]:
            raise Problem(403, "owners", t("settings.refused.owners"))
        if passwords is None:
            raise Problem(409, "no_passwords", t("settings.refused.no_passwords"))
        if not agent.email:
            raise Problem(409, "no_address", t("settings.refused.no_address"))
        held = await passwords.link(who.account_id, agent.id)
        at = public_url or f"{request.url.scheme}://{request.url.netloc}"
        return Invitation(f"{at}/set-password?token={held}", parts.clock() + LINK_LASTS)

    return router
