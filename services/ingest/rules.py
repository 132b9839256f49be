"""What becomes of a raw record (ING 1 to ING 8): pure.

A record is first read, by its channel and provider, into parts; then the parts are settled with
the accounts' settings. Everything in it ends as a message, an edit, a deletion, a signal or a
refusal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from services.ingest.emit.emitter import Destined, Said
from services.ingest.join.long_sms import Arrival
from services.ingest.read import times
from services.ingest.read.findings import Fragment, Part
from services.ingest.read.readers import READERS
from services.ingest.refusals import Refused, in_words
from services.ingest.unwrap.wrappers import unwrapped, with_provider
from services.ingest.where_to import destinations, is_nobodys_report
from services.ingest.who import whatsapp_ids
from services.ingest.who.contacts import canonical
from shared.bus.accounts import Accounts
from shared.bus.delivery import Record
from shared.contracts.base import Channel, Contact
from shared.contracts.profiles import Profile
from shared.topics import INBOUND

_CHANNELS: dict[str, Channel] = {topic.name: channel for channel, topic in INBOUND.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """A record and the parts it says, at least one."""

    record: Record
    channel: Channel
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one record: what is published, in order, and what of it is refused.

    What `arrived` is published once the long message is whole that it is a part of. `unaddressed`
    are delivery reports of which nobody can tell whose they are, and why: they are counted, and
    nothing more.
    """

    said: tuple[Said, ...]
    refused: tuple[Refused, ...] = ()
    arrived: tuple[Arrival, ...] = ()
    unaddressed: tuple[Refused, ...] = ()

    @property
    def refusal(self) -> Refused | None:
        """Why the record is dead-lettered; None where all of it could be taken."""
        if not self.refused:
            return None
        first = self.refused[0]
        others = len(self.refused) - 1 + len(self.said) + len(self.arrived)
        among = f" (one of {others + 1} parts)" if others else ""
        return Refused(first.reason, f"{first}{among}")

    @property
    def names_a_stranger(self) -> bool:
        """Whether newer settings could change it."""
        return any(
            refused.reason in ("unknown_account", "account_mismatch", "channel_off")
            for refused in (*self.refused, *self.unaddressed)
        )


def read(record: Record, provider: str | None = None) -> Reading:
    """The record's parts. Never raises, whatever the bytes: a refusal is a part too.

    `provider` is whose format it is if nothing that came with it says that.
    """
    channel = _CHANNELS[record.topic]
    try:
        inner = unwrapped(record)
    except Refused as refused:
        return Reading(record, channel, (refused,))
    # What was around all of it says when it was received: the first knows that too.
    return Reading(inner[0], channel, tuple(_parts(inner, channel, provider)))


def _parts(records: Iterable[Record], channel: Channel, provider: str | None) -> Iterator[Part]:
    for inner in records:
        parts = _parts_of(with_provider(inner, provider), channel)
        if provider and any(map(_of_unknown_provider, parts)):
            # The settings may name whoever sends for the account, in words of their own.
            parts = _parts_of(inner, channel)
        yield from parts


def expected_provider(record: Record, accounts: Accounts) -> str | None:
    """The provider of the account that the header `account` names, where it has just one."""
    account = accounts.get(record.header("account") or "")
    channel = _CHANNELS[record.topic]
    addresses = account.addresses if account else ()
    named = {each.provider for each in addresses if each.channel == channel}
    return named.pop() if len(named) == 1 else None


def _of_unknown_provider(part: Part) -> bool:
    return isinstance(part, Refused) and part.reason == "unknown_provider"


def _parts_of(record: Record, channel: Channel) -> list[Part]:
    try:
        return READERS[channel](record)
    except Refused as refused:
        return [refused]
    except ValidationError as error:
        return [Refused("malformed", in_words(error))]


def settle(reading: Reading, accounts: Accounts) -> Outcome:
    """What becomes of what was read, with the settings as they are now.

    One record may say the same twice, as some providers do: it is published once.
    """
    said: dict[str, Said] = {}
    refused: list[Refused] = []
    arrived: list[Arrival] = []
    unaddressed: list[Refused] = []
    received = times.received_at(reading.record)
    for part in reading.parts:
        if isinstance(part, Refused):
            refused.append(part)
            continue
        channel = part.place.channel or reading.channel
        for found in destinations(part, reading.record, channel, accounts):
            if isinstance(found, Refused):
                (unaddressed if is_nobodys_report(part, found) else refused).append(found)
                continue
            destined = Destined(reading.record, channel, *found, received, accounts)
            try:
                if isinstance(part, Fragment):
                    arrived.append(destined.arrival(part))
                    continue
                body = destined.body(part)
            except Refused as refusal:
                refused.append(refusal)
            except ValidationError as error:
                refused.append(Refused("malformed", in_words(error)))
            else:
                said.setdefault(body.id, body)
    return Outcome(tuple(said.values()), tuple(refused), tuple(arrived), tuple(unaddressed))


def with_contacts(outcome: Outcome, contacts: Mapping[str, str]) -> Outcome:
    """The same, each body of the contact with the id given for it (see `aliases`)."""
    said = tuple(whatsapp_ids.with_contact(body, contacts) for body in outcome.said)
    return replace(outcome, said=said)


def identity_keys(said: Iterable[Said]) -> set[str]:
    """Under what the profiles of everybody in `said` are looked up: `account|type:value`."""
    return {key for body in said if body.contact for key in keys(body.account_id, body.contact)}


def keys(account_id: str, contact: Contact) -> list[str]:
    """Under what the contact's profile is looked up, in canonical form."""
    names = dict.fromkeys(canonical(identity).key for identity in contact.identities)
    return [f"{account_id}|{name}" for name in names]


def with_profiles(outcome: Outcome, profiles: Mapping[str, Profile]) -> Outcome:
    """The same, each contact with their profile's segments and consent (ING 8).

    Of several profiles with an identity of the contact, the one with the smallest id counts.
    """
    return replace(outcome, said=tuple(with_profile(body, profiles) for body in outcome.said))


def with_profile(body: Said, profiles: Mapping[str, Profile]) -> Said:
    """The same, its contact with their profile (see `with_profiles`)."""
    contact = body.contact
    if contact is None:
        return body
    found = [profiles[key] for key in keys(body.account_id, contact) if key in profiles]
    if not found:
        return body
    profile = min(found, key=lambda profile: profile.profile_id)
    linked = contact.model_copy(
        update={
            "profile_id": profile.profile_id,
            "segments": profile.segments,
            "sms_consent": profile.sms_consent,
            "display_name": contact.display_name or profile.name,
        }
    )
    return body.model_copy(update={"contact": linked})
