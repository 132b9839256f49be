"""Changing accounts' settings so that nobody overwrites what they have not seen.

Decided in docs/decisions/0013-accounts-compare-and-set.md. The topic has one partition, so all
read one order. A change is published with the next revision and read back: of two with the same
one the first counts (`shared.bus.accounts.counts`). A history is settled when its last record is
above all others: then whoever reads any part of it that has the last one holds the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from shared.bus.accounts import counts
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings
from shared.errors import Poison, Transient
from shared.topic import Deleted
from shared.topics import ACCOUNTS
from shared.values.ids import attempt_token

AUTHOR: Final = "published-by"
"""The header that names who published the settings."""

_ATTEMPT: Final = "attempt"
_TRIES: Final = 10


class Log(Protocol):
    """The accounts' topic."""

    async def read(self) -> Sequence[Record]:
        """All its records in order, up to what was its end when this was called."""

    async def append(self, record: Outgoing) -> None:
        """Publish, and return once all in-sync replicas have it. Raises Transient."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record of an account, and the settings that it says; None where it deletes them."""

    record: Record
    settings: AccountSettings | None

    @property
    def revision(self) -> int | None:
        """The revision that it claims; None for a deletion and for what others publish."""
        return self.settings.revision if self.settings else None

    @property
    def change(self) -> AccountSettings | Deleted:
        """What readers make of it."""
        return self.settings or Deleted((self.record.key or b"").decode(errors="replace"))

    @property
    def told(self) -> str:
        """Which revision it is, who published it and when."""
        named = f"revision {self.revision}" if self.revision else "settings without a revision"
        by = self.record.header(AUTHOR)
        return f"{named}, published{f' by {by}' if by else ''} at {self.record.timestamp:%FT%TZ}"

    def same(self, other: "Said") -> bool:
        """Whether both say the same, unknown fields included, the revision apart."""
        return _body(self.record) == _body(other.record)


@dataclass(frozen=True, slots=True)
class History:
    """What the topic has said of one account, in order."""

    account: str
    said: tuple[Said, ...] = ()

    @property
    def standing(self) -> Said | None:
        """The record that counts, which may be a deletion; None where there is none."""
        held: Said | None = None
        for each in self.said:
            if counts(held.settings if held else None, each.change):
                held = each
        return held

    @property
    def in_force(self) -> Said | None:
        """The record whose settings count; None for no account, and for a deleted one."""
        standing = self.standing
        return standing if standing and standing.settings else None

    @property
    def settings(self) -> AccountSettings | None:
        """The settings in force."""
        return standing.settings if (standing := self.standing) else None

    @property
    def next(self) -> int:
        """The revision above all that there were, of those that lost or were deleted too."""
        return 1 + max((each.revision or 0 for each in self.said), default=0)

    @property
    def settled(self) -> bool:
        """Whether all hold the same who read any part of it that has the last record."""
        if not self.said or (last := self.said[-1]).revision is None:
            return True
        return all(
            each.revision is None
            or each.revision < last.revision
            or (each.revision == last.revision and each.same(last))
            for each in self.said[:-1]
        )

    def at(self, revision: int) -> AccountSettings | None:
        """The settings of that revision, where they are still on the topic."""
        found = (each.settings for each in self.said if each.revision == revision)
        return next(found, None)

    def until(self, attempt: str) -> tuple["History", bool]:
        """The history before the record of that attempt, and whether the record counted.

        Raises Transient when it is not there.
        """
        for place, each in enumerate(self.said):
            if each.record.header(_ATTEMPT) == attempt:
                before = History(self.account, self.said[:place])
                return before, counts(before.settings, each.change)
        raise Transient(f"the settings of {self.account} were published, but cannot be read back")


def history_of(records: Sequence[Record], account: str) -> History:
    """The account's history. What cannot be understood is left out, as readers do."""
    key = account.encode()
    said = (_understood(record) for record in records if record.key == key)
    return History(account, tuple(each for each in said if each is not None))


