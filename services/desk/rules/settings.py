"""The parts of an account's settings, and who may change which (ROL 1, ROL 2). Pure."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from services.desk.rules.people import RIGHTS, Right, Who
from shared.contracts.accounts import AccountSettings, Agent

Document = Mapping[str, Any]
"""Settings as JSON has them."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is changed together: `fields` of the settings, by paths of one or two steps.

    Whoever changes it needs `right`.
    """

    right: Right
    fields: tuple[str, ...]


PARTS: Final[dict[str, Part]] = {
    "macros": Part("macros", ("macros",)),
    "tags": Part("settings", ("tags",)),
    "routing": Part("settings", ("assignment.routing", "assignment.default_team")),
    "round-robin": Part(
        "settings",
        ("assignment.round_robin", "assignment.max_open_tickets", "assignment.heartbeat_limit"),
    ),
    "hours": Part("settings", ("time_zone", "business_hours")),
    "auto-closing": Part("settings", ("autoclose",)),
    "auto-replies": Part("settings", ("auto_replies",)),
    "keywords": Part("settings", ("keywords", "keyword_languages")),
    "spam": Part("settings", ("spam",)),
    "attribution": Part("settings", ("attribution",)),
    "people": Part("people", ("agents", "teams")),
    "channels": Part("people", ("channels", "addresses", "reply_windows")),
    "links": Part("people", ("links",)),
    "handoff": Part("people", ("handoff",)),
    "account": Part("people", ("name", "language", "region")),
    "plan": Part("plan", ("plan",)),
}
"""Every field of the settings is in one part, but the account's id and the revision."""

PAGES: Final[dict[str, Right]] = {
    **{name: part.right for name, part in PARTS.items() if name != "people"},
    "agents": "people",
    "teams": "people",
    "tokens": "tokens",
    "sessions": "work",
    "changes": "settings",
}
"""The settings' pages, and the right that each needs."""

PREVIEWED: Final = ("auto-replies", "links", "handoff")
"""The parts of which one can see what would be sent by them."""

UNCHANGING: Final = frozenset({"account_id", "revision"})
"""What no change names: whose settings they are, and which ones they are."""

OWNERS: Final = "owners"
"""Who is an owner, and what is known of owners: a further part, inside `people`."""

OF_INTEGRATIONS: Final = frozenset(right for right in RIGHTS["admin"] if right != "tokens")
"""The rights of an integration that may write settings: whoever made its token had them."""


def document(settings: AccountSettings) -> dict[str, Any]:
    """The settings as JSON, as files of `helpdesk accounts` have them."""
    return settings.model_dump(mode="json", by_alias=True)


def part_of(name: str, whole: Document) -> dict[str, Any]:
    """What a part says, in the same places as in the whole."""
    found: dict[str, Any] = {}
    for path in PARTS[name].fields:
        first, _, second = path.partition(".")
        if second:
            found.setdefault(first, {})[second] = whole[first][second]
        else:
            found[first] = whole[first]
    return found


def strangers(name: str, given: Document) -> list[str]:
    """The paths in `given` that are not of that part."""
    own = PARTS[name].fields
    return [
        path
        for path in _paths(given)
        if path not in own and path.partition(".")[0] not in own and not _above(path, own)
    ]


def _above(path: str, own: tuple[str, ...]) -> bool:
    # What is no mapping where one belongs is told by the contract, at its place.
    return "." not in path and any(field.startswith(f"{path}.") for field in own)


def _paths(given: Document) -> Iterator[str]:
    for name, value in given.items():
        below = isinstance(value, Mapping) and any(
            field.startswith(f"{name}.") for part in PARTS.values() for field in part.fields
        )
        if below:
            yield from (f"{name}.{step}" for step in value)
        else:
            yield name


def with_part(name: str, whole: Document, given: Document) -> dict[str, Any]:
    """The whole with what is given of a part; what the part leaves out stays as it is."""
    changed = dict(whole)
    for path in PARTS[name].fields:
        first, _, second = path.partition(".")
        if first not in given:
            continue
        if not second or not isinstance(given[first], Mapping):
            changed[first] = given[first]
        elif second in given[first]:
            changed[first] = {**changed[first], second: given[first][second]}
    return changed


def touched(before: AccountSettings, after: AccountSettings) -> frozenset[str]:
    """The parts that differ; "" stands for what is in no part, and is nobody's to change."""
    was, is_ = document(before), document(after)
    found = {name for name in PARTS if part_of(name, was) != part_of(name, is_)}
    if _owners(before) != _owners(after):
        found.add(OWNERS)
    known = {path for part in PARTS.values() for path in part.fields}
    for name in was.keys() - UNCHANGING - known:
        inside = {path.partition(".")[2] for path in known if path.startswith(f"{name}.")}
        one, other = was[name], is_[name]
        if any(one.get(step) != other.get(step) for step in {*one, *other} - inside):
            found.add("")
    return frozenset(found)


def _owners(settings: AccountSettings) -> dict[str, Agent]:
    return {agent.id: agent for agent in settings.agents if agent.role == "owner"}


def rights_of(who: Who) -> AbstractSet[Right]:
    """What they may at the settings; integrations by the scope `settings:write`."""
    if who.scopes is None:
        return RIGHTS[who.role]
    return OF_INTEGRATIONS if "settings:write" in who.scopes else frozenset()


def forbidden(who: Who, parts: AbstractSet[str]) -> frozenset[str]:
    """Those of the parts that they may not change.

    What is known of owners is owners' to change: by another address, somebody else could sign in
    as them.
    """
    rights = rights_of(who)
    needed = {name: part.right for name, part in PARTS.items()} | {OWNERS: "plan"}
    return frozenset(name for name in parts if needed.get(name) not in rights)


def unmade(before: AccountSettings, after: AccountSettings) -> bool:
    """Whether an account that has an owner would have none."""
    return bool(_owners(before)) and not _owners(after)


NOT_IN_INBOX: Final[Mapping[str, str]] = {
    "assignment.round_robin": "round-robin",
    "assignment.routing": "routing",
    "tags.enabled": "tags",
    "autoclose.enabled": "auto-closing",
}
"""What the plan `inbox` has not, by its switch, and the part that it is in (ROL 2)."""


def switched_on(settings: AccountSettings) -> frozenset[str]:
    """Those of `NOT_IN_INBOX` that are on."""
    on = {
        "assignment.round_robin": settings.assignment.round_robin,
        "assignment.routing": bool(settings.assignment.routing),
        "tags.enabled": settings.tags.enabled,
        "autoclose.enabled": settings.autoclose.enabled,
    }
    return frozenset(path for path, is_on in on.items() if is_on)


def beyond_plan(before: AccountSettings, after: AccountSettings) -> frozenset[str]:
    """What the change switches on that the plan has not; what was on before may stay.

    So a plan that has less is taken once all that it has not is switched off.
    """
    if after.plan != "inbox":
        return frozenset()
    stays = switched_on(before) if before.plan == "inbox" else frozenset()
    return switched_on(after) - stays
