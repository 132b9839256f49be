"""Problem documents (RFC 9457): what was wrong, where, and what to do."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that cannot be answered as asked.

    `code` is for programs and never changes; `detail` is for people; `field` names what was wrong
    in the request, if one thing was.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})
        self.more = more

    @property
    def body(self) -> dict[str, Any]:
        """The document."""
        named = {"field": self.field} if self.field else {}
        return {
            "type": f"urn:helpdesk:problem:{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **named,
            **self.more,
        }


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    return JSONResponse(
        problem.body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


class Document(BaseModel):
    """A problem document, as it is described to machines."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": about,
        "content": {MEDIA_TYPE: {"schema": Document.model_json_schema()}},
    }
    for status, about in (
        (400, "It cannot be understood"),
        (401, "Nobody is signed in, or the token is not valid"),
        (403, "They may not"),
        (404, "There is no such thing in their account"),
        (409, "It is refused as things are now"),
        (413, "It is too large"),
        (422, "A value is wrong: `field` names it"),
        (429, "Too much at once"),
        (503, "The database or the brokers are away"),
    )
}
"""What routes of the API may answer besides."""
