"""Keeps the parts of long SMS, and gives out each message once (see `long_sms`)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ingest import rules
from services.ingest.emit.emitter import Emitted, Emitter
from services.ingest.join import long_sms
from services.ingest.join.long_sms import Arrival, Assembly, Group
from services.ingest.refusals import Refused as Refusal
from services.ingest.who import contacts
from services.ingest.who.profiles import Profiles
from shared.bus.accounts import Accounts, address_key
from shared.bus.delivery import Outgoing, Publish, Record
from shared.clock import Clock
from shared.contracts.profiles import Profile
from shared.contracts.signals import Signal
from shared.errors import Poison
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Entry, Outcome, Refused, Store, Target
from shared.topics import BY_NAME, MESSAGES, SIGNALS
from shared.values.ids import computed_id

DEFAULT_WAIT = timedelta(seconds=30)

Counted = Callable[[Emitted], None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A part came in at `now`. The profiles are those that its sender may have."""

    arrival: Arrival
    profiles: Mapping[str, Profile]
    now: datetime

    @property
    def id(self) -> str:
        """Every delivery of the part has the same id."""
        of = self.arrival.of
        channel, address = address_key(of.channel, of.address)
        return computed_id("part", of.account_id, channel, address, self.arrival.piece.id)


@dataclass(frozen=True, slots=True)
class Waited:
    """The wait of `of` ended at `now`, and parts are still missing."""

    of: Assembly
    profiles: Mapping[str, Profile]
    now: datetime

    @property
    def id(self) -> str:
        """Every replica that sees this wait end computes the same id."""
        return computed_id("wait", self.of.id, self.of.due_at.isoformat())


Item = Arrived | Waited


@dataclass(frozen=True, slots=True)
class Assembling:
    """One aggregate for each sender and address (see `shared.stores.documents.Policy`)."""

    accounts: Accounts
    wait: timedelta

    def id_of(self, item: Item) -> str:
        """See `shared.stores.documents.Policy`."""
        return item.id

    async def resolve(self, items: Sequence[Item]) -> Sequence[Target]:
        """See `Policy` (`shared.stores.documents`). An item names what it touches."""
        assemblies = (item.arrival.of if isinstance(item, Arrived) else item.of for item in items)
        return [Target(of.account_id, id=of.id) for of in assemblies]

    def decide(self, target: Target, state: Assembly | None, item: Item) -> Outcome[Assembly]:
        """See `Policy` (`shared.stores.documents`). The sender's profile is as the item says."""
        del target  # items name what they touch
        after, told = self._after(state, item)
        try:
            publish = tuple(
                _record(rules.with_profile(body, item.profiles))
                for body in self._bodies(after, told)
            )
        except Refusal as refusal:
            return Refused(refusal)
        return Applied(after, Entry(item.id, {"at": item.now}), publish)

    def _after(self, state: Assembly | None, item: Item) -> tuple[Assembly, Sequence[Group]]:
        if isinstance(item, Waited):
            return long_sms.after_wait(state or item.of, item.now)
        after, group = long_sms.with_part(
            state or item.arrival.of, item.arrival, item.now, self.wait
        )
        return after, [] if group is None else [group]

    def _bodies(self, assembly: Assembly, told: Iterable[Group]) -> Iterator[Emitted]:
        """What is published for the groups; nothing if the account has been deleted."""
        account = self.accounts.get(assembly.account_id)
        if account is None:
            return
        for group in told:
            first = min(group.pieces, key=lambda piece: (piece.received, piece.number))
            record = Record(
                first.origin.topic,
                first.origin.partition,
                first.origin.offset,
                key=None,
                value=None,
                headers=(),
                timestamp=first.received,
            )
            emitter = Emitter(
                record, assembly.channel, account, assembly.address, first.received, self.accounts
            )
            yield emitter.body(long_sms.given_out(assembly, group))


def _record(body: Emitted) -> Outgoing:
    return (SIGNALS if isinstance(body, Signal) else MESSAGES).record(body)


@dataclass(frozen=True, slots=True)
class Joining:
    """Takes parts and gives out messages: whole ones, and after a wait those that miss parts."""

    assemblies: Aggregates[Assembly, Item]
    profiles: Profiles
    accounts: Accounts
    clock: Clock

    async def take(self, arrivals: Sequence[Arrival]) -> dict[int, Poison]:
        """Keep these parts; afterwards every message that they complete is given out.

        A part that comes again changes nothing. Returns why a part can never be taken, by its
        place in `arrivals`.
        """
        now = self.clock()
        known = await self._profiles([arrival.of for arrival in arrivals])
        return await self.assemblies.apply([Arrived(arrival, known, now) for arrival in arrivals])

    async def end_waits(self, due: Sequence[Assembly]) -> None:
        """Give out those of the messages that waited long enough, with the parts they have."""
        now = self.clock()
        known = await self._profiles(due)
        await self.assemblies.apply([Waited(of, known, now) for of in due])

    async def _profiles(self, assemblies: Sequence[Assembly]) -> Mapping[str, Profile]:
        keys: set[str] = set()
        for of in assemblies:
            account = self.accounts.get(of.account_id)
            contact = contacts.sms_sender(of.phone, account.region if account else None)
            if contact is not None:
                keys.update(rules.keys(of.account_id, contact))
        return await self.profiles.find(keys)


def joining(
    store: Store[Assembly],
    profiles: Profiles,
    accounts: Accounts,
    publish: Publish,
    counted: Counted,
    clock: Clock,
    wait: timedelta,
) -> Joining:
    """A `Joining` with these collaborators. `counted` is told of everything that is given out."""

    async def publish_and_count(records: Sequence[Outgoing]) -> None:
        await publish(records)
        for record in records:
            counted(_said(record))

    assemblies = Aggregates(store, publish_and_count, clock, Assembling(accounts, wait))
    return Joining(assemblies, profiles, accounts, clock)


def _said(record: Outgoing) -> Emitted:
    contract = BY_NAME[record.topic].contract
    if contract is None:
        raise AssertionError("only messages and signals are given out")
    body: Emitted = contract.validate_json(record.value or b"")
    return body
