"""Ingest reacts to raw records, profiles and settings."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from services.ingest import rules
from services.ingest.emit import files
from services.ingest.emit.emitter import Emitted
from services.ingest.join.joining import Joining
from services.ingest.refusals import Refused
from services.ingest.rules import Outcome, Reading
from services.ingest.unwrap.large_mail import NO_LARGE_MAIL, LargeMail, is_claim, one_at_once
from services.ingest.who import profiles, whatsapp_ids
from services.ingest.who.profiles import Profiles
from services.ingest.who.whatsapp_ids import Aliases
from shared.bus.accounts import Accounts, address_key
from shared.bus.delivery import Outgoing, Publish, Record, Refusals
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.contracts.messages import InboundMessage
from shared.contracts.profiles import Profile
from shared.contracts.signals import Signal
from shared.errors import Poison
from shared.topic import Deleted
from shared.topics import FILES, MESSAGES, SIGNALS

_log = structlog.get_logger()

_READ_IN_A_THREAD_FROM = 256 * 1024
"""From this many bytes on, a batch is read in a thread: the event loop has heartbeats to send."""


_PUBLISHED_FROM = 8 * 1024 * 1024
"""From this many bytes on, what a batch says is published before all of it is known."""

Counted = Callable[[Channel, str, str], None]
"""Called for each thing that a record became (ING 4), with the channel, the outcome and a detail.

