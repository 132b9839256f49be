"""The ledger of what was sent: every record of a customer, every command, every marketing SMS."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.clock import EPOCH
from shared.contracts.base import Channel


@dataclass(frozen=True, slots=True)
class Said:
    """One record of a customer, however often it was delivered, from `sent_at` on.

    `marker` stands in the text of a message and in the provider's id; no other record has it.
    Those of a `scattered` conversation came over different partitions: no order is known.
    """

    marker: str
    kind: Literal["message", "keyword", "broken"]
    account_id: str
    channel: Channel
    conversation: str
    received_at: datetime
    deliveries: int = 1
    scattered: bool = False
    sent_at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of an agent; `seen_assignee` is whom a claim names."""

    id: str
    account_id: str
    ticket_id: str
    kind: str
    seen_assignee: str | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """One conversation that the AI agent hands over, however often it was asked for."""

    id: str
    account_id: str
    method: Literal["helpdesk", "zendesk", "message"]


@dataclass(frozen=True, slots=True)
class Credited:
    """What a conversation's first SMS is to be credited to, and nothing after it."""

    conversation: str
    send_id: str
