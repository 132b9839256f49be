"""Ingest reacts to raw records, profiles and settings."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from services.ingest import aliases, profiles, rules
from services.ingest.aliases import Aliases
from services.ingest.profiles import Profiles
from services.ingest.refusals import Refused
from services.ingest.rules import Outcome, Reading
from shared.accounts import Accounts
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.contracts.profiles import Profile
from shared.contracts.signals import Signal
from shared.delivery import Outgoing, Publish, Record, Refusals
from shared.topics import MESSAGES, SIGNALS, Deleted

_log = structlog.get_logger()

_READ_IN_A_THREAD_FROM = 256 * 1024
"""Bytes of a batch from which reading it would keep the event loop from its heartbeats."""


Published = Callable[[Channel, str], None]
"""Told of each thing published: its channel, and its type or (a signal) its kind (ING 4)."""


@dataclass(frozen=True, slots=True)
class Ingest:
    """Turns what providers deliver into messages and signals."""

    profiles: Profiles
    aliases: Aliases
    accounts: Accounts
    publish: Publish
    published: Published

    async def records_received(self, records: Sequence[Record]) -> Refusals:
        """Publish what the records of a channel say, in their order.

        What of a record cannot be taken is refused, and the rest of it published. Addresses that
        nobody has are looked up in newer settings, once a batch.
        """
        readings = await _read(records)
        outcomes = [rules.settle(reading, self.accounts) for reading in readings]
        if any(outcome.names_a_stranger for outcome in outcomes):
            await self.accounts.refresh()
            outcomes = [rules.settle(reading, self.accounts) for reading in readings]
        said = [body for outcome in outcomes for body in outcome.said]
        contacts = await aliases.settled(said, self.aliases)
        outcomes = [rules.with_contacts(outcome, contacts) for outcome in outcomes]
        known = await self.profiles.find(rules.identity_keys(said))
        return await self._published([rules.with_profiles(outcome, known) for outcome in outcomes])

    async def _published(self, outcomes: Sequence[Outcome]) -> Mapping[int, Refused]:
        refusals: dict[int, Refused] = {}
        outgoing: list[Outgoing] = []
        counted: list[tuple[Channel, str]] = []
        for place, outcome in enumerate(outcomes):
            if (refusal := outcome.refusal) is not None:
                refusals[place] = refusal
            for body in outcome.said:
                topic = SIGNALS if isinstance(body, Signal) else MESSAGES
                record = topic.record(body)
                if len(record.value or b"") > topic.max_bytes:
                    refusals[place] = Refused("too_large", f"{body.id} is too large to publish")
                    continue
                outgoing.append(record)
                counted.append(
                    (body.channel, body.kind if isinstance(body, Signal) else body.type)
                )
        if outgoing:
            await self.publish(outgoing)
        for channel, kind in counted:
            self.published(channel, kind)
        return refusals

    async def profiles_changed(self, batch: Sequence[Profile | Deleted]) -> None:
        """Keep the profiles, so that messages from now on carry them (ING 8)."""
        await self.profiles.save(profiles.changes(batch))

    async def accounts_changed(self, batch: Sequence[AccountSettings | Deleted]) -> None:
        """Warn of addresses that another account has already: its messages go there.

        The table of settings is kept by the bus. This consumer is why settings that cannot be
        read are dead-lettered, and once.
        """
        for settings in batch:
            if isinstance(settings, Deleted):
                continue
            for address in settings.addresses:
                owner = self.accounts.owner(address.channel, address.value)
                if owner is not None and owner.account_id != settings.account_id:
                    _log.warning(
                        "address_claimed_twice", account_id=settings.account_id,
                        channel=address.channel, address=address.value, owner=owner.account_id,
                    )


async def _read(records: Sequence[Record]) -> list[Reading]:
    if sum(len(record.value or b"") for record in records) < _READ_IN_A_THREAD_FROM:
        return [rules.read(record) for record in records]
    return await asyncio.to_thread(lambda: [rules.read(record) for record in records])
