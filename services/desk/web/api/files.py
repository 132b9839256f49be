"""Files of tickets: those that customers sent, and those that go out with replies."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from services.desk.rules import files
from services.desk.rules.files import File, file_name
from services.desk.rules.people import Who, person
from services.desk.store.files import digest_of
from services.desk.web.api.tickets import Key
from services.desk.web.auth import who_asks
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.reading import Reading
from shared.contracts.files import LARGEST_PART
from shared.values.ids import computed_id

_LONGEST_NAME: Final = 10_000
_BINARY: Final[dict[str, Any]] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file, to be saved", "content": _BINARY}
}

Name = Annotated[
    str,
    Query(min_length=1, max_length=_LONGEST_NAME, description="what the file is called"),
]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits for its reply, which names it among its `uploads`."""

    id: str
    name: str
    size: int
    content_type: str


def files_api(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["files"], responses=PROBLEMS)
    reading = Reading(parts)

    @router.get(
        "/tickets/{ticket_id}/files/{file_id}", response_class=StreamingResponse, responses=_FILE
    )
    async def file(request: Request, ticket_id: str, file_id: str) -> Response:
        """A file of a ticket, always to be saved. While parts of it are missing, it is a 404."""
        who = who_asks(request)
        row = await reading.row(who, ticket_id)
        kept = parts.own.files
        found = (await kept.known(who.account_id, [file_id])).get(file_id)
        if found is None or not found.here or not await reading.shows(row, found):
            raise Problem(404, "unknown_file", "there is no such file here, or not yet")
        return StreamingResponse(kept.content(found), headers=files.headers_of(found))

    @router.post(
        "/files",
        status_code=201,
        openapi_extra={"requestBody": {"required": True, "content": _BINARY}},
    )
    async def upload(request: Request, name: Name, key: Key) -> Upload:
        """Keep a file (the body, of its own content type) for a reply; unused, it is gone in a day.

        With the same key again it is the same upload.
        """
        who = who_asks(request)
        id_ = computed_id("upload", who.account_id, person(who), key)
        kind = files.content_type(request.headers.get("content-type"))
        return await _kept(parts, who, request.stream(), id_, file_name(name), kind)

    @router.delete("/files/{file_id}", status_code=204)
    async def forget(request: Request, file_id: str) -> None:
        """The upload is not wanted any more; one that a reply has taken stays."""
        who = who_asks(request)
        await parts.own.files.forget_upload(f"{who.account_id}:{person(who)}", file_id)

    return router


def linked_files(parts: Parts) -> APIRouter:
    """The route by which gateways fetch what goes out with replies: whoever has a link, may."""
    router = APIRouter(include_in_schema=False)

    @router.get("/files/{link}")
    async def linked(link: str) -> Response:
        named = files.linked(parts.secret, link, parts.clock())
        kept = parts.own.files
        found = (await kept.known(named[0], [named[1]])).get(named[1]) if named else None
        if found is None or not found.here or found.by is None:
            raise Problem(404, "unknown_file", "there is no such file")
        return StreamingResponse(kept.content(found), headers=files.headers_of(found))

    return router


async def _kept(
    parts: Parts, who: Who, body: AsyncIterator[bytes], id_: str, name: str, kind: str
) -> Upload:
    """Keep the body as that upload, part by part as it comes; raises Problem."""
    kept = parts.own.files
    before = await kept.digest(who.account_id, id_)
    file = File(
        account_id=who.account_id,
        id=id_,
        name=name,
        content_type=kind,
        size=0,
        parts=0,
        at=parts.clock(),
        here=False,
        by=person(who),
    )
    if before is None and not await kept.begin(file, files.MOST_UNSENT):
        text = f"{files.MOST_UNSENT} files wait for their replies already: send or remove some"
        raise Problem(409, "too_many", text)
    size, number, hashed = 0, 0, hashlib.sha256()
    async for piece in _pieces(body):
        number += 1
        size += len(piece)
        hashed.update(piece)
        if before is None:
            await kept.add(file, number, piece)
    digest = digest_of(name, hashed)
    if before is None:
        await kept.end(file, size, number, digest)
    elif before != digest:
        text = "this Idempotency-Key came with another file before: draw a new one"
        raise Problem(422, "key_reused", text, field="Idempotency-Key")
    return Upload(id_, name, size, kind)


async def _pieces(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in parts of one size, but for the last; an empty one has one empty part."""
    held, given = bytearray(), False
    async for chunk in body:
        held += chunk
        while len(held) >= LARGEST_PART:
            yield bytes(held[:LARGEST_PART])
            del held[:LARGEST_PART]
            given = True
    if held or not given:
        yield bytes(held)
