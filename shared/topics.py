"""The registry of topics: what each carries, its key, its producers and its consumers."""

from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from shared.bus.delivery import Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.clicks import LinkFollowed
from shared.contracts.commands import Command, HandOver, PublishSnapshots, TicketCommand
from shared.contracts.erasures import ContactErased, EraseContact, Erasure
from shared.contracts.files import FilePart
from shared.contracts.handoffs import (
    ConversationResolved,
    Handoff,
    HandoffMessage,
    HandoffRequested,
)
from shared.contracts.learning import LearnedWeights, Lesson
from shared.contracts.marketing import MessageAttributed, SendEvent, SendOutcome
from shared.contracts.messages import Message, OnChannel
from shared.contracts.outbound import OutboundMessage
from shared.contracts.presence import Presence, PresenceEvent
from shared.contracts.profiles import Profile, ProfileEvent
from shared.contracts.signals import Signal
from shared.contracts.snapshots import Snapshot, SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, TicketEvent, TicketFact
from shared.dating import Allowance
from shared.topic import FOR_EVER, MEBIBYTE, SERVICES, Service, Topic, either_of


def _party_key(body: OnChannel | Signal) -> str:
    return f"{body.account_id}:{body.channel}:{body.party}"


def _ticket_key(
    body: TicketFact | CommandRejected | Command | OutboundMessage | LinkFollowed,
) -> str:
    return f"{body.account_id}:{body.ticket_id}"


def _command_key(body: Command | HandOver | PublishSnapshots) -> str:
    if isinstance(body, HandOver):
        return f"{body.account_id}:{body.ticket_id or body.party}"
    return f"{body.account_id}:" if isinstance(body, PublishSnapshots) else _ticket_key(body)


def _handoff_key(body: Handoff | HandoffRequested | ConversationResolved) -> str:
    of = body.handoff_id if isinstance(body, Handoff) else body.id
    return f"{body.account_id}:{of}"


def _snapshot_key(body: TicketSnapshot | SnapshotsPublished) -> str:
    return f"{body.account_id}:{getattr(body, 'ticket_id', '')}"


def _phone_key(body: SendOutcome | MessageAttributed) -> str:
    return f"{body.account_id}:{body.phone}"


def _presence_key(body: Presence) -> str:
    return f"{body.account_id}:{body.agent_id}"


def _profile_key(body: Profile | ProfileEvent) -> str:
    return f"{body.account_id}:{body.profile_id}"


def _account_key(body: AccountSettings) -> str:
    return body.account_id


def _subject_key(body: Lesson | LearnedWeights) -> str:
    return f"{body.account_id}:{body.subject}"


def _erasure_key(body: EraseContact | ContactErased) -> str:
    return f"{body.account_id}:{body.correlation_id}"


def _file_key(body: FilePart) -> str:
    return f"{body.account_id}:{body.file_id}"


def _raw_key(body: Record) -> str:
    return (body.key or b"").decode(errors="replace")


def _inbound(channel: Channel) -> Topic[Record]:
    return Topic(
        name=f"helpdesk.inbound.{channel}",
        about=f"{channel} messages, as their provider delivers them",
        contract=None,
        key=_raw_key,
        key_form="any (the sender, best)",
        outside_producers="channel webhooks",
        consumers=frozenset({"ingest"}),
        max_bytes=2 * MEBIBYTE,
    )


INBOUND: dict[Channel, Topic[Record]] = {channel: _inbound(channel) for channel in CHANNELS}

