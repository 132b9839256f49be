"""A command on many tickets: fixed when it was asked for, answered one by one (VWS 6)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.desk.handlers import News
from services.desk.rules.commands import Asked, command_id, commands
from services.desk.rules.people import Who
from services.desk.rules.views import Query
from services.desk.web.asking import publish
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem
from shared.clock import EPOCH

MOST: Final = 10_000
"""Tickets of one job."""

_AT_ONCE: Final = 100
_HELD: Final = timedelta(minutes=1)
_NEVER: Final = timedelta(days=36_500)
_PATIENCE: Final = 30.0
_LOOK_EVERY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Jobs:
    """Bulk jobs. Whoever takes one on has it for a minute; if they die, another goes on."""

    parts: Parts

    async def of_view(self, query: Query) -> list[str]:
        """The tickets that the query finds now; raises Problem where they are too many."""
        model = await self.parts.models.serving()
        rows = await model.page(query, after=None, limit=MOST + 1, now=self.parts.clock())
        if len(rows) > MOST:
            text = f"these are more than {MOST} tickets: narrow the view"
            raise Problem(422, "too_many", text, field="filters")
        return [row.ticket_id for row in rows]

    async def add(self, who: Who, asked: Asked, ids: Sequence[str], key: str) -> str:
        """Keep the job, once for that key; its id."""
        now = self.parts.clock()
        job = command_id(who, "bulk", key)
        await self.parts.own.add_job(
            {
                "_id": f"{who.account_id}:{job}",
                "account_id": who.account_id,
                "by": {"id": who.id, "name": who.name, "agent": who.is_agent},
                "command": asked.model_dump_json(),
                "ids": list(dict.fromkeys(ids)),
                "place": 0,
                "refused": [],
                "revision": 1,
                "at": now,
                "due_at": now,
            }
        )
        return job

    async def shown(self, who: Who, job_id: str) -> dict[str, Any]:
        """The job as pages see it; raises Problem (404) where their account has none like it."""
        job = await self.parts.own.job(f"{who.account_id}:{job_id}")
        if job is None:
            raise Problem(404, "unknown_job", "there is no such job, or it was long ago")
        return shown(job)

    async def sweep(self) -> None:
        """Jobs that nobody works on go on."""
        now = self.parts.clock()
        for job in await self.parts.own.due_jobs(EPOCH, now, 5):
            await self._work(job)

    async def _work(self, job: dict[str, Any]) -> None:
        who = Who(
            job["account_id"],
            job["by"]["id"],
            job["by"]["name"],
            scopes=None if job["by"]["agent"] else frozenset(),
        )
        asked = Asked.model_validate_json(job["command"])
        while True:
            left = job["ids"][job["place"] : job["place"] + _AT_ONCE]
            job["due_at"] = self.parts.clock() + (_HELD if left else _NEVER)
            if not await self.parts.own.move_job(job):
                return
            job["revision"] += 1
            if not left:
                return
            refused = await self._each(who, job["_id"], asked, left)
            job["place"] += len(left)
            job["refused"] = [*job["refused"], *refused]
            if job["place"] >= len(job["ids"]):
                job["due_at"] = self.parts.clock() + _NEVER
                await self.parts.own.move_job(job)
                job["revision"] += 1
            news = {"by": who.id, **shown(job)}
            await self.parts.telling.tell([News(who.account_id, "job", news)])
            if job["place"] >= len(job["ids"]):
                return

    async def _each(
        self, who: Who, job_id: str, asked: Asked, tickets: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Give the command to each of the tickets; the refusals."""
        now = self.parts.clock()
        model = await self.parts.models.serving()
        rows = await model.named(who.account_id, tickets)
        ids = {ticket: command_id(who, ticket, job_id) for ticket in tickets}
        for id_ in ids.values():
            await self.parts.own.given(f"{who.account_id}:{id_}", job_id, now)
        given = [one for t, id_ in ids.items() for one in commands(who, t, asked, id_, now)]
        await publish(self.parts, given)
        answers = await self._answers(who, list(ids.values()))
        refused: list[dict[str, Any]] = []
        for ticket, id_ in ids.items():
            answer = answers.get(id_)
            row = rows.get(ticket)
            if answer is None or answer["code"]:
                refused.append(
                    {
                        "ticket_id": ticket,
                        "number": row.summary.number if row and row.summary else None,
                        "code": answer["code"] if answer else "unanswered",
                        "reason": answer["reason"] if answer else "it is not answered yet",
                    }
                )
        return refused

    async def _answers(self, who: Who, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        found: dict[str, Mapping[str, Any]] = {}
        while True:
            for id_ in ids:
                if id_ not in found:
                    noted = await self.parts.own.command(f"{who.account_id}:{id_}")
                    if noted and noted.get("answer"):
                        found[id_] = noted["answer"]
            if len(found) == len(ids) or loop.time() > deadline:
                return found
            await asyncio.sleep(_LOOK_EVERY)


def shown(job: Mapping[str, Any]) -> dict[str, Any]:
    """How far the job is."""
    return {
        "id": job["_id"].partition(":")[2],
        "total": len(job["ids"]),
        "done": job["place"],
        "refused": job["refused"][:500],
        "finished": job["place"] >= len(job["ids"]),
    }
