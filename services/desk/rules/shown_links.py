"""What a line of a thread shows of short links, and of what was said before a hand-over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link of a reply that went out as a short one, and how often people followed it."""

    url: str
    short: str
    times: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture or file of a transcript, by its address elsewhere."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class ShownSaid:
    """What was said before a hand-over."""

    at: datetime
    who: Literal["visitor", "ai", "person"]
    text: str
    pictures: tuple[ShownPicture, ...] = ()
