"""What customers say in a run: drawn from a seed, with the ledger of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from shared.bus.delivery import Outgoing
from shared.contracts.base import CHANNELS, Identity
from shared.contracts.marketing import SendDelivered
from shared.contracts.presence import AgentWentOnline
from shared.contracts.profiles import Profile
from shared.topics import ACCOUNTS, PRESENCE, PROFILES, SENDS
from tests.chaos.ledger import Credited, Said
from tests.chaos.payloads import AGENTS, Customer, Shop, record

SILENCE = timedelta(days=1)
"""After this long the shops' tickets are closed."""

LONG_AGO = SILENCE + timedelta(minutes=2)
"""How long before now the silent customers wrote first."""

_WORDS = (
    "Where is my order?",
    "Can I change the size?",
    "The parcel came, thank you.",
    "Do you ship to Malta?",
    "It does not fit, how do I return it?",
    "Any news?",
)


@dataclass(frozen=True, slots=True)
class Saying:
    """One record that is to be sent `at` seconds after the start; `again` at these, too.

    It had been received `age` before it is sent, or `long_ago`.
    """

    at: float
    customer: Customer
    marker: str
    kind: Literal["message", "keyword", "broken"]
    text: str
    first: str
    scattered: bool = False
    long_ago: bool = False
    age: timedelta = timedelta(0)
    again: tuple[float, ...] = ()

    def said(self, start: datetime, again: int) -> Said:
        """The ledger's line; `again` is how often the broker was given it once more."""
        return Said(
            marker=self.marker,
            kind=self.kind,
            account_id=self.customer.shop.account_id,
            channel=self.customer.channel,
            conversation=self.customer.conversation,
            received_at=self._received(start),
            deliveries=1 + len(self.again) + again,
            scattered=self.scattered,
            sent_at=start + timedelta(seconds=self.at),
        )

    def outgoing(self, start: datetime) -> Outgoing:
        """The provider's record, the same at every delivery."""
        sent = record(
            self.customer,
            self.text,
            unique=self.marker,
            now=self._received(start),
            first=self.first,
        )
        if self.kind == "broken":
            sent = replace(sent, value=b'{"half": "' + self.marker.encode())
        return replace(sent, key=self.marker.encode()) if self.scattered else sent

    def _received(self, start: datetime) -> datetime:
        moment = start + timedelta(seconds=self.at) - self.age
        moment -= LONG_AGO if self.long_ago else timedelta(0)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is going to be said, by the seed alone.

    Where it is not `in_time`, the prompted wrote before they were, and nothing is to be credited.
    """

    shops: Sequence[Shop]
    sayings: Sequence[Saying]
    with_consent: Sequence[Customer]
    prompted: Sequence[Customer]
    in_time: bool = True

    def deliveries(self) -> list[tuple[float, Saying]]:
        """Everything to be sent, in order of time."""
        sent = [(at, saying) for saying in self.sayings for at in (saying.at, *saying.again)]
        return sorted(sent, key=lambda delivery: delivery[0])

    def preparations(self, now: datetime) -> Iterator[Outgoing]:
        """Settings, profiles with consent, and the agents online."""
        for shop in self.shops:
            yield ACCOUNTS.record(shop.settings())
        for customer in self.with_consent:
            profile = Profile(
                account_id=customer.shop.account_id,
                profile_id=f"profile-{customer.number}",
                identities=(Identity(type="e164", value=customer.name),),
                sms_consent="marketing",
                updated_at=now,
            )
            yield PROFILES.record(profile)
        for shop in self.shops:
            for agent in AGENTS:
                unique = f"online-{shop.account_id}-{agent}"
                yield PRESENCE.record(
                    AgentWentOnline(
                        account_id=shop.account_id,
                        id=unique,
                        occurred_at=now,
                        correlation_id=unique,
                        agent_id=agent,
                        said_by=agent,
                    )
                )

    def sends(self, start: datetime) -> list[tuple[Outgoing, Credited | None]]:
        """A campaign and then a flow for each who was prompted: the flow is to be credited."""
        told: list[tuple[Outgoing, Credited | None]] = []
        for customer in self.prompted:
            for source, age in (("campaign", 90), ("flow", 30)):
                delivered, unique = start - timedelta(minutes=age), f"{source}-{customer.number}"
                send = SendDelivered.model_validate(
                    {
                        "account_id": customer.shop.account_id,
                        "id": f"{unique}:delivered",
                        "occurred_at": delivered,
                        "correlation_id": unique,
                        "send_id": unique,
                        "source": source,
                        "source_id": f"spring-{source}",
                        "phone": customer.name,
                        "delivered_at": delivered,
                    }
                )
                credited = self.in_time and source == "flow"
                expected = Credited(customer.conversation, unique) if credited else None
                told.append((SENDS.record(send), expected))
        return told


def plan(
    seed: int, *, messages: int, conversations: int, seconds: float, first_shop: int = 1
) -> Plan:
    """Draw `messages` sayings over all channels; some conversations are much busier than others.

    One conversation in six begins long ago, so that silence closes its ticket during the run, and
    every third of these says no more; one in six of the others is scattered over partitions; one
    saying in twelve is delivered again.
    """
    draw = Random(seed)
    shops = [Shop(first_shop + number) for number in range(3)]
    customers = [
        Customer(draw.choice(shops), CHANNELS[number % len(CHANNELS)], number)
        for number in range(conversations)
    ]
    silent = {c for c in customers if draw.random() < 1 / 6}
    scattered = {c for c in customers if c not in silent and draw.random() < 1 / 6}
    once = [customer for customer in customers if customer in silent and draw.random() < 1 / 3]
    weights = [0.5 if c in silent else draw.choice((1, 1, 2, 5)) for c in customers]
    weights = [0 if c in once else weight for c, weight in zip(customers, weights, strict=True)]
    visits = [
        (draw.uniform(0, seconds), customer)
        for customer in draw.choices(customers, weights, k=messages - len(once))
    ]
    firsts: dict[Customer, float] = {}
    for at, customer in visits:
        firsts[customer] = min(at, firsts.get(customer, at))
    # About when their ticket is closed: some before, some after, some at that very moment.
    visits += [(at + draw.uniform(4, 14), c) for c, at in firsts.items() if c in silent]
    visits += [(draw.uniform(0, seconds / 2), customer) for customer in once]
    begun: dict[Customer, str] = {}
    sayings: list[Saying] = []
    for number, (at, customer) in enumerate(sorted(visits, key=lambda visit: visit[0])):
        marker = f"m{number:05}z{seed}"
        first = begun.setdefault(customer, marker)
        again = tuple(
            min(at + draw.expovariate(1 / 8), seconds + 10) for _ in range(draw.choice((1, 1, 2)))
        )
        again = again if draw.random() < 1 / 12 else ()
        words = draw.choice(_WORDS)
        kind: Literal["message", "keyword", "broken"] = "message"
        if customer.channel in ("sms", "whatsapp") and draw.random() < 1 / 20:
            kind, words = "keyword", "HELP"
        elif customer.channel != "email" and draw.random() < 1 / 150:
            kind = "broken"
        sayings.append(
            Saying(
                at=at,
                customer=customer,
                marker=marker,
                kind=kind,
                text=words if kind == "keyword" else f"{words} {marker}",
                first=first,
                scattered=customer in scattered,
                long_ago=customer in silent and first == marker,
                again=again,
            )
        )
    texters = [c for c in customers if c.channel == "sms"]
    return Plan(
        shops=shops,
        sayings=sayings,
        with_consent=[c for c in texters if c in silent or draw.random() < 3 / 4],
        prompted=[c for c in texters if c not in silent and draw.random() < 1 / 2],
    )
