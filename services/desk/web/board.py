"""What the account's stream says, made into what each open page is told (VWS 3)."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from services.desk.live.pages import Event
from services.desk.live.streams import Entry
from services.desk.rules import showing, views
from services.desk.rules.people import Who
from services.desk.rules.rows import Row
from services.desk.rules.shown import ShownRow
from services.desk.rules.views import Filters, Query
from services.desk.web.counting import Counting
from services.desk.web.parts import Parts
from services.desk.web.queries import custom, is_theirs
from services.desk.web.reading import Reading
from services.desk.web.templating import render

_NOTHING: Final = Filters()
_REMEMBERED: Final = 2_000
_AS_THEY_ARE: Final = frozenset({"reload", "settings", "presence", "followed"})


@dataclass(slots=True)
class Board:
    """Renders each changed row once a language, and remembers what each agent's own counts are."""

    parts: Parts
    counting: Counting
    _html: "OrderedDict[tuple[str, str, str], str]" = field(default_factory=OrderedDict)
    _mine: "OrderedDict[tuple[str, str], Mapping[str, int]]" = field(default_factory=OrderedDict)

    async def told(
        self, account_id: str, entries: Sequence[Entry], people: Sequence[Who]
    ) -> list[list[Event]]:
        """See `hub.Board`."""
        told: list[list[Event]] = [[] for _ in people]
        if not people or self.parts.accounts.get(account_id) is None:
            return told
        last = entries[-1].id
        for entry in entries:
            await self._tell_as_is(account_id, entry, people, told)
        tickets = dict.fromkeys(e.body["ticket_id"] for e in entries if e.kind == "ticket")
        commands = [entry.body for entry in entries if entry.kind == "command"]
        if tickets or commands:
            await self._tell_tickets(list(tickets), commands, last, people, told)
        return told

    async def counted(
        self, account_id: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        """See `hub.Board`."""
        each = {who.id: who for who in people}
        mine: dict[str, Mapping[str, int]] = {}
        for id_, who in each.items():
            at = (account_id, id_)
            if seats is None or id_ in seats or at not in self._mine:
                self._mine[at] = await self.counting.mine(who)
            self._mine.move_to_end(at)
            mine[id_] = self._mine[at]
        while len(self._mine) > _REMEMBERED:
            self._mine.popitem(last=False)
        counted = await self.counting.of_all(account_id, each.values(), mine)
        return {id_: Event("counts", json.dumps(counts)) for id_, counts in counted.items()}

    async def _tell_as_is(
        self, account_id: str, entry: Entry, people: Sequence[Who], told: list[list[Event]]
    ) -> None:
        body = dict(entry.body)
        to = None
        match entry.kind:
            case "here":
                names = await Reading(self.parts).names(people[0])
                for place, who in enumerate(people):
                    shown = showing.others(body["there"], names, (who.id,))
                    said = [{"agent": o.agent, "name": o.name, "state": o.state} for o in shown]
                    data = json.dumps({"ticket_id": body["ticket_id"], "others": said})
                    told[place].append(Event("here", data, entry.id))
                return
            case "typing" | "visitor":
                body = await self._of_their_tickets(account_id, body)
                if not body["ticket_ids"]:
                    return
            case "job" | "draft":
                to = body.pop("by")
            case kind if kind in _AS_THEY_ARE:
                pass
            case _:
                return
        event = Event(entry.kind, json.dumps(body), entry.id)
        for place, who in enumerate(people):
            if to is None or who.id == to:
                told[place].append(event)

    async def _of_their_tickets(self, account_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The same with the contact's open tickets: of the conversation, on web chat."""
        model = await self.parts.models.serving()
        found = await model.of_person(account_id, body["contact"] or "", None, 20)
        ids = [
            row.ticket_id
            for row in found
            if (ticket := row.summary)
            and ticket.status != "closed"
            and ticket.channel == body["channel"]
            and (ticket.channel != "webchat" or ticket.conversation_id == body["conversation"])
        ]
        said = {name: body[name] for name in ("until", "here", "at") if name in body}
        return {"ticket_ids": ids, "ticket_id": ids[0] if ids else None, **said}

    async def _tell_tickets(
        self,
        tickets: Sequence[str],
        commands: Sequence[Mapping[str, Any]],
        last: str,
        people: Sequence[Who],
        told: list[list[Event]],
    ) -> None:
        account = people[0].account_id
        model = await self.parts.models.serving()
        rows = await model.named(account, tickets)
        names = await Reading(self.parts).names(people[0])
        now = self.parts.clock()
        there = await self.parts.here.there(account, rows.keys(), now)
        shown = {id_: showing.row(row, names) for id_, row in rows.items()}
        kept = await self.parts.own.views(account) if rows else []
        offline = set(names.agents) - names.online
        for place, who in enumerate(people):
            mine = [
                (str(v["_id"].partition(":")[2]), views.narrowed(custom(who, v, _NOTHING), offline))
                for v in kept
                if is_theirs(v, who)
            ]
            to = {
                id_: replace(one, others=showing.others(there.get(id_, {}), names, (who.id,)))
                for id_, one in shown.items()
            }
            said = [
                {
                    "id": id_,
                    "seq": row.seq,
                    "in": [n for n, q in [*_four(who), *mine] if views.matches(q, row, now)],
                    "keys": keys_of(row),
                    "html": self._row(who, to[id_], row),
                }
                for id_, row in rows.items()
            ]
            body = {"rows": said, "commands": [dict(command) for command in commands]}
            told[place].append(Event("tickets", json.dumps(body), last))

    def _row(self, who: Who, shown: ShownRow, row: Row) -> str:
        """The row's HTML, which is the same for all who read that language."""
        at = (who.language, f"{who.account_id}:{shown.id}", repr((row.seq, row.newest, shown)))
        if at not in self._html:
            self._html[at] = render("row.html", who, row=shown)
            while len(self._html) > _REMEMBERED:
                self._html.popitem(last=False)
        return self._html[at]


def keys_of(row: Row) -> dict[str, int]:
    """By what lists order the row."""
    orders: tuple[views.Order, ...] = ("waiting", "active", "opened", "number")
    return {order: views.place(order, row) for order in orders}


def _four(who: Who) -> list[tuple[str, Query]]:
    return [
        (name, views.built_in(name, who.account_id, who.id, _NOTHING)) for name in views.BUILT_IN
    ]
