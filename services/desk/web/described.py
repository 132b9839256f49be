"""The API as it is described to machines (OpenAPI)."""

from typing import Any, Final

from fastapi import FastAPI

_TOKEN: Final = "token"  # noqa: S105  # a name of a scheme
_SESSION: Final = "session"

SCHEMES: Final[dict[str, Any]] = {
    _TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "an integration's token: `helpdesk desk token`, or /api/v1/tokens",
    },
    _SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-desk_session",
        "description": "an agent's session; what changes anything has its code in `X-Desk`",
    },
}
"""How whoever asks shows who they are."""


class Described(FastAPI):
    """An application whose description says who may ask."""

    def openapi(self) -> dict[str, Any]:
        """See FastAPI."""
        if self.openapi_schema is None:
            schema = super().openapi()
            schema.setdefault("components", {})["securitySchemes"] = SCHEMES
            schema["security"] = [{_TOKEN: []}, {_SESSION: []}]
        assert self.openapi_schema is not None  # noqa: S101  # as FastAPI keeps it
        return self.openapi_schema
