"""The registry of topics: what each carries, its key, its producers and its consumers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import Command, PublishSnapshots, TicketCommand
from shared.contracts.erasures import ContactErased, EraseContact, Erasure
from shared.contracts.learning import LearnedWeights, Lesson
from shared.contracts.marketing import MessageAttributed, SendEvent, SendOutcome
from shared.contracts.messages import Message, OnChannel
from shared.contracts.outbound import OutboundMessage
from shared.contracts.presence import Presence, PresenceEvent
from shared.contracts.profiles import Profile
from shared.contracts.signals import Signal
from shared.contracts.snapshots import Snapshot, SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, TicketEvent, TicketFact
from shared.errors import Poison

M = TypeVar("M")

Service = Literal[
    "ingest", "spam", "ticketing", "assignment", "autoclose", "attribution", "tagging"
]
SERVICES: tuple[Service, ...] = (
    "ingest",
    "spam",
    "ticketing",
    "assignment",
    "autoclose",
    "attribution",
    "tagging",
)
MEBIBYTE = 1024 * 1024
FOR_EVER = timedelta.max


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a tombstone on a compacted topic says: `key` is no more."""

    key: str


class UnknownType(Exception):  # no error: a newer producer's type, to be ignored
    """The record is of a type that this version does not know."""


@dataclass(frozen=True, slots=True)
class Topic(Generic[M]):
    """A Kafka topic.

    `contract` is None where a record may hold anything: handlers then get the `Record` itself.
    `outside_producers` and `outside_consumers` name who produces or consumes besides our services.
    A topic that is `open_ended` may carry types of a newer version, which are ignored. Where there
    is a contract, `key` begins with the account. A compacted topic keeps all its records for as
    long as `uncompacted_for` at least.
    """

    name: str
    about: str
    contract: TypeAdapter[M] | None
    key: Callable[[M], str]
    key_form: str
    producers: frozenset[Service] = frozenset()
    consumers: frozenset[Service] = frozenset()
    outside_producers: str = ""
    outside_consumers: str = ""
    partitions: int = 12
    retention: timedelta = timedelta(days=14)
    compacted: bool = False
    uncompacted_for: timedelta = timedelta(0)
    open_ended: bool = False
    max_bytes: int = 4 * MEBIBYTE

    def parse(self, record: Record) -> M | Deleted | Record:
        """What the record says.

        Raises Poison, with a readable reason, for a record that can never be understood, and
        UnknownType for a type on an open-ended topic that a newer version may have sent.
        """
        if self.contract is None:
            return record
        if record.value is None:
            if self.compacted and record.key:
                return Deleted(record.key.decode(errors="replace"))
            raise Poison("empty", "a record without a value says nothing on this topic")
        try:
            return self.contract.validate_json(record.value)
        except ValidationError as error:
            if self.open_ended and _is_unknown_type(error):
                raise UnknownType from None
            raise Poison("malformed", _in_words(error)) from None

    def record(self, body: M, headers: Sequence[tuple[str, bytes]] = ()) -> Outgoing:
        """The record that says `body` on this topic, its correlation id in a header too."""
        correlation_id = getattr(body, "correlation_id", None)
        if correlation_id is not None:
            headers = (*headers, ("correlation-id", correlation_id.encode()))
        return Outgoing(
            topic=self.name,
            key=self.key(body).encode(),
            value=body.model_dump_json(exclude_none=True, by_alias=True).encode(),  # type: ignore[attr-defined]
            headers=tuple(headers),
        )


def _is_unknown_type(error: ValidationError) -> bool:
    first = error.errors(include_url=False, include_context=False, include_input=True)[0]
    if first["type"] == "union_tag_invalid" and not first["loc"]:
        return isinstance(first["input"].get("type"), str)
    # A topic of a single type has no union: its `type` is a plain literal.
    return (
        first["type"] == "literal_error"
        and first["loc"] == ("type",)
        and isinstance(first["input"], str)
    )


def _in_words(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(step) for step in problem['loc']) or 'value'}: {_wordless(problem)}"
        for problem in problems[:3]
    ]
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return "; ".join(lines) + more


def _wordless(problem: Any) -> str:  # noqa: ANN401  # pydantic's details
    """What is wrong; its own words would show what a type was said to be, and that is anything."""
    if problem["type"] == "union_tag_invalid":
        return "its type is none that is known here"
    return str(problem["msg"])


def _party_key(body: OnChannel | Signal) -> str:
    return f"{body.account_id}:{body.channel}:{body.party}"


def _ticket_key(body: TicketFact | CommandRejected | Command | OutboundMessage) -> str:
    return f"{body.account_id}:{body.ticket_id}"


def _command_key(body: Command | PublishSnapshots) -> str:
    return f"{body.account_id}:" if isinstance(body, PublishSnapshots) else _ticket_key(body)


def _snapshot_key(body: TicketSnapshot | SnapshotsPublished) -> str:
    return f"{body.account_id}:{getattr(body, 'ticket_id', '')}"


def _phone_key(body: SendOutcome | MessageAttributed) -> str:
    return f"{body.account_id}:{body.phone}"


def _presence_key(body: Presence) -> str:
    return f"{body.account_id}:{body.agent_id}"


def _profile_key(body: Profile) -> str:
    return f"{body.account_id}:{body.profile_id}"


