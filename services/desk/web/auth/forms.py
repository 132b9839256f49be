"""Pages and forms of whoever is not signed in: their code, what they send, and the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.desk.web.auth.held import drawn, same
from services.desk.web.auth.ports import Render
from services.desk.web.auth.sessions import Sessions
from services.desk.web.problems import Problem

_LONGEST: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Forms:
    """Makes the pages, each with a code that is bound to the browser by a cookie."""

    sessions: Sessions
    render: Render

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], status: int = 200
    ) -> Response:
        """A page with a form, which no cache keeps."""
        held = self.sessions.before_of(request) or drawn()
        code = self.sessions.csrf_before(held)
        shown = {"error": "", "notice": "", "values": {}, **context, "csrf": code}
        response = self.render(request, template, shown, status)
        self.sessions.give_before(response, held)
        return _private(response)

    def is_ours(self, request: Request, fields: Mapping[str, str]) -> bool:
        """Whether a form comes from a page that this browser was given."""
        held = self.sessions.before_of(request)
        code = fields.get("csrf", "")
        ours = bool(held) and same(code, self.sessions.csrf_before(held))
        return ours and self.sessions.is_ours(request)


async def fields_of(request: Request) -> dict[str, str]:
    """A form's fields, each once. Raises Problem for what is no form, and for a long one."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise Problem(413, "too_large", "the form is too large")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Problem(400, "no_form", "the form cannot be read") from None
    return dict(reversed(pairs))


def to(place: str) -> Response:
    """Send the browser there, to ask by GET."""
    return _private(RedirectResponse(place, 303))


def address_of(request: Request) -> str:
    """The address that asks, as the server knows it."""
    return request.client.host if request.client else ""


def wants_page(request: Request) -> bool:
    """Whether whoever asks shows pages to people, and so wants errors as one."""
    return "text/html" in request.headers.get("accept", "")


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
