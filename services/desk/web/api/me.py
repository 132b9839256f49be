"""Who one is, and whom else one works with."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from services.desk.rules.asked import Body
from services.desk.rules.people import Who
from services.desk.web.auth import who_asks
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS
from services.desk.web.reading import Reading
from shared.contracts.accounts import TAGS


@dataclass(frozen=True, slots=True)
class Me:
    """The agent who is signed in."""

    id: str
    name: str
    role: str
    account_id: str
    account_name: str
    language: str
    presence: Literal["online", "offline"]
    badge_enabled: bool
    profile_metrics: list[str]


class Likings(Body):
    """What an agent chooses for themself; what is left out stays as it is."""

    language: Literal["en", "es", "it"] | None = None
    badge_enabled: bool | None = None
    profile_metrics: Annotated[tuple[str, ...], Field(max_length=100)] | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """An agent of the account."""

    id: str
    name: str
    online: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A team of the account."""

    id: str
    name: str
    members: list[str]


def me_api(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["me"], responses=PROBLEMS)
    reading = Reading(parts)

    async def shown(who: Who) -> Me:
        settings = parts.settings(who)
        names = await reading.names(who)
        likings = await parts.own.likings(f"{who.account_id}:{who.id}")
        return Me(
            id=who.id,
            name=who.name,
            role=who.role,
            account_id=who.account_id,
            account_name=settings.name or who.account_id,
            language=likings.get("language") or who.language,
            presence="online" if who.id in names.online else "offline",
            badge_enabled=likings.get("badge", True),
            profile_metrics=list(likings.get("metrics") or ()),
        )

    @router.get("/me")
    async def me(request: Request) -> Me:
        """Who is signed in."""
        return await shown(who_asks(request))

    @router.patch("/me")
    async def like(request: Request, chosen: Likings) -> Me:
        """Choose a language, whether there is a badge, which events of profiles are shown."""
        who = who_asks(request)
        given: dict[str, Any] = {
            "language": chosen.language,
            "badge": chosen.badge_enabled,
            "metrics": list(chosen.profile_metrics) if chosen.profile_metrics is not None else None,
        }
        kept = {name: value for name, value in given.items() if value is not None}
        if kept:
            await parts.own.like(f"{who.account_id}:{who.id}", kept)
        return await shown(who)

    @router.get("/agents")
    async def agents(request: Request) -> list[Colleague]:
        """The account's agents."""
        names = await reading.names(who_asks(request))
        return [Colleague(id_, name, id_ in names.online) for id_, name in names.agents.items()]

    @router.get("/teams")
    async def teams(request: Request) -> list[Group]:
        """The account's teams."""
        settings = parts.settings(who_asks(request))
        return [Group(team.id, team.name, list(team.members)) for team in settings.teams]

    @router.get("/tags")
    async def tags(request: Request) -> list[str]:
        """The tags that the account has: those that all have, and its own."""
        settings = parts.settings(who_asks(request))
        return [*TAGS, *(tag.name for tag in settings.tags.own)]

    return router
