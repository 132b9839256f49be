"""How phrases are written down, and what is known of links.

Phrases are regular expressions, one after another, separated by semicolons; line breaks are spaces.
Whoever adds one: already folded (see `rules.text`: no capitals, no accents), whole words, no
repetition within a repetition, and for spam nothing that a customer may say of an order.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrases:
    """Several ways to say one thing, `about` which a reason tells.

    Weights are logits; a second, different way adds `again` to the `weight`.
    """

    code: str
    about: str
    weight: float
    again: float
    ways: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """Any of the ways, as whole words of a folded text."""
        ways = (" ".join(way.split()) for way in self.ways.split(";"))
        return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)")


SHORTENERS: Final = frozenset(
    {
        "bit.ly",
        "tinyurl.com",
        "goo.gl",
        "is.gd",
        "cutt.ly",
        "rb.gy",
        "ow.ly",
        "shorturl.at",
        "t.ly",
        "tiny.cc",
        "s.id",
        "rebrand.ly",
        "v.gd",
        "bl.ink",
        "shorte.st",
        "adf.ly",
        "u.to",
    }
)
INVITES: Final = frozenset(
    {
        "t.me",
        "wa.me",
        "chat.whatsapp.com",
        "api.whatsapp.com",
        "discord.gg",
        "telegram.me",
    }
)
RISKY_ENDINGS: Final = frozenset(
    {
        "xyz",
        "top",
        "icu",
        "click",
        "buzz",
        "loan",
        "win",
        "bid",
        "vip",
        "cyou",
        "sbs",
        "monster",
        "rest",
        "tk",
    }
)
