"""Who may call which route: the one place where that is said and enforced (ROL 1)."""

from typing import Final

from starlette.requests import Request

from services.desk.rules.people import Needs, Right, Who, may
from services.desk.rules.settings import PAGES
from services.desk.web.auth import PUBLIC_HERE, RIGHTS_HERE, nobody
from services.desk.web.problems import Problem

READ: Final = Needs("work", "tickets:read")
WRITE: Final = Needs("work", "tickets:write")
OWN: Final = Needs("work")
"""What agents alone may do, each for themself."""

_SETTINGS_READ: Final = Needs("settings", "settings:read")
_SETTINGS: Final = Needs("settings", "settings:write")
_TICKET: Final = "/api/v1/tickets/{ticket_id}"
_PANE: Final = "/desk/tickets/{ticket_id}"

RIGHTS: Final[dict[tuple[str, str], Needs]] = {
    **RIGHTS_HERE,
    ("GET", "/api/v1/me"): OWN,
    ("PATCH", "/api/v1/me"): OWN,
    ("GET", "/api/v1/agents"): READ,
    ("GET", "/api/v1/teams"): READ,
    ("GET", "/api/v1/tags"): READ,
    ("GET", "/api/v1/tickets"): READ,
    ("GET", _TICKET): READ,
    ("GET", f"{_TICKET}/thread"): READ,
    ("GET", f"{_TICKET}/files/{{file_id}}"): READ,
    ("POST", "/api/v1/files"): WRITE,
    ("DELETE", "/api/v1/files/{file_id}"): WRITE,
    ("POST", f"{_TICKET}/commands"): WRITE,
    ("GET", "/api/v1/commands/{command_id}"): WRITE,
    ("POST", "/api/v1/bulk"): WRITE,
    ("GET", "/api/v1/bulk/{job_id}"): WRITE,
    ("GET", "/api/v1/views"): READ,
    ("POST", "/api/v1/views"): OWN,
    ("PUT", "/api/v1/views/{view_id}"): OWN,
    ("DELETE", "/api/v1/views/{view_id}"): OWN,
    ("POST", "/api/v1/links/found"): OWN,
    ("GET", "/api/v1/macros"): READ,
    ("GET", f"{_TICKET}/macros/{{macro_id}}"): READ,
    ("GET", f"{_TICKET}/draft"): OWN,
    ("PUT", f"{_TICKET}/draft"): OWN,
    ("DELETE", f"{_TICKET}/draft"): OWN,
    ("POST", f"{_TICKET}/here"): OWN,
    ("POST", "/api/v1/presence"): OWN,
    ("GET", "/api/v1/counts"): READ,
    ("GET", "/api/v1/events"): READ,
    ("GET", "/desk"): OWN,
    ("GET", "/desk/list"): OWN,
    ("GET", "/desk/rows"): OWN,
    ("GET", "/desk/views"): OWN,
    ("GET", _PANE): OWN,
    ("GET", f"{_PANE}/head"): OWN,
    ("GET", f"{_PANE}/thread"): OWN,
    ("GET", f"{_PANE}/panel"): OWN,
    ("GET", f"{_PANE}/lines/{{line_id}}/html"): OWN,
    ("GET", "/desk/files/{line_id}/{place}"): OWN,
    ("GET", "/api/v1/settings"): _SETTINGS_READ,
    ("PUT", "/api/v1/settings"): _SETTINGS,
    ("GET", "/api/v1/settings/changes"): _SETTINGS_READ,
    ("POST", "/api/v1/settings/routing/preview"): _SETTINGS_READ,
    ("POST", "/api/v1/settings/{part}/preview"): _SETTINGS_READ,
    ("GET", "/api/v1/settings/{part}"): _SETTINGS_READ,
    ("PUT", "/api/v1/settings/{part}"): _SETTINGS,
    ("POST", "/api/v1/agents/{agent_id}/invitation"): Needs("people"),
    ("GET", "/desk/settings"): OWN,
    **{("GET", f"/desk/settings/{name}"): Needs(right) for name, right in PAGES.items()},
}
"""By method and path. A route that is in neither table answers nobody."""

PUBLIC: Final[frozenset[tuple[str, str]]] = PUBLIC_HERE | {
    ("GET", "/"),
    ("GET", "/files/{link}"),
    ("GET", "/api/v1/openapi.json"),
}
"""What anybody may ask."""


def has(who: Who, right: Right) -> bool:
    """Whether they are an agent with that right, where a route's answer depends on it."""
    return who.is_agent and may(who, Needs(right))


async def enforce(request: Request) -> None:
    """Let the request pass if whoever asks may call the route; raises Problem (401, 403)."""
    method = "GET" if request.method == "HEAD" else request.method
    at = (method, request.scope["route"].path)
    if at in PUBLIC:
        return
    needs = RIGHTS.get(at)
    if needs is None:
        raise Problem(403, "forbidden", "nobody may ask for this")
    who = request.state.who
    if who is None:
        raise nobody()
    if not may(who, needs):
        asked = f"the right {needs.right!r}"
        if not who.is_agent:
            asked = f"the scope {needs.scope!r}" if needs.scope else "an agent who is signed in"
        raise Problem(403, "forbidden", f"it needs {asked}")
