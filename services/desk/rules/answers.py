"""What becomes of commands that are given at the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a command: the event that it led to, or why it was refused."""

    account_id: str
    command_id: str
    ticket_id: str
    event: Mapping[str, Any] | None = None
    code: str | None = None
    reason: str | None = None
