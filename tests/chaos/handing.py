"""What the AI agent hands over in a run: drawn from a seed, with the ledger of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal

from shared.contracts.base import Contact, Identity
from shared.contracts.handoffs import HandoffRequested, TranscriptLine
from tests.chaos.payloads import METHODS, Shop

Method = Literal["helpdesk", "zendesk", "message"]


@dataclass(frozen=True, slots=True)
class Handing:
    """A hand-off that is asked for `at` seconds after the start, and `again` at these, too."""

    at: float
    shop: Shop
    unique: str
    again: tuple[float, ...]

    @property
    def method(self) -> Method:
        return METHODS[self.shop.number % len(METHODS)]

    def request(self, start: datetime) -> HandoffRequested:
        """The request, the same at every delivery."""
        visitor = Identity(type="visitor", value=f"{self.shop.widget}:{self.unique}")
        return HandoffRequested(
            account_id=self.shop.account_id,
            id=self.unique,
            occurred_at=start,
            correlation_id=self.unique,
            channel="webchat",
            address=self.shop.widget,
            contact=Contact(id=visitor.key, identities=(visitor,)),
            conversation_id=f"robot-{self.unique}",
            reason="asked_for_person",
            confirmed=True,
            email=f"{self.unique}@visitors.example",
            transcript=(TranscriptLine(at=start, who="visitor", text="A person, please"),),
        )


def hand_offs(seed: int, shops: Sequence[Shop], *, count: int, seconds: float) -> list[Handing]:
    """Draw `count` requests; a third of them are asked for once more."""
    draw = Random(f"hand-offs {seed}")
    found = []
    for number in range(count):
        at = draw.uniform(0, seconds)
        again = (at + draw.expovariate(1 / 8),) if draw.random() < 1 / 3 else ()
        found.append(Handing(at, draw.choice(shops), f"handoff-{number}-{seed}", again))
    return found
