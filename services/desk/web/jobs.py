"""A command on many tickets: fixed when it was asked for, answered one by one (VWS 6)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.desk.handlers import News
from services.desk.rules import macros
from services.desk.rules.commands import Asked, command_id, commands, for_ticket, reopening
from services.desk.rules.people import Who
from services.desk.rules.rows import Row
from services.desk.rules.views import Query
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem
from services.desk.web.reading import Reading
from shared.clock import EPOCH
from shared.contracts.commands import Command
from shared.topics import COMMANDS

MOST: Final = 10_000
"""Tickets of one job."""

AT_ONCE: Final = 100
"""Tickets that a job gives its command to before it looks for answers."""

HELD: Final = timedelta(minutes=1)
"""Whoever took a job on has it for so long; then another may."""

_SIDE_BY_SIDE: Final = 5
_MOST_OPEN: Final = 5 * AT_ONCE
_LOOKED_AGAIN_AFTER: Final = timedelta(seconds=2)
_NEVER: Final = timedelta(days=36_500)
_PATIENCE: Final = 5.0
_LOOK_EVERY: Final = 0.1
_MOST_SHOWN: Final = 500

Refusal = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Jobs:
    """Bulk jobs. Whoever takes one on has it for a minute; if they die, another goes on.

    A job knows which tickets are left (`ids` from `place` on), which of those before that are not
    answered yet (`open`), and the refusals of the others.
    """

    parts: Parts

    async def of_view(self, query: Query) -> list[str]:
        """The tickets that the query finds now; raises Problem where they are too many."""
        model = await self.parts.models.serving()
        ids = await model.ids(query, limit=MOST + 1, now=self.parts.clock())
        if len(ids) > MOST:
            text = f"these are more than {MOST} tickets: narrow the view"
            raise Problem(422, "too_many", text, field="filters")
        return ids

    async def known(self, who: Who, key: str, digest: str) -> str | None:
        """The job that was asked for with that key, if one was.

        Raises Problem (422) if it was another one.
        """
        job = command_id(who, "bulk", key)
        return self._same(await self.parts.own.job(f"{who.account_id}:{job}"), digest)

    async def add(self, who: Who, asked: Asked, ids: Sequence[str], key: str, digest: str) -> str:
        """Keep the job, once for that key; its id. Raises Problem as `known`."""
        now = self.parts.clock()
        job = {
            "_id": f"{who.account_id}:{command_id(who, 'bulk', key)}",
            "account_id": who.account_id,
            "digest": digest,
            "by": {"id": who.id, "name": who.name, "agent": who.is_agent},
            "command": asked.model_dump_json(),
            "ids": list(dict.fromkeys(ids)),
            "place": 0,
            "open": [],
            "refused": [],
            "revision": 1,
            "at": now,
            "due_at": now,
        }
        return self._same(await self.parts.own.add_job(job), digest) or ""

    @staticmethod
    def _same(job: Mapping[str, Any] | None, digest: str) -> str | None:
        if job is None:
            return None
        if job["digest"] != digest:
            text = "this Idempotency-Key came with another request before: draw a new one"
            raise Problem(422, "key_reused", text, field="Idempotency-Key")
        return _id(job)

    async def shown(self, who: Who, job_id: str) -> dict[str, Any]:
        """The job as pages see it; raises Problem (404) where their account has none like it."""
        job = await self.parts.own.job(f"{who.account_id}:{job_id}")
        if job is None:
            raise Problem(404, "unknown_job", "there is no such job, or it was long ago")
        return shown(job)

    async def sweep(self) -> None:
        """Jobs that nobody works on go on, some side by side, step by step in turn."""
        while due := await self.parts.own.due_jobs(EPOCH, self.parts.clock(), _SIDE_BY_SIDE):
            done = await asyncio.gather(*map(self._step, due), return_exceptions=True)
            for outcome in done:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def _step(self, job: dict[str, Any]) -> None:
        """Give the command to some more tickets, and take what answers there are."""
        job["due_at"] = self.parts.clock() + HELD
        if not await self.parts.own.move_job(job):
            return  # another replica has it
        job["revision"] += 1
        before = shown(job)
        who = Who(
            job["account_id"],
            job["by"]["id"],
            job["by"]["name"],
            scopes=None if job["by"]["agent"] else frozenset(),
        )
        some = job["ids"][job["place"] : job["place"] + AT_ONCE]
        if len(job["open"]) >= _MOST_OPEN:
            some = []
        if some:
            given, refused = await self._give(who, job, some)
            job["place"] += len(some)
            job["open"] = [*job["open"], *given]
            job["refused"] = [*job["refused"], *refused]
        await self._answers(who, job, _PATIENCE if some else 0.0)
        now = self.parts.clock()
        if job["place"] < len(job["ids"]) and len(job["open"]) < _MOST_OPEN:
            job["due_at"] = now
        else:
            # An answer counts however late it comes.
            job["due_at"] = now + (_LOOKED_AGAIN_AFTER if job["open"] else _NEVER)
        if await self.parts.own.move_job(job) and shown(job) != before:
            news = {"by": who.id, **shown(job)}
            await self.parts.telling.tell([News(who.account_id, "job", news)])

    async def _give(
        self, who: Who, job: Mapping[str, Any], tickets: Sequence[str]
    ) -> tuple[list[str], list[Refusal]]:
        """Give the command; the tickets that it was given to, and what is refused here already."""
        asked = Asked.model_validate_json(job["command"])
        model = await self.parts.models.serving()
        rows = await model.named(who.account_id, tickets)
        now = self.parts.clock()
        before: list[Command] = []
        given: list[Command] = []
        following: dict[str, list[str]] = {}
        refused: list[Refusal] = []
        for ticket in tickets:
            row = rows.get(ticket)
            if row is None:
                # Of another account's, it is the same answer.
                refused.append(_refusal(ticket, None, "unknown_ticket", "there is no such ticket"))
                continue
            own, missing = self._filled(who, asked, row)
            if missing:
                reason = f"there is no {', '.join(missing)} to put into it"
                said = _refusal(ticket, row, "placeholder", reason)
                refused.append({**said, "why": "missing", "named": {"names": ", ".join(missing)}})
                continue
            id_ = command_id(who, ticket, job["_id"])
            first, *then = commands(who, row, for_ticket(own, row), id_, now)
            if own.opens and await Reading(self.parts).reopens_for_reply(who, row):
                before.append(reopening(who, row, id_, now))
            given.append(first)
            following[_key(who, id_)] = [each.model_dump_json() for each in then]
        await self.parts.own.all_given(following, job["_id"], now)
        if given:
            await self.parts.publish([COMMANDS.record(each) for each in [*before, *given]])
        return [command.ticket_id for command in given], refused

    def _filled(self, who: Who, asked: Asked, row: Row) -> tuple[Asked, Sequence[str]]:
        """The command for that ticket; and the placeholders that have no value there (MAC 1)."""
        if asked.type != "reply" or not macros.left_open(asked.text):
            return asked, ()
        known = macros.values(row, self.parts.settings(who), who.name)
        text, missing = macros.filled(asked.text, known)
        return asked.model_copy(update={"text": text}), missing

    async def _answers(self, who: Who, job: dict[str, Any], patience: float) -> None:
        """Take the answers that are there, or come within so many seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        keys = {_key(who, command_id(who, t, job["_id"])): t for t in job["open"]}
        refused: dict[str, Mapping[str, Any]] = {}
        while keys:
            for key, answer in (await self.parts.own.answers(list(keys))).items():
                ticket = keys.pop(key)
                if answer["code"]:
                    refused[ticket] = answer
            if not keys or loop.time() >= deadline:
                break
            await asyncio.sleep(_LOOK_EVERY)
        model = await self.parts.models.serving()
        rows = await model.named(who.account_id, refused.keys()) if refused else {}
        job["open"] = list(keys.values())
        job["refused"] = [
            *job["refused"],
            *(_refused(t, rows.get(t), answer) for t, answer in refused.items()),
        ]


def shown(job: Mapping[str, Any]) -> dict[str, Any]:
    """How far the job is: a ticket is done once it is answered."""
    return {
        "id": _id(job),
        "total": len(job["ids"]),
        "done": job["place"] - len(job["open"]),
        "refused": job["refused"][:_MOST_SHOWN],
        "finished": job["place"] >= len(job["ids"]) and not job["open"],
    }


def _refusal(ticket: str, row: Row | None, code: str, reason: str) -> Refusal:
    number = row.summary.number if row and row.summary else None
    return {"ticket_id": ticket, "number": number, "code": code, "reason": reason}


def _refused(ticket: str, row: Row | None, answer: Mapping[str, Any]) -> Refusal:
    said = _refusal(ticket, row, answer["code"], answer["reason"])
    return {**said, "why": answer.get("why"), "named": answer.get("named")}


def _id(job: Mapping[str, Any]) -> str:
    return str(job["_id"].partition(":")[2])


def _key(who: Who, id_: str) -> str:
    return f"{who.account_id}:{id_}"
