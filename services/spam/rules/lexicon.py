"""How phrases are written down, and what is known of links.

Phrases are regular expressions, separated by semicolons; a line break in one is a space. A phrase
that is added must be folded already (see `rules.text`: no capitals, no accents), must be made of
whole words, and must not have a repetition within a repetition. A spam phrase must be nothing that
a customer may say of an order.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phrases:
    """Several ways to say one thing; `about` says in a verdict's reason which thing.

    Weights are logits. A message that says it has `weight`; one that says it in two or more
    different wordings ("bitcoin" and "bitcoins", say) has `again` added, once.
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
