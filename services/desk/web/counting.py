"""How many tickets are in each view, and how many are unread (VWS 4): the database's counts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.desk.rules.people import Who
from services.desk.rules.shown import ShownView
from services.desk.rules.views import Filters, Query, built_in, narrowed
from services.desk.web.parts import CAP, Parts
from services.desk.web.queries import custom, is_theirs, visible
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
        mine = {who.id: await self.mine(who)}
        return (await self.of_all(who.account_id, [who], mine))[who.id]

    async def of_all(
        self, account_id: str, people: Iterable[Who], mine: Mapping[str, Mapping[str, int]]
    ) -> dict[str, dict[str, Any]]:
        """What `of` says to each of these people of the account, by id; `mine` is theirs."""
        people = list(people)
        shared = await self.shared(account_id)
        kept = await self.parts.own.views(account_id)
        likings = await self.parts.own.likings_of([f"{account_id}:{who.id}" for who in people])
        offline: Collection[str] | None = None
        known: dict[Query, int] = {}
        found: dict[str, dict[str, Any]] = {}
        for who in people:
            counts = {"inbox": mine[who.id]["inbox"]}
            counts |= {name: shared[name] for name in ("unassigned", "all", "spam")}
            for view in kept:
                if not is_theirs(view, who):
                    continue
                query = custom(who, view, _NOTHING)
                if query.filters.assignee_offline is not None:
                    if offline is None:
                        names = await Reading(self.parts).names(who)
                        offline = set(names.agents) - names.online
                    query = narrowed(query, offline)
                if query not in known:
                    model = await self.parts.models.serving()
                    known[query] = await model.count(query, cap=CAP, now=self.parts.clock())
                counts[_name(view)] = known[query]
            unread = {
                "inbox": mine[who.id]["unread"],
                "unassigned": shared["unread_unassigned"],
                "all": shared["unread"],
            }
            wanted = likings.get(f"{account_id}:{who.id}", {}).get("badge", True)
            badge = shared["unread"] if wanted else 0
            found[who.id] = {"views": counts, "unread": unread, "badge": badge}
        return found

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
