"""Profiles as ingest keeps them: which version of one counts (ING 8). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.ingest.who.contacts import canonical
from shared.clock import EPOCH
from shared.contracts.profiles import Profile
from shared.topics import Deleted


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch of the profiles' topic makes of one profile; `profile` None: it is deleted.

    A change `only_if_newer` leaves a stored profile with a later `updated_at` as it is.
    """

    key: str
    profile: Profile | None
    only_if_newer: bool


class Profiles(Protocol):
    """Where profiles are kept, found by their contacts' identities."""

    async def save(self, changes: Iterable[Change]) -> None:
        """Keep what the changes say, one change a key; a repeat changes nothing."""

    async def find(self, identities: Iterable[str]) -> Mapping[str, Profile]:
        """By each of these identities (`account|type:value`) that a profile has: that profile.

        Of several the one with the smallest id.
        """


def changes(batch: Iterable[Profile | Deleted]) -> list[Change]:
    """The batch, one change a profile. An older version does not come after a newer one.

    A version without a time counts as the newest, because it comes later on its topic.
    """
    latest: dict[str, Change] = {}
    for item in batch:
        if isinstance(item, Deleted):
            latest[item.key] = Change(item.key, None, only_if_newer=False)
            continue
        key = f"{item.account_id}:{item.profile_id}"
        before = latest.get(key)
        if before is None or before.profile is None:
            guarded = before is None and item.updated_at is not None
            latest[key] = Change(key, item, only_if_newer=guarded)
        elif item.updated_at is None:
            latest[key] = Change(key, item, only_if_newer=False)
        elif item.updated_at >= (before.profile.updated_at or EPOCH):
            latest[key] = Change(key, item, only_if_newer=before.only_if_newer)
    return list(latest.values())


def identities(profile: Profile) -> list[str]:
    """All that the profile is found by: `account|type:value`, in canonical form."""
    keys = (canonical(identity).key for identity in profile.identities)
    return sorted({f"{profile.account_id}|{key}" for key in keys})


def by_identity(found: Iterable[Profile], wanted: Iterable[str]) -> dict[str, Profile]:
    """The answer of `Profiles.find` from the profiles that have any of the wanted identities."""
    answer: dict[str, Profile] = {}
    asked = frozenset(wanted)
    for profile in sorted(found, key=lambda profile: profile.profile_id):
        for key in identities(profile):
            if key in asked:
                answer.setdefault(key, profile)
    return answer
