"""Ingest's stores, in memory."""

from collections.abc import Iterable, Mapping, Sequence

from services.ingest.who.profiles import Change, by_identity
from services.ingest.who.whatsapp_ids import Alias, Claim
from shared.clock import EPOCH
from shared.contracts.profiles import Profile


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


class MemoryAliases:
    """See `services.ingest.who.whatsapp_ids.Aliases`."""

    def __init__(self) -> None:
        self._aliases: dict[str, Alias] = {}

    async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
        return {key: self._aliases[key] for key in keys if key in self._aliases}

    async def claim(self, claims: Sequence[Claim]) -> bool:
        for claim in claims:
            if self._aliases.get(claim.key) == claim.before:
                self._aliases[claim.key] = claim.after
        return all(self._aliases.get(claim.key) == claim.after for claim in claims)
