"""Gives commands to ticketing, and tells what became of them (TKT 11)."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final

from services.desk.live.streams import Entry
from services.desk.rules import files, macros
from services.desk.rules.addresses import is_address
from services.desk.rules.answers import UNSEEN
from services.desk.rules.commands import Asked, command_id, commands, for_ticket, reopening
from services.desk.rules.people import Who, person
from services.desk.rules.plain import plain_name
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem
from services.desk.web.reading import Reading
from shared.contracts.commands import Command
from shared.errors import Transient
from shared.topics import COMMANDS

PATIENCE: Final = timedelta(seconds=5)
"""How long a request waits for its answer, at most."""

_LOOK_FIRST: Final = 0.1
_LOOK_LAST: Final = 0.5
_SAID: Final = frozenset({"message", "reply", "note"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command; neither `event` nor `code` where nothing is known yet."""

    command_id: str
    event: Mapping[str, Any] | None = None
    code: str | None = None
    reason: str | None = None
    why: str | None = None
    named: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Asking:
    """Commands of whoever asks, on tickets of their own account."""

    parts: Parts
    reading: Reading

    async def ask(
        self, who: Who, ticket_id: str, asked: Asked, key: str, home: str = ""
    ) -> Outcome:
        """Give the command, once however often it comes with that key, and wait for its answer.

        Files of a reply are fetched from `home` where no public address is set.

        Raises Problem for a ticket that their account does not have, for a key that came with
        another command before, and for a reply that must not go out as it is.
        """
        row = await self.reading.row(who, ticket_id)
        id_ = command_id(who, ticket_id, key)
        digest = _digest(ticket_id, asked)
        noted = await self.parts.own.command(_key(who, id_))
        if noted and asked.unseen_ok and (noted.get("answer") or {}).get("code") == UNSEEN:
            # It was refused for good under that id; now its author has seen what they had not.
            id_ = command_id(who, ticket_id, f"{key}:seen")
            noted = await self.parts.own.command(_key(who, id_))
        now = self.parts.clock()
        opens = asked.opens and await self.reading.reopens_for_reply(who, row)
        before = [reopening(who, row, id_, now)] if opens else []
        if noted is None:
            await self._check(who, row.key, asked)
        elif noted["digest"] == digest and noted.get("answer"):
            return outcome(id_, noted)
        sent = await self._with_files(who, row.key, asked, home)
        given, *then = commands(who, row, for_ticket(sent, row), id_, now)
        if noted is None:
            following = [each.model_dump_json() for each in then]
            noted = await self.parts.own.given(_key(who, id_), digest, now, following)
        if noted["digest"] != digest:
            text = "this Idempotency-Key came with another command before: draw a new one"
            raise Problem(422, "key_reused", text, field="Idempotency-Key")
        if noted.get("answer"):
            return outcome(id_, noted)
        with self.parts.hub().answer_to(who.account_id, id_) as told:
            await publish(self.parts, [*before, given])
            return await self._answer(who, id_, told)

    async def _check(self, who: Who, ticket_key: str, asked: Asked) -> None:
        if asked.type != "reply":
            return
        if missing := macros.left_open(asked.text):
            named = ", ".join(missing)
            text = f"there is a placeholder without a value in it: {named}"
            raise Problem(
                422,
                "placeholder",
                text,
                field="text",
                missing=list(missing),
                why="missing",
                named={"names": named},
            )
        if wrong := [each for each in asked.cc if not is_address(each)]:
            text = f"no mail address: {plain_name(wrong[0])}"
            raise Problem(422, "no_address", text, field="cc")
        if asked.seen_seq is None or asked.unseen_ok:
            return
        model = await self.parts.models.serving()
        unseen = [
            line
            for line in await model.thread_since(ticket_key, asked.seen_seq)
            if line.kind in _SAID and (line.author is None or line.author[1] != who.id)
        ]
        if unseen:
            newest = max(line.seq for line in unseen)
            raise Problem(409, "unseen", "there is something new in the thread", newest_seq=newest)

    async def _with_files(self, who: Who, ticket_key: str, asked: Asked, home: str) -> Asked:
        """The reply with its uploads as gateways fetch them; raises Problem where one is gone."""
        if not asked.uploads:
            return asked
        parts = self.parts
        found, gone = [], []
        for id_ in dict.fromkeys(asked.uploads):
            by = f"{who.account_id}:{person(who)}"
            until = parts.clock() + files.LINKED_FOR
            file = await parts.own.files.use(by, ticket_key, id_, until)
            if file is None:
                gone.append(id_)
            else:
                ref = files.link(parts.secret, parts.public_url or home, file)
                found.append(files.as_attachment(file, ref))
        if gone:
            text = "a file is not kept any more, or went with another ticket: upload it again"
            raise Problem(422, "unknown_upload", text, field="uploads", missing=gone)
        return asked.model_copy(update={"attachments": (*asked.attachments, *found)})

    async def _answer(self, who: Who, id_: str, told: "asyncio.Future[Entry]") -> Outcome:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE.total_seconds()
        wait = _LOOK_FIRST
        while (left := deadline - loop.time()) > 0:
            # Told by the stream, if Redis is there; else the store is asked now and then.
            await asyncio.wait([told], timeout=min(left, wait))
            found = await self.parts.own.command(_key(who, id_))
            if found and found.get("answer"):
                return outcome(id_, found)
            if told.done():
                await asyncio.sleep(min(left, wait))
            wait = min(wait * 2, _LOOK_LAST)
        return Outcome(id_)

    async def known(self, who: Who, id_: str) -> Outcome:
        """What became of a command; raises Problem (404) for one that was not given here."""
        found = await self.parts.own.command(_key(who, id_))
        if found is None:
            raise Problem(404, "unknown_command", "no such command was given, or long ago")
        return outcome(id_, found)


async def publish(parts: Parts, given: Sequence[Command]) -> None:
    """Give the commands; raises Problem (503) while the brokers are away."""
    try:
        await parts.publish([COMMANDS.record(command) for command in given])
    except Transient as error:
        text = "it could not be passed on: try again with the same Idempotency-Key"
        raise Problem(503, "away", text, headers={"Retry-After": "2"}) from error


def outcome(id_: str, noted: Mapping[str, Any]) -> Outcome:
    """What is noted of a command's answer."""
    answer = noted.get("answer") or {}
    said = ("event", "code", "reason", "why", "named")
    return Outcome(id_, *(answer.get(name) for name in said))


def _key(who: Who, id_: str) -> str:
    return f"{who.account_id}:{id_}"


def _digest(ticket_id: str, asked: Asked) -> str:
    left_out = {"unseen_ok", "seen_seq"} | (set() if asked.reopen else {"reopen"})
    body = asked.model_dump(mode="json", exclude=left_out)
    return blake2b(json.dumps([ticket_id, body]).encode(), digest_size=16).hexdigest()
