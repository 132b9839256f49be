"""One command on many tickets."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from services.desk.rules.asked import Body
from services.desk.rules.commands import Asked
from services.desk.rules.views import narrowed
from services.desk.web.api.tickets import Key
from services.desk.web.auth import who_asks
from services.desk.web.jobs import MOST, Jobs
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.queries import Wanted, filters_of, query
from services.desk.web.reading import Reading
from shared.contracts.base import Id


class Bulk(Body):
    """A command, and on which tickets: `ids`, or all that a view with filters holds now.

    With `dry_run` nothing is done, and the answer is how many these are. What a reply leaves open
    between double braces is filled in for each ticket.
    """

    command: Asked
    ids: Annotated[tuple[Id, ...], Field(max_length=MOST)] = ()
    view: Annotated[str | None, Field(max_length=512)] = None
    filters: dict[str, Any] = Field(default_factory=dict)
    dry_run: bool = False

    @property
    def digest(self) -> str:
        """The same for the same request."""
        return blake2b(self.model_dump_json().encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tickets are meant."""

    count: int


@dataclass(frozen=True, slots=True)
class Begun:
    """The job that was begun."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A ticket that the command did not apply to, and why."""

    ticket_id: str
    number: int | None
    code: str
    reason: str
    why: str | None = None
    named: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """How far a job is."""

    id: str
    total: int
    done: int
    refused: list[Refused]
    finished: bool


def bulk_api(parts: Parts, jobs: Jobs) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["bulk"], responses=PROBLEMS)

    @router.post(
        "/bulk",
        status_code=202,
        response_model=Begun,
        responses={200: {"model": Counted, "description": "To a dry run"}},
    )
    async def bulk(request: Request, asked: Bulk, key: Key) -> Response:
        """Give a command to many tickets; each is answered with what happened or the refusal."""
        who = who_asks(request)
        if asked.command.uploads:
            text = "an upload goes with one reply: name addresses in attachments instead"
            raise Problem(422, "no_uploads", text, field="command.uploads")
        if (asked.view is None) == (not asked.ids):
            text = "name either tickets (ids) or a view"
            raise Problem(422, "no_tickets", text, field="ids")
        if asked.filters and asked.view is None:
            raise Problem(422, "no_view", "filters are a view's: name one", field="view")
        job = None if asked.dry_run else await jobs.known(who, key, asked.digest)
        if job is None:
            ids = list(dict.fromkeys(asked.ids))
            if asked.view is not None:
                names = await Reading(parts).names(who)
                found = await query(parts, who, Wanted(asked.view, filters_of(asked.filters)))
                ids = await jobs.of_view(narrowed(found, set(names.agents) - names.online))
            if asked.dry_run:
                return JSONResponse({"count": len(ids)})
            job = await jobs.add(who, asked.command, ids, key, asked.digest)
        return JSONResponse({"job_id": job}, 202, headers={"Location": f"/api/v1/bulk/{job}"})

    @router.get("/bulk/{job_id}", response_model=Job)
    async def job(request: Request, job_id: str) -> Response:
        """How far the job is."""
        return JSONResponse(await jobs.shown(who_asks(request), job_id))

    return router
