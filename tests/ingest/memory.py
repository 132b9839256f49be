"""Ingest's stores, in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ingest.fair.gate import Kept
from services.ingest.join.long_sms import Assembly
from services.ingest.who.profiles import Change, by_identity, identities
from services.ingest.who.whatsapp_ids import Alias, Claim
from shared.bus.delivery import Outgoing
from shared.clock import EPOCH
from shared.contracts.profiles import Profile
from tests.memory import MemoryAggregates, MemoryErasures


class MemoryProfiles:
    """See `services.ingest.who.profiles.Profiles`."""

    def __init__(self) -> None:
        self._profiles: dict[str, Profile] = {}

    async def save(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.profile is None:
                self._profiles.pop(change.key, None)
                continue
            stored = self._profiles.get(change.key)
            newest = (change.profile.updated_at or EPOCH) if change.only_if_newer else None
            if stored is None or newest is None or (stored.updated_at or EPOCH) <= newest:
                self._profiles[change.key] = change.profile

    async def find(self, identities: Iterable[str]) -> Mapping[str, Profile]:
        return by_identity(self._profiles.values(), identities)

    async def known(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Profile]:
        wanted = {f"{account_id}|{key}" for key in contacts}
        return [
            profile
            for profile in self._profiles.values()
            if profile.account_id == account_id
            and (profile.profile_id in profile_ids or not wanted.isdisjoint(identities(profile)))
        ]


class MemoryAliases:
    """See `services.ingest.who.whatsapp_ids.Aliases`."""

    def __init__(self) -> None:
        self._aliases: dict[str, Alias] = {}
        self.erasures = MemoryErasures()

    async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
        return {key: self._aliases[key] for key in keys if key in self._aliases}

    async def claim(self, claims: Sequence[Claim]) -> bool:
        for claim in claims:
            if self._aliases.get(claim.key) == claim.before:
                self._aliases[claim.key] = claim.after
        return all(self._aliases.get(claim.key) == claim.after for claim in claims)

    async def leading(self, account_id: str, contacts: Collection[str]) -> Mapping[str, str]:
        found = {
            key.partition("|")[2]: alias.contact
            for key, alias in self._aliases.items()
            if key.startswith(f"{account_id}|")
        }
        return {i: to for i, to in found.items() if i in contacts or to in contacts}

    async def forget(self, account_id: str, ids: Collection[str]) -> None:
        for each in ids:
            self._aliases.pop(f"{account_id}|{each}", None)


class MemoryAssemblies(MemoryAggregates[Assembly]):
    """Unfinished long SMS."""

    async def of_contacts(self, account_id: str, contacts: Collection[str]) -> Sequence[str]:
        states = [document.state for document in self.documents.values()]
        return [s.id for s in states if s.account_id == account_id and s.contact in contacts]


@dataclass
class Lane:
    """A lane as it is stored."""

    last: int = 0
    revision: int = 0
    waits: bool = False


class MemoryKeeping:
    """See `services.ingest.fair.gate.Keeping`."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self.kept: dict[tuple[str, int], Kept] = {}
        self.lease: tuple[str, datetime] = ("", EPOCH)

    async def waiting(self, lanes: Collection[str] | None = None) -> Mapping[str, int]:
        return {
            name: lane.revision
            for name, lane in self.lanes.items()
            if lane.waits and (lanes is None or name in lanes)
        }

    async def keep(self, records: Mapping[str, Sequence[Outgoing]], now: datetime) -> None:
        for name, held in records.items():
            self.insert(self.reserve(name, held, now))
            self.confirm(name)

    def reserve(self, name: str, held: Sequence[Outgoing], now: datetime) -> list[Kept]:
        """The first step of keeping: their places."""
        lane = self.lanes.setdefault(name, Lane())
        first = lane.last + 1
        lane.last, lane.revision, lane.waits = lane.last + len(held), lane.revision + 1, True
        return [Kept(name, place, record, now) for place, record in enumerate(held, start=first)]

    def insert(self, rows: Sequence[Kept]) -> None:
        """The second step."""
        self.kept |= {(row.lane, row.place): row for row in rows}

    def confirm(self, name: str) -> None:
        """The third step: the lane waits, also where it was settled since the first."""
        lane = self.lanes[name]
        lane.revision, lane.waits = lane.revision + 1, True

    async def first(self, lane: str, count: int) -> Sequence[Kept]:
        places = sorted(place for of, place in self.kept if of == lane)
        return [self.kept[lane, place] for place in places[:count]]

    async def forget(self, kept: Sequence[Kept]) -> None:
        for each in kept:
            self.kept.pop((each.lane, each.place), None)

    async def settled(self, lane: str, revision: int) -> None:
        if self.lanes[lane].revision == revision:
            self.lanes[lane].waits = False

    async def woken(self) -> None:
        for lane, _ in self.kept:
            self.lanes[lane].waits = True

    async def leased(self, holder: str, now: datetime, until: datetime) -> bool:
        if self.lease[0] != holder and self.lease[1] >= now:
            return False
        self.lease = holder, until
        return True
