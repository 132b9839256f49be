"""A stand-in of Gorgias' REST API, as far as its public documentation describes it."""

from dataclasses import dataclass
from typing import Any

import httpx2

from tests.handoff.standing_in import Kept, StandIn


@dataclass
class Gorgias(StandIn):
    """Tickets. It knows no keys that would make a repeated request one request.

    Without `filters` it lists all tickets, whatever external id is asked for. `twice`: just before
    the next ticket another process makes it too.
    """

    filters: bool = True
    twice: bool = False

    def answer(self, request: httpx2.Request, *, late: bool) -> httpx2.Response:
        path = request.url.path
        if request.method == "GET" and path == "/api/tickets":
            wanted = request.url.params["external_id"]
            found = [
                _shown(kept)
                for kept in self.there()
                if not self.filters or kept.said.get("external_id") == wanted
            ]
            return httpx2.Response(200, json={"data": found, "meta": {"next_cursor": None}})
        if request.method == "POST" and path == "/api/tickets":
            said = self.body(request)
            if not 1 <= len(said.get("messages", ())) <= 500:
                return self.invalid(400, "messages: Length must be between 1 and 500.")
            if any("from_agent" not in m or "channel" not in m for m in said["messages"]):
                return self.invalid(400, "messages: Missing data for required field.")
            if self.twice:
                self.twice = False
                self.keep(said, late=False)
            return httpx2.Response(201, json=_shown(self.keep(said, late=late)))
        if request.method == "PUT" and path.startswith("/api/tickets/"):
            number = int(path.rpartition("/")[2])
            kept = next(kept for kept in self.tickets if kept.number == number)
            kept.status = self.body(request)["status"]
            return httpx2.Response(202, json=_shown(kept))
        return httpx2.Response(404, json={"error": {"msg": "Not found"}})

    def invalid(self, status: int, words: str) -> httpx2.Response:
        said = {"error": {"msg": words, "data": {"messages": ["no good"]}}}
        return httpx2.Response(status, json=said)


def _shown(kept: Kept) -> dict[str, Any]:
    return {
        "id": kept.number,
        "external_id": kept.said.get("external_id"),
        "status": kept.status,
        "subject": kept.said.get("subject"),
    }
