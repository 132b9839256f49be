"""Custom views: the team's, and one's own (VWS 1)."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field

from services.desk.handlers import News
from services.desk.rules.asked import Body
from services.desk.rules.people import Who
from services.desk.rules.views import Filters
from services.desk.web.api.tickets import Key
from services.desk.web.auth import who_asks
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.queries import is_theirs, visible
from services.desk.web.rights import has
from shared.values.ids import computed_id

MOST: Final = 50
"""Views of one agent, and of the team: each is counted whenever a ticket changes."""


class OfView(Filters, Body):
    """As lists take them. An assignee `me` is whoever looks."""


class View(Body):
    """A custom view: `shared` is the team's, and managers' to change."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    filters: OfView = OfView()
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


def views_api(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["views"], responses=PROBLEMS)

    @router.get("/views")
    async def views(request: Request) -> list[KeptView]:
        """The custom views: the team's, and one's own."""
        return [_kept(view) for view in await visible(parts, who_asks(request))]

    @router.post("/views", status_code=201)
    async def add_view(request: Request, view: View, key: Key) -> KeptView:
        """Keep a view; the same key again is the same view, as it is now."""
        who = who_asks(request)
        _may_share(who, shared=view.shared)
        id_ = computed_id("view", who.account_id, who.id, key)
        row = _row(who, id_, view)
        kept = {each["_id"]: each for each in await parts.own.views(who.account_id)}
        if row["_id"] in kept:
            return _kept(kept[row["_id"]])
        if sum(each["owner"] == row["owner"] for each in kept.values()) >= MOST:
            raise Problem(422, "too_many_views", f"there are {MOST} views already: delete one")
        await parts.own.add_view(row)
        await _told(parts, who)
        return _kept(row)

    @router.put("/views/{view_id}")
    async def change_view(request: Request, view_id: str, view: View) -> KeptView:
        """Change a view."""
        who = who_asks(request)
        old = await _view(parts, who, view_id)
        _may_share(who, shared=view.shared or old["owner"] is None)
        row = _row(who, view_id, view)
        if not await parts.own.change_view(row):
            raise _unknown()
        await _told(parts, who)
        return _kept(row)

    @router.delete("/views/{view_id}", status_code=204)
    async def forget_view(request: Request, view_id: str) -> None:
        """There is no such view any more."""
        who = who_asks(request)
        old = await _view(parts, who, view_id)
        _may_share(who, shared=old["owner"] is None)
        await parts.own.forget_view(old["_id"])
        await _told(parts, who)

    return router


async def _told(parts: Parts, who: Who) -> None:
    await parts.telling.tell([News(who.account_id, "settings", {})])


async def _view(parts: Parts, who: Who, view_id: str) -> dict[str, Any]:
    for view in await parts.own.views(who.account_id):
        if view["_id"] == f"{who.account_id}:{view_id}" and is_theirs(view, who):
            return view
    raise _unknown()


def _unknown() -> Problem:
    return Problem(404, "unknown_view", "there is no such view")


def _may_share(who: Who, *, shared: bool) -> None:
    if shared and not has(who, "views"):
        raise Problem(403, "forbidden", "the team's views are managers' to change", field="shared")


def _row(who: Who, id_: str, view: View) -> dict[str, Any]:
    filters = view.filters.model_dump(mode="json", exclude_defaults=True)
    if view.filters.waiting_longer_than is not None:
        filters["waiting_longer_than"] = view.filters.waiting_longer_than.total_seconds()
    return {
        "_id": f"{who.account_id}:{id_}",
        "account_id": who.account_id,
        "name": view.name,
        "filters": filters,
        "sort": view.sort,
        "owner": None if view.shared else who.id,
    }


def _kept(row: Any) -> KeptView:  # noqa: ANN401  # a document
    id_ = row["_id"].partition(":")[2]
    return KeptView(id_, row["name"], row["filters"], row["sort"], row["owner"] is None)
