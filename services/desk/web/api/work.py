"""What agents work with: macros, drafts, who is there, counts."""

from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from services.desk.handlers import News
from services.desk.rules import macros as macro_rules
from services.desk.rules import showing
from services.desk.rules.asked import Body
from services.desk.rules.people import Who
from services.desk.rules.shown import ShownDraft, ShownOther
from services.desk.web.auth import who_asks
from services.desk.web.counting import Counting
from services.desk.web.parts import Parts
from services.desk.web.problems import PROBLEMS, Problem
from services.desk.web.reading import Reading
from shared.contracts.base import Id
from shared.contracts.presence import AgentHeartbeat, AgentWentOffline, AgentWentOnline
from shared.errors import Transient
from shared.topics import PRESENCE
from shared.values.ids import computed_id
from shared.values.links import as_short, to_shorten

LONGEST_DRAFT: Final = 200_000
"""Characters."""


class DraftFile(Body):
    """A file that was uploaded for the reply; one that is `gone` has to be uploaded again."""

    id: Id
    name: Annotated[str, Field(max_length=300)]
    size: Annotated[int, Field(ge=0, le=2**53)]
    gone: bool = False


class Draft(Body):
    """What an agent has begun to write; `revision` is the stored one that they have seen."""

    text: Annotated[str, Field(max_length=LONGEST_DRAFT)]
    note: bool = False
    revision: Annotated[int, Field(ge=0, le=2**53)] = 0
    files: Annotated[tuple[DraftFile, ...], Field(max_length=20)] = ()
    cc: Annotated[tuple[Annotated[str, Field(max_length=320)], ...], Field(max_length=20)] = ()


class HereIs(Body):
    """What an agent does with a ticket that is open before them."""

    state: Literal["looking", "writing", "gone"]


class OfPresence(Body):
    """What an agent's page says of them."""

    state: Literal["online", "offline", "heartbeat"]


@dataclass(frozen=True, slots=True)
class Others:
    """Who else has the ticket open."""

    others: list[ShownOther]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets each view holds, up to a thousand; how many are unread; the badge."""

    views: dict[str, int]
    unread: dict[str, int]
    badge: int


@dataclass(frozen=True, slots=True)
class Filled:
    """A macro's text on a ticket, and what it does besides. What is missing stands in it as is."""

    text: str
    missing: list[str]
    tags: list[str]
    status: str | None
    snooze_seconds: float


@dataclass(frozen=True, slots=True)
class Macro:
    """A reply prepared in advance."""

    id: str
    name: str
    text: str
    tags: list[str]
    status: str | None


class OfLinks(Body):
    """A text that may have links."""

    text: Annotated[str, Field(max_length=50_000)]