def _account_key(body: AccountSettings) -> str:
    return body.account_id


def _subject_key(body: Lesson | LearnedWeights) -> str:
    return f"{body.account_id}:{body.subject}"


def _erasure_key(body: EraseContact | ContactErased) -> str:
    return f"{body.account_id}:{body.correlation_id}"


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
    contract=TypeAdapter(Message),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"ingest"}),
    consumers=frozenset({"spam"}),
)
SCREENED: Topic[Any] = Topic(
    name="helpdesk.messages.screened",
    about="the same, with the verdict of screening",
    contract=TypeAdapter(Message),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"spam"}),
    consumers=frozenset({"ticketing"}),
)
SIGNALS: Topic[Any] = Topic(
    name="helpdesk.signals",
    about="keywords, typing, receipts, bounces: what is no message",
    contract=TypeAdapter(Signal),
    key=_party_key,
    key_form="account:channel:contact (web chat: conversation)",
    producers=frozenset({"ingest"}),
    consumers=frozenset({"ticketing", "autoclose"}),
    outside_consumers="integrations",
    open_ended=True,
)
TICKETS: Topic[Any] = Topic(
    name="helpdesk.tickets",
    about="every change of every ticket, numbered without a gap",
    contract=TypeAdapter(TicketEvent),
    key=_ticket_key,
    key_form="account:ticket",
    producers=frozenset({"ticketing"}),
    consumers=frozenset({"spam", "assignment", "autoclose", "attribution", "tagging"}),
    outside_consumers="agents' apps, integrations",
    retention=timedelta(days=90),
    open_ended=True,
)
COMMANDS: Topic[Any] = Topic(
    name="helpdesk.commands",
    about="what agents, integrations and services ask of tickets",
    contract=TypeAdapter(TicketCommand),
    key=_command_key,
    key_form="account:ticket",
    producers=frozenset({"assignment", "autoclose", "tagging"}),
    consumers=frozenset({"ticketing"}),
    outside_producers="agents' apps, channel gateways, integrations",
)
SNAPSHOTS: Topic[Any] = Topic(
    name="helpdesk.snapshots",
    about="tickets as they are stored, on request, for those who start late",
    contract=TypeAdapter(Snapshot),
    key=_snapshot_key,
    key_form="account:ticket",
    producers=frozenset({"ticketing"}),
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
    producers=frozenset({"ticketing"}),
    outside_consumers="channel gateways",
)
SENDS: Topic[Any] = Topic(
    name="helpdesk.sends",
    about="marketing SMS delivered or failed",
    contract=TypeAdapter(SendEvent),
    key=_phone_key,
    key_form="account:phone",
    consumers=frozenset({"attribution"}),
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
    consumers=frozenset({"ingest"}),
    outside_producers="profiles",
    compacted=True,
    retention=FOR_EVER,
)
ACCOUNTS: Topic[Any] = Topic(
    name="helpdesk.accounts",
    about="accounts' settings, agents, teams, rules",
    contract=TypeAdapter(AccountSettings),
    key=_account_key,
    key_form="account",
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
    contract=TypeAdapter(PresenceEvent),
    key=_presence_key,
    key_form="account:agent",
    consumers=frozenset({"assignment"}),
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

KEEPERS: frozenset[Service] = frozenset({"ingest", "spam", "ticketing", "attribution"})
"""The services that keep things by contact; the others keep them by ticket, and learn by event."""

ERASURES: Topic[Any] = Topic(
    name="helpdesk.erasures",
    about="contacts to be erased, and what each service did about it",
    contract=TypeAdapter(Erasure),
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
    SIGNALS,
    TICKETS,
    COMMANDS,
    SNAPSHOTS,
    OUTBOUND,
    SENDS,
    ATTRIBUTIONS,
    PROFILES,
    ACCOUNTS,
    PRESENCE,
    LESSONS,
    WEIGHTS,
    ERASURES,
    *DEAD.values(),
)
BY_NAME: dict[str, Topic[Any]] = {topic.name: topic for topic in TOPICS}


def markdown() -> str:
    """The registry as a table, as the README shows it.

    The inbound topics have a row for all of them, and so have the dead letters.
    """
    rows = [
        "| topic | what | key | from | to |",
        "|---|---|---|---|---|",
    ]
    rows.append(
        "| `helpdesk.inbound.<channel>` | messages as the channel's provider delivers them:"
        f" {', '.join(INBOUND)} | any (the sender, best) | channel webhooks | ingest |"
    )
    alike = {topic.name for topic in (*INBOUND.values(), *DEAD.values())}
    for topic in TOPICS:
        if topic.name in alike:
            continue
        producers = [*sorted(topic.producers), *filter(None, [topic.outside_producers])]
        everybody = topic.consumers == frozenset(SERVICES)
        services = ["every service"] if everybody else sorted(topic.consumers)
        consumers = [*services, *filter(None, [topic.outside_consumers])]
        rows.append(
            f"| `{topic.name}` | {topic.about} | {topic.key_form} "
            f"| {', '.join(producers)} | {', '.join(consumers)} |"
        )
    rows.append(
        "| `helpdesk.dead.<service>` | what a service could not take: bytes, headers, position,"
        " reason | as it was | that service | operators |"
    )
    return "\n".join(rows)
