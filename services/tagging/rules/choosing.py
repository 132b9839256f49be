"""Which tags fit a message surely enough to be given (TAG 1)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.contracts.accounts import TAGS, TagSettings
from shared.contracts.base import Author
from shared.contracts.commands import TagTicket
from shared.contracts.tickets import TicketFact
from shared.learning.explaining import heaviest_words
from shared.learning.features import Indices
from shared.learning.model import Delta, Model, contributions, logits
from shared.values.ids import computed_id

AUTHOR: Final = Author(kind="system", id="tagging")

SURE: Final = 1.4
"""The logit from which on one of the nine tags is given to a text of twenty grams: very short."""

LESS_WITH_EACH_DOUBLING: Final = 0.8
"""... and how much less is enough for one of twice as many: few words may mean many things.

So nine of ten tags fit, in seeds that the model was not made of, whether these are short or long.
"""

_FEW_GRAMS: Final = 20

SURE_OF_OWN: Final = 0.0
"""From this logit on a tag of the account's own is given; see `own_tags.FAR_ENOUGH`."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A tag that fits, and how surely: its logit, from its cut on.

    `words` are those that say so; "" where it is letters and marks alone.
    """

    tag: str
    logit: float
    words: str = ""


def chosen(
    model: Model, deltas: Sequence[Delta], settings: TagSettings, indices: Indices, text: str = ""
) -> list[Fit]:
    """The tags that the account uses and that surely fit, the surest first.

    `deltas` are what the account's settings and its agents' lessons change of the model.
    """
    above = logits_above(model, deltas, settings, indices)
    found = [
        Fit(tag, logit, _words(model, deltas, tag, indices, text))
        for tag, logit in above.items()
        if logit > 0
    ]
    return sorted(found, key=lambda fit: (-fit.logit, fit.tag))


def logits_above(
    model: Model, deltas: Sequence[Delta], settings: TagSettings, indices: Indices
) -> dict[str, float]:
    """For each tag that the account uses, how far its logit is above the tag's cut."""
    if not settings.enabled:
        return {}
    sure = sure_from(len(indices))
    cuts: dict[str, float] = {tag: sure for tag in TAGS if tag not in settings.off}
    cuts |= {tag.name: SURE_OF_OWN for tag in settings.own}
    told = logits(model, deltas, indices)
    return {tag: told[tag] - cut for tag, cut in cuts.items() if tag in told}


def sure_from(grams: int) -> float:
    """From which logit on a tag is given to a text of so many grams."""
    return SURE - LESS_WITH_EACH_DOUBLING * math.log2(max(grams, _FEW_GRAMS) / _FEW_GRAMS)


def _words(model: Model, deltas: Sequence[Delta], tag: str, indices: Indices, text: str) -> str:
    return heaviest_words(text, indices, contributions(model, deltas, tag, indices)) if text else ""


def tagged(event: TicketFact, found: Sequence[Fit]) -> TagTicket:
    """The command that gives the ticket the tags because of the event, whose id decides its own."""
    reasons = [f"{fit.tag}: {fit.words}" if fit.words else fit.tag for fit in found]
    return TagTicket(
        account_id=event.account_id,
        id=computed_id("tags", event.account_id, event.id),
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        ticket_id=event.ticket_id,
        author=AUTHOR,
        tags=tuple(fit.tag for fit in found),
        reason="; ".join(reasons),
    )