The outcome is `message`, `edit`, `deletion`, `signal`, `part` (of a long SMS), `unaddressed` (a
report that names no address of an account) or `dead`. The detail is the kind of a signal, or the
reason why it is unaddressed or dead; else it is empty."""

Taken = Callable[[Sequence[Outcome]], Awaitable[None]]
"""Called with what became of records: see `erasing.Erasing.taken`."""


async def _nothing_erased(_: Sequence[Outcome]) -> None:
    return


_OUTCOMES = {"InboundMessage": "message", "MessageEdited": "edit", "MessageDeleted": "deletion"}


def outcome_of(body: Emitted) -> tuple[Channel, str, str]:
    """The values with which `Counted` is called for something that was published."""
    if isinstance(body, Signal):
        return body.channel, "signal", body.kind
    return body.channel, _OUTCOMES[body.type], ""


@dataclass(frozen=True, slots=True)
class Ingest:
    """Turns what providers deliver into messages and signals."""

    profiles: Profiles
    aliases: Aliases
    accounts: Accounts
    publish: Publish
    joining: Joining
    counted: Counted
    large_mail: LargeMail = NO_LARGE_MAIL
    taken: Taken = _nothing_erased
    largest_file: int = files.LARGEST

    async def records_received(self, records: Sequence[Record]) -> Refusals:
        """Publish what the records of one channel say, and the files in them, in their order.

        Parts of long SMS are stored; their messages are published once they are complete. If
        something in a record cannot be taken, the record is refused, but the rest of it is
        published all the same. If newer settings could help (an address that no account has, for
        example), the settings are refreshed, once for the batch.

        Raises Transient if a race for a stored document is lost again and again, or if the place
        of a large mail cannot be reached.
        """
        refused: dict[int, Poison] = {}
        for start, some in one_at_once(records):
            found = await self._received(some)
            refused |= {start + place: why for place, why in found.items()}
        return refused

    async def _received(self, records: Sequence[Record]) -> dict[int, Poison]:
        providers = [rules.expected_provider(record, self.accounts) for record in records]
        readings = await self._readings(records, providers)
        outcomes = [rules.settle(reading, self.accounts, self.largest_file) for reading in readings]
        if any(outcome.names_a_stranger for outcome in outcomes):
            await self.accounts.refresh()
            outcomes = [
                rules.settle(reading, self.accounts, self.largest_file) for reading in readings
            ]
        said = [body for outcome in outcomes for body in outcome.said]
        contacts = await whatsapp_ids.settled(said, self.aliases)
        outcomes = [rules.with_contacts(outcome, contacts) for outcome in outcomes]
        known = await self.profiles.find(rules.identity_keys(said))
        outcomes = [rules.with_profiles(outcome, known) for outcome in outcomes]
        refused = await self._published(readings, outcomes) | await self._joined(outcomes)
        await self.taken(outcomes)
        return refused

    async def _readings(
        self, records: Sequence[Record], providers: Sequence[str | None]
    ) -> list[Reading]:
        """Read the records; a large mail, which is alone, is fetched."""
        first, *others = records
        if not is_claim(first):
            return await _read(records, providers)
        if others:
            raise AssertionError("a large mail is read alone")
        mail = await self.large_mail.fetched(first)
        (reading,) = await _read([mail], [None])
        return [replace(reading, record=replace(reading.record, value=None))]

    async def _published(
        self, readings: Sequence[Reading], outcomes: Sequence[Outcome]
    ) -> dict[int, Poison]:
        refusals: dict[int, Poison] = {}
        sending = _Sending(self.publish)
        counted: list[tuple[Channel, str, str]] = []
        for place, outcome in enumerate(outcomes):
            channel = readings[place].channel
            counted += [(channel, "dead", refused.reason) for refused in outcome.refused]
            counted += [(channel, "unaddressed", why.reason) for why in outcome.unaddressed]
            if (refusal := outcome.refusal) is not None:
                refusals[place] = refusal
            for body in outcome.said:
                topic = SIGNALS if isinstance(body, Signal) else MESSAGES
                record = topic.record(body)
                if len(record.value or b"") > topic.max_bytes:
                    refusals[place] = Refused("too_large", f"{body.id} is too large to publish")
                    counted.append((channel, "dead", "too_large"))
                    continue
                await sending.add(record)
                counted.append(outcome_of(body))
                if isinstance(body, InboundMessage):
                    for part in files.parts(body, outcome.contents.get(body.id, {})):
                        await sending.add(FILES.record(part))
        await sending.end()
        for told in counted:
            self.counted(*told)
        return refusals

    async def _joined(self, outcomes: Sequence[Outcome]) -> dict[int, Poison]:
        """Store the parts of long SMS, and publish each message that is complete with them.

        Returns why a part can never be taken, by the place of its record in the batch.
        """
        arrived = [
            (place, arrival)
            for place, outcome in enumerate(outcomes)
            for arrival in outcome.arrived
        ]
        if not arrived:
            return {}
        refused = await self.joining.take([arrival for _, arrival in arrived])
        for _, arrival in arrived:
            self.counted(arrival.of.channel, "part", "")
        return {arrived[index][0]: why for index, why in refused.items()}

    async def profiles_changed(self, batch: Sequence[Profile | Deleted]) -> None:
        """Keep the profiles, so that messages from now on carry them (ING 8)."""
        await self.profiles.save(profiles.changes(batch))

    async def accounts_changed(self, batch: Sequence[AccountSettings | Deleted]) -> None:
        """Log a warning for each address in the settings that belongs to another account.

        If two accounts claim an address, the one with the smaller id gets its messages. The bus
        keeps the table of settings by itself. Ingest consumes the settings so that those which
        cannot be read become dead letters, and only once.
        """
        for settings in batch:
            if isinstance(settings, Deleted):
                continue
            for address in settings.addresses:
                _, value = address_key(address.channel, address.value, settings.region)
                owner = self.accounts.owner(address.channel, value)
                if owner is not None and owner.account_id != settings.account_id:
                    _log.warning(
                        "address_claimed_twice",
                        account_id=settings.account_id,
                        channel=address.channel,
                        address=address.value,
                        owner=owner.account_id,
                    )


@dataclass(slots=True)
class _Sending:
    """Publishes records together, but no more of them at once than memory should hold."""

    publish: Publish
    held: list[Outgoing] = field(default_factory=list)
    size: int = 0

    async def add(self, record: Outgoing) -> None:
        self.held.append(record)
        self.size += len(record.value or b"")
        if self.size >= _PUBLISHED_FROM:
            await self.end()

    async def end(self) -> None:
        if self.held:
            await self.publish(self.held)
        self.held, self.size = [], 0


async def _read(records: Sequence[Record], providers: Sequence[str | None]) -> list[Reading]:
    if sum(len(record.value or b"") for record in records) < _READ_IN_A_THREAD_FROM:
        return list(map(rules.read, records, providers))
    return await asyncio.to_thread(lambda: list(map(rules.read, records, providers)))
