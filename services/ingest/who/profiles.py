"""Profiles as ingest keeps them: which version of one counts (ING 8). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from services.ingest.who.contacts import canonical
from shared.clock import EPOCH
from shared.contracts.profiles import Profile
from shared.topic import Deleted


@dataclass(frozen=True, slots=True)
class Change:
    """What a batch of the profiles' topic makes of one profile. `profile` is None if it is deleted.

    With `only_if_newer`, a stored profile that has a later `updated_at` stays as it is.
    """

    key: str
    profile: Profile | None
    only_if_newer: bool


class Profiles(Protocol):
    """Where profiles are kept, found by their contacts' identities."""

    async def save(self, changes: Iterable[Change]) -> None:
        """Store these changes, at most one a key. A repeat changes nothing."""

    async def find(self, identities: Iterable[str]) -> Mapping[str, Profile]:
        """The profile of each of these identities (`account|type:value`), as far as one has it.

        Of several profiles with one identity, the one with the smallest id is given.
        """


def changes(batch: Iterable[Profile | Deleted]) -> list[Change]:
    """The batch as one change a profile: the newest version of each.

    A version without a time counts as newer than those before it on the topic.
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
    """Every key by which the profile is found: `account|type:value`, in canonical form."""
    keys = (canonical(identity).key for identity in profile.identities)
    return sorted({f"{profile.account_id}|{key}" for key in keys})


def by_identity(found: Iterable[Profile], wanted: Iterable[str]) -> dict[str, Profile]:
    """The answer of `Profiles.find`, from profiles that have any of the wanted identities."""
    answer: dict[str, Profile] = {}
    asked = frozenset(wanted)
    for profile in sorted(found, key=lambda profile: profile.profile_id):
        for key in identities(profile):
            if key in asked:
                answer.setdefault(key, profile)
    return answer
