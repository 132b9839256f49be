"""Who may do what at the desk (ROL). Pure."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Literal, get_args

from shared.contracts.accounts import Role

Right = Literal[
    "work",  # with tickets, own presence, own drafts and views
    "macros",
    "views",  # the team's
    "settings",  # routing, hours, tags, automatic closing, spam, attribution
    "reports",
    "people",  # agents, roles, teams, channels
    "tokens",
    "plan",
]
"""What a route may ask for."""

Scope = Literal["tickets:read", "tickets:write", "settings:read", "settings:write"]
"""What a token of an integration may do."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_SUPPORT: Final[frozenset[Right]] = frozenset({"work"})
_MANAGER: Final[frozenset[Right]] = _SUPPORT | {"macros", "views", "settings", "reports"}
_ADMIN: Final[frozenset[Right]] = _MANAGER | {"people", "tokens"}

RIGHTS: Final[dict[Role, frozenset[Right]]] = {
    "support": _SUPPORT,
    "manager": _MANAGER,
    "admin": _ADMIN,
    "owner": _ADMIN | {"plan"},
}
"""What each role may (ROL 1)."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: an agent of an account with their role, or an integration with its scopes.

    `session` is the id of the agent's session; `scopes` are None for an agent. `language` is what
    the page speaks to them.
    """

    account_id: str
    id: str
    name: str
    role: Role = "support"
    session: str | None = None
    scopes: AbstractSet[Scope] | None = None
    language: str = "en"

    @property
    def is_agent(self) -> bool:
        """Whether a person asks, and no integration."""
        return self.scopes is None


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of who calls it: a right of agents, and a scope of integrations.

    `scope` None keeps integrations out.
    """

    right: Right
    scope: Scope | None = None


def may(who: Who, needs: Needs) -> bool:
    """Whether they may call a route that asks for that."""
    if who.scopes is not None:
        return needs.scope is not None and needs.scope in who.scopes
    return needs.right in RIGHTS[who.role]


def person(who: Who) -> str:
    """Whoever asks, within their account: an agent and an integration may have the same id."""
    return f"{'agent' if who.is_agent else 'integration'}:{who.id}"
