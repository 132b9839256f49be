"""What is wrong with an account's settings, value by value. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any, Final

from pydantic import ValidationError

from services.desk.rules import macros
from services.desk.rules.settings import Document
from services.desk.rules.settings_texts import wrong_texts
from services.desk.rules.signing import folded
from shared.contracts.accounts import AccountSettings


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that cannot be: where (`macros.0.name`), and what of it, with the words' values."""

    field: str
    code: str
    values: Mapping[str, str] = with_default(default_factory=dict)
    detail: str = ""


_CODES: Final = {
    "less_than_equal": "at_most",
    "less_than": "less_than",
    "greater_than_equal": "at_least",
    "greater_than": "more_than",
    "string_too_short": "needed",
    "too_short": "needed",
    "missing": "needed",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "literal_error": "not_one_of",
    "extra_forbidden": "unknown_field",
    "time_delta_parsing": "no_duration",
    "float_parsing": "no_number",
    "float_type": "no_number",
    "finite_number": "no_number",
    "int_parsing": "no_whole_number",
    "int_type": "no_whole_number",
    "int_from_float": "no_whole_number",
    "time_parsing": "no_time",
    "date_from_datetime_parsing": "no_date",
    "date_parsing": "no_date",
    "date_type": "no_date",
}
_LIMITS: Final = ("le", "lt", "ge", "gt", "max_length")
_OF_FIELDS: Final = {
    "time_zone": "no_zone",
    "region": "no_region",
    "language": "no_language",
    "links.short_domain": "no_domain",
    "handoff.zendesk.subdomain": "no_subdomain",
    "handoff.gorgias.domain": "no_subdomain",
    "handoff.zendesk.secret": "no_secret_name",
    "handoff.gorgias.secret": "no_secret_name",
    "handoff.gorgias.from_address": "no_mail_address",
}
_AT_ITS_PARTS: Final = ("", "tags", "handoff")
"""What is told of these as a whole is told at each value already."""


def checked(whole: Document) -> tuple[AccountSettings | None, list[Wrong]]:
    """The settings that the document says, or None; and all that is wrong with it."""
    found = list(_named(whole))
    try:
        # As JSON: so it is on the topic, and a service reads it alike.
        settings = AccountSettings.model_validate_json(json.dumps(whole), extra="forbid")
    except ValidationError as error:
        told = [_wrong(each) for each in error.errors(include_url=False)]
        # What concerns several values is told at each of them already.
        found += [each for each in told if each.field not in _AT_ITS_PARTS or not found]
        return None, _once(found)
    return (None if found else settings), _once(found)


def _once(found: Iterable[Wrong]) -> list[Wrong]:
    return list({each.field: each for each in reversed(list(found))}.values())[::-1]


def _wrong(error: Any) -> Wrong:  # noqa: ANN401  # pydantic's
    path = ".".join(str(step) for step in error["loc"])
    code = _OF_FIELDS.get(path) or _CODES.get(error["type"], "wrong")
    if error["loc"][:1] == ("addresses",) and error["type"] == "value_error":
        path, code = f"{path}.value", "sender_name"
    if error["loc"][:-1] == ("auto_replies", "new_sms", "to"):
        code = "no_mail_address"
    context = error.get("ctx") or {}
    limit = next((str(context[name]) for name in _LIMITS if name in context), "")
    return Wrong(path, code, {"limit": limit} if limit else {}, error["msg"])


def _named(whole: Document) -> Iterator[Wrong]:
    """What concerns several values; what has not its shape is passed by, the contract tells it."""
    agents, teams = _members(whole, "agents"), _members(whole, "teams")
    yield from _twice(agents, "agents", "id")
    yield from _twice(teams, "teams", "id")
    yield from _twice(_members(whole, "macros"), "macros", "id")
    yield from _twice(_members(whole, "macros"), "macros", "name")
    yield from _twice(_members(whole, "keywords"), "keywords", "word")
    yield from _twice([a for a in agents if a[1].get("email")], "agents", "email")
    yield from _strange_names(whole, agents, teams)
    yield from _placeholders(whole)
    yield from (Wrong(*each) for each in wrong_texts(whole))
    yield from _tags(whole)
    spam = whole.get("spam")
    if isinstance(spam, Mapping):
        grey, threshold = spam.get("grey"), spam.get("threshold")
        numbers = isinstance(grey, int | float) and isinstance(threshold, int | float)
        if numbers and grey > threshold:  # type: ignore[operator]  # they are numbers
            yield Wrong("spam.grey", "above_threshold")


Member = tuple[int, Mapping[str, Any]]


def _members(whole: Document, *path: str) -> list[Member]:
    value: Any = whole
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    found = enumerate(value) if isinstance(value, list) else ()
    return [(at, each) for at, each in found if isinstance(each, Mapping)]


def _twice(members: Iterable[Member], path: str, name: str) -> Iterator[Wrong]:
    named = [(at, each[name]) for at, each in members if isinstance(each.get(name), str)]
    times = Counter(folded(value) for _, value in named)
    seen: set[str] = set()
    for at, value in named:
        if times[folded(value)] > 1 and folded(value) in seen:
            yield Wrong(f"{path}.{at}.{name}", "twice", {"value": value})
        seen.add(folded(value))


def _strange_names(whole: Document, agents: list[Member], teams: list[Member]) -> Iterator[Wrong]:
    ids = _ids(agents)
    for at, team in teams:
        members = team.get("members")
        told = [m for m in members if isinstance(m, str)] if isinstance(members, list) else []
        gone = [member for member in told if member not in ids]
        if gone:
            yield Wrong(f"teams.{at}.members", "no_agents", {"value": ", ".join(gone)})
    known = _ids(teams)
    for at, rule in _members(whole, "assignment", "routing"):
        team_id = rule.get("team_id")
        if isinstance(team_id, str) and team_id and team_id not in known:
            yield Wrong(f"assignment.routing.{at}.team_id", "no_team", {"value": team_id})
    assignment = whole.get("assignment")
    default = assignment.get("default_team") if isinstance(assignment, Mapping) else None
    if isinstance(default, str) and default and default not in known:
        yield Wrong("assignment.default_team", "no_team", {"value": default})


def _ids(members: Iterable[Member]) -> set[str]:
    return {each["id"] for _, each in members if isinstance(each.get("id"), str)}


def _placeholders(whole: Document) -> Iterator[Wrong]:
    for at, macro in _members(whole, "macros"):
        text = macro.get("text")
        if isinstance(text, str) and (strange := macros.unknown(text)):
            yield Wrong(f"macros.{at}.text", "no_placeholder", {"value": ", ".join(strange)})


def _tags(whole: Document) -> Iterator[Wrong]:
    own = _members(whole, "tags", "own")
    for at, tag in own:
        # The contract alone knows which names look alike: it is asked for those up to here.
        names = [each.get("name") for _, each in own[: own.index((at, tag)) + 1]]
        if not all(isinstance(name, str) and name for name in names):
            continue
        if _look_alike(names):
            yield Wrong(f"tags.own.{at}.name", "twice", {"value": str(tag.get("name"))})
            return


def _look_alike(names: Iterable[Any]) -> bool:
    tags = {"own": [{"name": name, "examples": ["x"]} for name in names]}
    said = json.dumps({"account_id": "x", "tags": tags})
    try:
        AccountSettings.model_validate_json(said)
    except ValidationError as error:
        return any(each["loc"] == ("tags",) for each in error.errors(include_url=False))
    return False
