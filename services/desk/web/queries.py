"""What a list's parameters ask for: views, filters, orders (VWS 1, VWS 2)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from services.desk.rules import views
from services.desk.rules.people import Who
from services.desk.rules.views import BUILT_IN, Filters, Order, Query
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem

MANY: Final = ("status", "channel", "assignee", "team", "tag", "tag.all", "tag.none", "segment")
ONE: Final = (
    *("unread", "ai", "waiting_longer_than", "opened_after", "opened_before", "active_after"),
    *("active_before", "reply_failed", "assignee_offline", "q"),
)
_ORDERS: Final = frozenset(get_args(Order))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view by its id, what it is narrowed to besides, and an order ("" for the view's)."""

    view: str
    filters: Filters
    sort: str = ""


def wanted(params: QueryParams) -> Wanted:
    """What the parameters of a URL ask for; raises Problem for a value that is none."""
    given: dict[str, Any] = {name: params.getlist(name) for name in MANY if params.getlist(name)}
    given |= {name: params[name] for name in ONE if params.get(name)}
    return Wanted(params.get("view") or "all", filters_of(given), _order(params.get("sort") or ""))


def filters_of(given: Mapping[str, Any]) -> Filters:
    """The filters by their names in URLs or in JSON.

    Raises Problem for a value that is none, and for a filter that is none: a list or a change of
    many tickets must not be wider than was meant.
    """
    named = {name.replace(".", "_"): name for name in given}
    if strangers := sorted(set(named) - Filters.model_fields.keys()):
        text = f"there is no filter {', '.join(named[each] for each in strangers)}"
        raise Problem(422, "unknown_filter", text, field=named[strangers[0]])
    values = {name.replace(".", "_"): value for name, value in given.items()}
    try:
        return Filters.model_validate({k: v for k, v in values.items() if v not in ("", None)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "filters"
        field = named.get(name, name)
        raise Problem(422, "invalid_filter", f"{field}: {first['msg']}", field=field) from None


def known_alone(params: QueryParams, others: Collection[str]) -> None:
    """Raises Problem for a parameter that means nothing: it was meant to mean something."""
    strangers = sorted(set(params) - {*MANY, *ONE, "view", "sort", *others})
    if strangers:
        text = f"there is no filter {strangers[0]!r}"
        raise Problem(422, "unknown_filter", text, field=strangers[0])


def _order(sort: str) -> str:
    # A plus comes as a space where it is not escaped.
    sort = sort.replace(" ", "+")
    if (sort and sort.removeprefix("-").removeprefix("+") not in _ORDERS) or sort.startswith("-+"):
        text = f"sort is one of {', '.join(sorted(_ORDERS))}, after a - the other way round"
        raise Problem(422, "invalid_sort", text, field="sort")
    return sort


async def query(parts: Parts, who: Who, asked: Wanted) -> Query:
    """The query; raises Problem (404) for a view that they do not have."""
    sort = asked.sort
    if asked.view in BUILT_IN:
        name: Any = asked.view
        found = views.built_in(name, who.account_id, who.id, asked.filters)
    else:
        kept = {v["_id"]: v for v in await visible(parts, who)}
        view = kept.get(f"{who.account_id}:{asked.view}")
        if view is None:
            raise Problem(404, "unknown_view", "there is no such view", field="view")
        found = custom(who, view, asked.filters)
        sort = sort or view["sort"]
    sort = sort or "-active"
    order: Any = sort.lstrip("+-")
    return replace(found, order=order, descending=sort.startswith("-"))


def custom(who: Who, view: Mapping[str, Any], more: Filters) -> Query:
    """The query of a custom view as it is stored."""
    found = Filters.model_validate(view["filters"])
    if "me" in found.assignee:
        seats = tuple(who.id if seat == "me" else seat for seat in found.assignee)
        found = found.model_copy(update={"assignee": seats})
    return views.custom(who.account_id, found, more)


async def visible(parts: Parts, who: Who) -> Sequence[Mapping[str, Any]]:
    """The custom views that they see: the team's, and their own."""
    return [view for view in await parts.own.views(who.account_id) if is_theirs(view, who)]


def is_theirs(view: Mapping[str, Any], who: Who) -> bool:
    """Whether they see the custom view: it is the team's, or their own."""
    return view["owner"] in (None, who.id)