def histories(records: Sequence[Record]) -> dict[str, History]:
    """The history of each account, in the order of their ids."""
    said: dict[str, list[Said]] = {}
    for record in records:
        if (each := _understood(record)) is not None:
            said.setdefault((record.key or b"").decode(errors="replace"), []).append(each)
    return {name: History(name, tuple(said[name])) for name in sorted(said)}


def _understood(record: Record) -> Said | None:
    try:
        change = ACCOUNTS.parse(record)
    except Poison:
        return None
    return Said(record, change if isinstance(change, AccountSettings) else None)


def alike(one: AccountSettings | None, other: AccountSettings | None) -> bool:
    """Whether both say the same, whatever their revisions."""
    if one is None or other is None:
        return one is other
    return one.model_copy(update={"revision": other.revision}) == other


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change.

    `applied`: it is in force, or was until somebody changed it again. `unchanged`: what is in force
    says the same. `refused`: somebody else changed the account first; nothing of it is in force.
    `replaced` is what it took the place of unseen: others may publish without revisions.
    """

    fate: Literal["applied", "unchanged", "refused"]
    history: History
    revision: int | None = None
    replaced: Said | None = None


async def change(
    log: Log, wanted: AccountSettings, seen: AccountSettings | None, author: str
) -> Outcome:
    """Publish the settings as the next revision, if what is in force still is what was `seen`.

    `seen` is None for an account that was not there. Raises Transient when the brokers do not
    answer: nobody knows then whether it was published, and the same again does no harm.
    """
    for _ in range(_TRIES):
        history = await settle(log, wanted.account_id)
        now = history.settings
        if alike(now, wanted):
            return Outcome("unchanged", history, now.revision if now else None)
        if not alike(now, seen):
            return Outcome("refused", history)
        following = wanted.model_copy(update={"revision": history.next})
        attempt = attempt_token()
        headers = ((AUTHOR, author.encode()), (_ATTEMPT, attempt.encode()))
        await log.append(ACCOUNTS.record(following, headers))
        history = await _history(log, wanted.account_id)
        before, won = history.until(attempt)
        if won:
            missed = None if alike(before.settings, seen) else before.standing
            return Outcome("applied", history, following.revision, missed)
        # Who lost to a mere repetition of what was seen may try again; others are told.
    raise Transient(f"{wanted.account_id} is being changed by others all the time; try again")


async def settle(log: Log, account: str) -> History:
    """The account's history, once it is settled.

    Whoever lost a race leaves a last record that is not in force, and compaction would keep that
    one; so what is in force is published again, above both. Raises Transient where others write so
    often that it never settles.
    """
    history = await _history(log, account)
    for _ in range(_TRIES):
        if history.settled:
            return history
        kept = history.standing
        attempt = await _repeat(log, history, kept)
        history = await _history(log, account)
        before, won = history.until(attempt)
        # What came in between without a revision did not mean to be undone by a repetition.
        if won and not alike(before.settings, kept.settings if kept else None):
            await _repeat(log, history, before.standing)
            history = await _history(log, account)
    raise Transient(f"{account} is being changed by others all the time; try again")


async def _history(log: Log, account: str) -> History:
    return history_of(await log.read(), account)


async def _repeat(log: Log, history: History, said: Said | None) -> str:
    """Publish that again as the next revision, its unknown fields too; the attempt's token."""
    attempt = attempt_token()
    headers: list[tuple[str, bytes | None]] = [(_ATTEMPT, attempt.encode())]
    value = None
    if said is not None:
        headers += [(name, told) for name, told in said.record.headers if name == AUTHOR]
    if said is not None and said.settings is not None:
        body = _body(said.record) | {"revision": history.next}
        value = json.dumps(body, ensure_ascii=False).encode()
    await log.append(Outgoing(ACCOUNTS.name, history.account.encode(), value, tuple(headers)))
    return attempt


def _body(record: Record) -> dict[str, Any]:
    """The record's value without its revision; empty for a deletion."""
    body = json.loads(record.value) if record.value is not None else {}
    return {name: told for name, told in body.items() if name != "revision"}