MESSAGES: Topic[Any] = Topic(
    name="helpdesk.messages",
    about="normalised inbound messages, edits and deletions",
    contract=either_of(Message),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"ingest"}),
    consumers=frozenset({"spam"}),
)
SCREENED: Topic[Any] = Topic(
    name="helpdesk.messages.screened",
    about="the same, with the verdict of screening",
    contract=either_of(Message),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"spam"}),
    consumers=frozenset({"ticketing", "desk"}),
)
FILES: Topic[FilePart] = Topic(
    name="helpdesk.files",
    about="files that came inside inbound records, in parts",
    contract=TypeAdapter(FilePart),
    key=_file_key,
    key_form="account:file",
    producers=frozenset({"ingest"}),
    consumers=frozenset({"desk"}),
    outside_consumers="integrations",
    retention=timedelta(days=7),
    open_ended=True,
    max_bytes=2 * MEBIBYTE,
)
SIGNALS: Topic[Any] = Topic(
    name="helpdesk.signals",
    about="keywords, typing, receipts, bounces: what is no message",
    contract=TypeAdapter(Signal),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"ingest"}),
    consumers=frozenset({"ticketing", "autoclose", "desk", "replies"}),
    outside_consumers="integrations",
    open_ended=True,
)
TICKETS: Topic[Any] = Topic(
    name="helpdesk.tickets",
    about="every change of every ticket, numbered without a gap",
    contract=either_of(TicketEvent),
    key=_ticket_key,
    key_form="account:ticket",
    producers=frozenset({"ticketing"}),
    consumers=frozenset(
        {
            "spam",
            "assignment",
            "autoclose",
            "attribution",
            "tagging",
            "desk",
            "replies",
            "handoff",
        }
    ),
    outside_consumers="agents' apps, integrations",
    retention=timedelta(days=90),
    open_ended=True,
)
COMMANDS: Topic[Any] = Topic(
    name="helpdesk.commands",
    about="what agents, integrations and services ask of tickets",
    contract=either_of(TicketCommand),
    key=_command_key,
    key_form="account:ticket",
    producers=frozenset({"assignment", "autoclose", "tagging", "desk", "replies", "handoff"}),
    consumers=frozenset({"ticketing"}),
    outside_producers="agents' apps, channel gateways, integrations",
    allowance=Allowance(before=timedelta(minutes=10), after=timedelta(minutes=1)),
)
SNAPSHOTS: Topic[Any] = Topic(
    name="helpdesk.snapshots",
    about="tickets as they are stored, on request, for those who start late",
    contract=either_of(Snapshot),
    key=_snapshot_key,
    key_form="account:ticket",
    producers=frozenset({"ticketing"}),
    consumers=frozenset({"desk"}),
    outside_consumers="integrations",
    retention=timedelta(days=7),
    open_ended=True,
)
OUTBOUND: Topic[OutboundMessage] = Topic(
    name="helpdesk.outbound",
    about="replies to be delivered",
    contract=TypeAdapter(OutboundMessage),
    key=_ticket_key,
    key_form="account:ticket",
    producers=frozenset({"ticketing", "replies"}),
    outside_consumers="channel gateways",
)
SENDS: Topic[Any] = Topic(
    name="helpdesk.sends",
    about="marketing SMS delivered or failed",
    contract=either_of(SendEvent),
    key=_phone_key,
    key_form="account:phone",
    consumers=frozenset({"attribution", "desk"}),
    outside_producers="marketing",
)
ATTRIBUTIONS: Topic[MessageAttributed] = Topic(
    name="helpdesk.attributions",
    about="which send an SMS answered",
    contract=TypeAdapter(MessageAttributed),
    key=_phone_key,
    key_form="account:phone",
    producers=frozenset({"attribution"}),
    consumers=frozenset({"ticketing"}),
    outside_consumers="marketing",
    retention=timedelta(days=90),
)
PROFILES: Topic[Any] = Topic(
    name="helpdesk.profiles",
    about="profiles: identities, segments, consent",
    contract=TypeAdapter(Profile),
    key=_profile_key,
    key_form="account:profile",
    consumers=frozenset({"ingest", "desk"}),
    outside_producers="profiles",
    compacted=True,
    retention=FOR_EVER,
)
PROFILE_EVENTS: Topic[ProfileEvent] = Topic(
    name="helpdesk.profiles.events",
    about="what profiles do elsewhere: orders, visits",
    contract=TypeAdapter(ProfileEvent),
    key=_profile_key,
    key_form="account:profile",
    consumers=frozenset({"desk"}),
    outside_producers="profiles",
    open_ended=True,
)
ACCOUNTS: Topic[Any] = Topic(
    name="helpdesk.accounts",
    about="accounts' settings, agents, teams, rules",
    contract=TypeAdapter(AccountSettings),
    key=_account_key,
    key_form="account",
    producers=frozenset({"desk"}),
    consumers=frozenset(SERVICES),
    outside_producers="operators",
    compacted=True,
    # Time to mend what an operator's command left that was killed after a lost race.
    uncompacted_for=timedelta(days=1),
    retention=FOR_EVER,
    # One order of records for everybody: of two changes at once, all say which came first.
    partitions=1,
)
PRESENCE: Topic[Any] = Topic(
    name="helpdesk.presence",
    about="agents online, offline, connected",
    contract=either_of(PresenceEvent),
    key=_presence_key,
    key_form="account:agent",
    producers=frozenset({"desk"}),
    consumers=frozenset({"assignment", "desk", "handoff"}),
    outside_producers="agents' apps",
    retention=timedelta(days=1),
)

