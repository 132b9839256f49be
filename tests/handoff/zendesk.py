"""A stand-in of Zendesk's Ticketing API, as far as its public documentation describes it."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from tests.handoff.standing_in import Kept, StandIn

KEYS_LAST = timedelta(hours=2)


@dataclass
class Zendesk(StandIn):
    """Tickets, their uploads, and keys that make a repeated request one request."""

    uploads: dict[str, bytes] = field(default_factory=dict)
    keys: dict[str, tuple[bytes, Kept, datetime]] = field(default_factory=dict)
    knows_keys: bool = True

    @property
    def login(self) -> str:
        return f"{self.user}/token"

    def answer(self, request: httpx2.Request, *, late: bool) -> httpx2.Response:
        match request.method, request.url.path:
            case "GET", "/api/v2/tickets.json":
                wanted = request.url.params["external_id"]
                found = [k for k in self.there() if k.said.get("external_id") == wanted]
                listed = [_shown(kept) for kept in found]
                return httpx2.Response(200, json={"tickets": listed, "count": len(listed)})
            case "POST", "/api/v2/uploads.json":
                token = f"upload-{len(self.uploads)}"
                self.uploads[token] = request.content
                return httpx2.Response(201, json={"upload": {"token": token}})
            case "POST", "/api/v2/tickets.json":
                return self._made(request, late=late)
        return httpx2.Response(404, json={"error": "InvalidEndpoint"})

    def _made(self, request: httpx2.Request, *, late: bool) -> httpx2.Response:
        key = request.headers.get("idempotency-key", "")
        known = self.keys.get(key)
        if self.knows_keys and known and self.clock() - known[2] < KEYS_LAST:
            if known[0] != request.content:
                return self.invalid(400, "", error="IdempotentRequestError")
            hit = {"x-idempotency-lookup": "hit"}
            return httpx2.Response(201, headers=hit, json={"ticket": _shown(known[1])})
        ticket = self.body(request)["ticket"]
        if not ticket["comment"]["body"].strip():
            return self.invalid(422, "Record validation errors", field="comment")
        if not ticket["requester"]["name"]:
            return self.invalid(422, "Record validation errors", field="requester")
        if any(token not in self.uploads for token in ticket["comment"].get("uploads", ())):
            return self.invalid(422, "Record validation errors", field="uploads")
        kept = self.keep(ticket, late=late)
        if key:
            self.keys[key] = (request.content, kept, self.clock())
        return httpx2.Response(
            201, headers={"x-idempotency-lookup": "miss"}, json={"ticket": _shown(kept)}
        )

    def invalid(
        self, status: int, words: str, *, field: str = "base", error: str = "RecordInvalid"
    ) -> httpx2.Response:
        said: dict[str, Any] = {"error": error, "description": words}
        said["details"] = {field: [{"description": f"{field} is no good", "error": "Invalid"}]}
        return httpx2.Response(status, content=json.dumps(said))


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "id": kept.number,
        "external_id": kept.said.get("external_id"),
        "subject": kept.said["subject"],
        "status": kept.status,
    }
