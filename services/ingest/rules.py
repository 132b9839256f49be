"""Decides what becomes of a raw record (ING 1 to ING 8). Pure.

`read` finds what the record says, by its channel and provider. `settle` then decides with the
accounts' settings what becomes of each finding: a message, an edit, a deletion, a signal, a stored
part of a long SMS, an unaddressed report or a refusal.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from services.ingest.emit import files
from services.ingest.emit.emitter import Emitted, Emitter
from services.ingest.join.long_sms import Arrival
from services.ingest.read import times
from services.ingest.read.findings import Finding, Fragment, Wrote
from services.ingest.read.media import Contents
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
    """A record and the findings in it, at least one."""

    record: Record
    channel: Channel
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one record: what is published (`said`), in order, and what is refused.

    `arrived` are the parts of long SMS in it. They are stored, and their message is published once
    it is complete or its wait has ended. `unaddressed` has a reason for each report on an outbound
    message that names no address of an account: these are counted, and nothing more (ING 4).
    `contents` are the files that came inside the record, by the ids of their messages.
    """

    said: tuple[Emitted, ...]
    refused: tuple[Refused, ...] = ()
    arrived: tuple[Arrival, ...] = ()
    unaddressed: tuple[Refused, ...] = ()
    contents: Mapping[str, Contents] = field(default_factory=dict)

    @property
    def refusal(self) -> Refused | None:
        """Why the record becomes a dead letter; None if nothing in it was refused."""
        if not self.refused:
            return None
        first = self.refused[0]
        others = len(self.refused) - 1 + len(self.said) + len(self.arrived)
        among = f" (one of {others + 1} parts)" if others else ""
        return Refused(first.reason, f"{first}{among}")

    @property
    def names_a_stranger(self) -> bool:
        """Whether newer settings of the accounts could change this outcome."""
        return any(
            refused.reason in ("unknown_account", "account_mismatch", "channel_off")
            for refused in (*self.refused, *self.unaddressed)
        )


def read(record: Record, provider: str | None = None) -> Reading:
    """Find what the record says. Never raises, whatever the bytes: a refusal is a finding too.

    `provider` names the format if neither the record nor its wrapper does. If no format has that
    name, the payload's looks decide.
    """
    channel = _CHANNELS[record.topic]
    try:
        inner = unwrapped(record)
    except Refused as refused:
        return Reading(record, channel, (refused,))
    # The first record inside has the headers of its wrapper too: they say when it was received.
    return Reading(inner[0], channel, tuple(_findings(inner, channel, provider)))


def _findings(
    records: Iterable[Record], channel: Channel, provider: str | None
) -> Iterator[Finding]:
    for inner in records:
        findings = _findings_of(with_provider(inner, provider), channel)
        if provider and any(map(_of_unknown_provider, findings)):
            # The settings may call the provider by a name of their own.
            findings = _findings_of(inner, channel)
        yield from findings


def expected_provider(record: Record, accounts: Accounts) -> str | None:
    """The provider on this channel of the account that the header `account` names.

    None if there is no such account, or if it does not have exactly one provider there.
    """
    account = accounts.get(record.header("account") or "")
    channel = _CHANNELS[record.topic]
    addresses = account.addresses if account else ()
    named = {each.provider for each in addresses if each.channel == channel}
    return named.pop() if len(named) == 1 else None


def _of_unknown_provider(finding: Finding) -> bool:
    return isinstance(finding, Refused) and finding.reason == "unknown_provider"


def _findings_of(record: Record, channel: Channel) -> list[Finding]:
    try:
        return READERS[channel](record)
    except Refused as refused:
        return [refused]
    except ValidationError as error:
        return [Refused("malformed", in_words(error))]


def settle(reading: Reading, accounts: Accounts, largest_file: int = files.LARGEST) -> Outcome:
    """Decide what becomes of each finding, with the settings as they are now.

    Some providers say the same thing twice in one record. It is published once. Files are taken
    up to so many bytes.
    """
    said: dict[str, Emitted] = {}
    refused: list[Refused] = []
    arrived: list[Arrival] = []
    unaddressed: list[Refused] = []
    contents: dict[str, Contents] = {}
    received = times.received_at(reading.record)
    for finding in reading.findings:
        if isinstance(finding, Refused):
            refused.append(finding)
            continue
        channel = finding.place.channel or reading.channel
        for found in destinations(finding, reading.record, channel, accounts):
            if isinstance(found, Refused):
                (unaddressed if is_nobodys_report(finding, found) else refused).append(found)
                continue
            emitter = Emitter(reading.record, channel, *found, received, accounts, largest_file)
            try:
                if isinstance(finding, Fragment):
                    arrived.append(emitter.arrival(finding))
                    continue
                body = emitter.body(finding)
            except Refused as refusal:
                refused.append(refusal)
            except ValidationError as error:
                refused.append(Refused("malformed", in_words(error)))
            else:
                said.setdefault(body.id, body)
                if isinstance(finding, Wrote) and finding.contents:
                    contents.setdefault(body.id, finding.contents)
    return Outcome(
        tuple(said.values()), tuple(refused), tuple(arrived), tuple(unaddressed), contents
    )


def with_contacts(outcome: Outcome, contacts: Mapping[str, str]) -> Outcome:
    """The outcome with the contact ids that `whatsapp_ids.settled` decided, by each body's id."""
    if not contacts:
        return outcome
    said = tuple(whatsapp_ids.with_contact(body, contacts) for body in outcome.said)
    return replace(outcome, said=said)


def identity_keys(said: Iterable[Emitted]) -> set[str]:
    """The keys (`account|type:value`) by which the profiles of all contacts in `said` are found."""
    return {key for body in said if body.contact for key in keys(body.account_id, body.contact)}


def keys(account_id: str, contact: Contact) -> list[str]:
    """The keys by which the contact's profile is found: its identities in canonical form."""
    names = dict.fromkeys(canonical(identity).key for identity in contact.identities)
    return [f"{account_id}|{name}" for name in names]


def with_profiles(outcome: Outcome, profiles: Mapping[str, Profile]) -> Outcome:
    """The outcome, in which each contact has its profile's segments and SMS consent (ING 8).

    If several profiles have an identity of the contact, the one with the smallest id counts.
    """
    if not profiles:
        return outcome
    return replace(outcome, said=tuple(with_profile(body, profiles) for body in outcome.said))


def with_profile(body: Emitted, profiles: Mapping[str, Profile]) -> Emitted:
    """The body, in which the contact has its profile, if there is one (see `with_profiles`)."""
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