def work_api(parts: Parts, counting: Counting) -> APIRouter:  # noqa: C901, PLR0915  # a function a route
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["work"], responses=PROBLEMS)
    reading = Reading(parts)

    @router.get("/macros")
    async def macros(request: Request) -> list[Macro]:
        """The account's macros, by their names."""
        settings = parts.settings(who_asks(request))
        found = sorted(settings.macros, key=lambda macro: macro.name.casefold())
        return [Macro(m.id, m.name, m.text, list(m.tags), m.status) for m in found]

    @router.get("/tickets/{ticket_id}/macros/{macro_id}")
    async def filled(request: Request, ticket_id: str, macro_id: str) -> Filled:
        """The macro with what it leaves open filled in for the ticket (MAC 1)."""
        who = who_asks(request)
        settings = parts.settings(who)
        macro = next((each for each in settings.macros if each.id == macro_id), None)
        if macro is None:
            raise Problem(404, "unknown_macro", "there is no such macro (any more)")
        row = await reading.row(who, ticket_id)
        known = macro_rules.values(row, settings, who.name)
        text, missing = macro_rules.filled(macro.text, known)
        seconds = macro.snooze_for.total_seconds()
        return Filled(text, list(missing), list(macro.tags), macro.status, seconds)

    @router.post("/links/found")
    async def links_found(request: Request, given: OfLinks) -> dict[str, list[str]]:
        """The links of an SMS that would go out as short ones, as they are written, in order."""
        links = parts.settings(who_asks(request)).links
        if as_short(links) is None or links.short_domain is None:
            return {"links": []}
        found = to_shorten(given.text, links.short_domain)
        return {"links": [given.text[link.begin : link.end] for link in found]}

    @router.get("/tickets/{ticket_id}/draft")
    async def draft(request: Request, ticket_id: str) -> Draft | None:
        """One's draft for the ticket; null where there is none."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        found = await parts.own.draft(_person(who), ticket_id)
        if found is None:
            return None
        return _draft(await reading.draft(who, found))

    @router.put("/tickets/{ticket_id}/draft")
    async def save_draft(request: Request, ticket_id: str, given: Draft) -> Draft:
        """Keep it; a 409 has what another device kept meanwhile."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        row = {
            "text": given.text,
            "note": given.note,
            "at": parts.clock(),
            "files": [each.model_dump(exclude={"gone"}) for each in given.files],
            "cc": list(given.cc),
        }
        revision = await parts.own.save_draft(_person(who), ticket_id, row, given.revision)
        if revision is None:
            found = await parts.own.draft(_person(who), ticket_id)
            now = _draft(await reading.draft(who, found)) if found else None
            raise Problem(
                409,
                "draft_changed",
                "the draft was changed on another device",
                draft=now.model_dump(mode="json") if now else None,
            )
        news = {"by": who.id, "ticket_id": ticket_id, "revision": revision}
        await parts.telling.tell([News(who.account_id, "draft", news)])
        return given.model_copy(update={"revision": revision})

    @router.delete("/tickets/{ticket_id}/draft", status_code=204)
    async def forget_draft(request: Request, ticket_id: str) -> None:
        """There is none any more."""
        who = who_asks(request)
        if not await parts.own.forget_draft(_person(who), ticket_id):
            return
        news = {"by": who.id, "ticket_id": ticket_id, "revision": 0}
        await parts.telling.tell([News(who.account_id, "draft", news)])

    @router.post("/tickets/{ticket_id}/here")
    async def here(request: Request, ticket_id: str, is_: HereIs) -> Others:
        """Say that one looks at the ticket or writes in it; who else does."""
        who = who_asks(request)
        await reading.row(who, ticket_id)
        now = parts.clock()
        before = await parts.here.there(who.account_id, [ticket_id], now)
        there = await parts.here.note(who.account_id, ticket_id, who.id, is_.state, now)
        if before.get(ticket_id, {}) != there:
            news = {"ticket_id": ticket_id, "there": there}
            await parts.telling.tell([News(who.account_id, "here", news)])
        names = await reading.names(who)
        return Others(list(showing.others(there, names, (who.id,))))

    @router.post("/presence", status_code=202)
    async def presence(request: Request, said: OfPresence) -> OfPresence:
        """Set oneself online or offline, or say that the page is still open (ASG 2)."""
        await say_presence(parts, who_asks(request), said.state)
        return said

    @router.get("/counts")
    async def counts(request: Request) -> Counts:
        """How many tickets are in each view, and the badge."""
        return Counts(**await counting.of(who_asks(request)))

    return router


async def say_presence(parts: Parts, who: Who, state: str) -> None:
    """Publish what an agent's page says of them; raises Problem (503) while that cannot be."""
    now = parts.clock()
    kinds = {"online": AgentWentOnline, "offline": AgentWentOffline, "heartbeat": AgentHeartbeat}
    id_ = computed_id("presence", who.account_id, who.id, state, now.isoformat())
    said = kinds[state](
        account_id=who.account_id,
        id=id_,
        occurred_at=now,
        correlation_id=id_,
        agent_id=who.id,
        said_by=who.id,
    )
    try:
        await parts.publish([PRESENCE.record(said)])
    except Transient as error:
        raise Problem(503, "away", "it could not be passed on: try again") from error


def _draft(shown: ShownDraft) -> Draft:
    files = tuple(DraftFile.model_validate(asdict(file)) for file in shown.files)
    return Draft(
        text=shown.text, note=shown.note, revision=shown.revision, files=files, cc=shown.cc
    )


def _person(who: Who) -> str:
    return f"{who.account_id}:{who.id}"