LESSONS: Topic[Any] = Topic(
    name="helpdesk.lessons",
    about="what agents' marks teach, as hashes without words",
    contract=TypeAdapter(Lesson),
    key=_subject_key,
    key_form="account:subject",
    producers=frozenset({"spam", "tagging"}),
    consumers=frozenset({"spam", "tagging"}),
)
WEIGHTS: Topic[Any] = Topic(
    name="helpdesk.weights",
    about="what each account's lessons change of the models",
    contract=TypeAdapter(LearnedWeights),
    key=_subject_key,
    key_form="account:subject",
    producers=frozenset({"spam", "tagging"}),
    consumers=frozenset({"spam", "tagging"}),
    compacted=True,
    retention=FOR_EVER,
)

HANDOFFS: Topic[Any] = Topic(
    name="helpdesk.handoffs",
    about="conversations that the AI agent hands over, and what became of each",
    contract=either_of(HandoffMessage),
    key=_handoff_key,
    key_form="account:handoff",
    producers=frozenset({"handoff"}),
    consumers=frozenset({"handoff", "replies"}),
    outside_producers="the AI agent, web chat",
    outside_consumers="the AI agent, web chat",
    retention=timedelta(days=90),
    open_ended=True,
)
CLICKS: Topic[LinkFollowed] = Topic(
    name="helpdesk.clicks",
    about="short links of replies that were followed",
    contract=TypeAdapter(LinkFollowed),
    key=_ticket_key,
    key_form="account:ticket",
    producers=frozenset({"desk"}),
    consumers=frozenset({"desk"}),
    outside_consumers="marketing",
    retention=timedelta(days=90),
    open_ended=True,
)

KEEPERS: frozenset[Service] = frozenset(
    {"ingest", "spam", "ticketing", "attribution", "desk", "replies", "handoff"}
)
"""The services that keep things by contact; the others keep them by ticket, and learn by event."""

ERASURES: Topic[Any] = Topic(
    name="helpdesk.erasures",
    about="contacts to be erased, and what each service did about it",
    contract=either_of(Erasure),
    key=_erasure_key,
    key_form="account:erasure",
    producers=KEEPERS,
    consumers=KEEPERS,
    outside_producers="operators",
    outside_consumers="operators",
)


def _dead(service: Service) -> Topic[Record]:
    return Topic(
        name=f"helpdesk.dead.{service}",
        about=f"what {service} could not take: bytes, headers, position, reason",
        contract=None,
        key=_raw_key,
        key_form="as it was",
        producers=frozenset({service}),
        outside_consumers="operators",
        retention=timedelta(days=90),
        # Whatever fits on another topic fits here, its reasons beside it.
        max_bytes=6 * MEBIBYTE,
    )


DEAD: dict[Service, Topic[Record]] = {service: _dead(service) for service in SERVICES}

TOPICS: tuple[Topic[Any], ...] = (
    *INBOUND.values(),
    MESSAGES,
    SCREENED,
    FILES,
    SIGNALS,
    TICKETS,
    COMMANDS,
    SNAPSHOTS,
    OUTBOUND,
    SENDS,
    ATTRIBUTIONS,
    PROFILES,
    PROFILE_EVENTS,
    ACCOUNTS,
    PRESENCE,
    LESSONS,
    WEIGHTS,
    HANDOFFS,
    CLICKS,
    ERASURES,
    *DEAD.values(),
)
BY_NAME: dict[str, Topic[Any]] = {topic.name: topic for topic in TOPICS}
