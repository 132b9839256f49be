"""How many tickets are in each view, and how many are unread (VWS 4): the database's counts."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.desk.live.hub import Event
from services.desk.rules.people import Who
from services.desk.rules.shown import ShownView
from services.desk.rules.views import Filters, Query, built_in, narrowed
from services.desk.web.parts import CAP, Parts
from services.desk.web.queries import custom, visible
from services.desk.web.reading import Reading

_NOTHING: Final = Filters()


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts for whoever asks."""

    parts: Parts

    async def of(self, who: Who) -> dict[str, Any]:
        """`views`: how many tickets each holds, CAP at most; `unread`; `badge`.

        Of the view `all` the open ones alone are counted: what is closed only ever grows.
        """
        return await self.for_one(who, await self.shared(who.account_id), await self.mine(who))

    async def mine(self, who: Who) -> dict[str, int]:
        """How many open tickets they have, and how many of these are unread."""
        if not who.is_agent:
            return {"inbox": 0, "unread": 0}
        model = await self.parts.models.serving()
        inbox = built_in("inbox", who.account_id, who.id, _NOTHING)
        return {
            "inbox": await model.count(inbox, cap=CAP, now=self.parts.clock()),
            "unread": await model.unread(who.account_id, who.id, CAP),
        }

    async def shared(self, account_id: str) -> dict[str, int]:
        """What is the same for all agents of the account."""
        model = await self.parts.models.serving()
        now = self.parts.clock()
        opened = Filters(status=("open",))
        unread = Filters(status=("open",), unread=True)
        asked: Mapping[str, Query] = {
            "unassigned": built_in("unassigned", account_id, "", _NOTHING),
            "all": built_in("all", account_id, "", opened),
            "spam": built_in("spam", account_id, "", _NOTHING),
            "unread": built_in("all", account_id, "", unread),
        }
        found = {name: await model.count(q, cap=CAP, now=now) for name, q in asked.items()}
        return found | {"unread_unassigned": await model.unread(account_id, None, CAP)}

    async def for_one(
        self, who: Who, shared: Mapping[str, int], mine: Mapping[str, int]
    ) -> dict[str, Any]:
        """What an agent sees, given what is shared and what is theirs."""
        model = await self.parts.models.serving()
        now = self.parts.clock()
        counts = {
            "inbox": mine["inbox"],
            "unassigned": shared["unassigned"],
            "all": shared["all"],
            "spam": shared["spam"],
        }
        offline: Collection[str] | None = None
        for view in await visible(self.parts, who):
            query = custom(who, view, _NOTHING)
            if query.filters.assignee_offline is not None:
                if offline is None:
                    names = await Reading(self.parts).names(who)
                    offline = set(names.agents) - names.online
                query = narrowed(query, offline)
            counts[_name(view)] = await model.count(query, cap=CAP, now=now)
        unread = {
            "inbox": mine["unread"],
            "unassigned": shared["unread_unassigned"],
            "all": shared["unread"],
        }
        likings = await self.parts.own.likings(f"{who.account_id}:{who.id}")
        wanted = likings.get("badge", True)
        return {"views": counts, "unread": unread, "badge": shared["unread"] if wanted else 0}

    async def event(self, who: Who, shared: Mapping[str, int], mine: Mapping[str, int]) -> Event:
        """The counts as a page is told them."""
        return Event("counts", json.dumps(await self.for_one(who, shared, mine)))

    async def views(self, who: Who, named: Mapping[str, str]) -> list[ShownView]:
        """The views with their counts; `named` are the four in the reader's language."""
        counts = await self.of(who)
        found = [
            ShownView(id_, name, "built-in", counts["views"][id_], counts["unread"].get(id_, 0))
            for id_, name in named.items()
        ]
        for view in await visible(self.parts, who):
            kind: Any = "team" if view["owner"] is None else "private"
            id_ = _name(view)
            found.append(ShownView(id_, view["name"], kind, counts["views"].get(id_)))
        return found


def _name(view: Mapping[str, Any]) -> str:
    return str(view["_id"].partition(":")[2])
