"""The engine that learns: started from seeds, and taught by the account's own marks (SPM 3)."""

from collections.abc import Callable
from typing import Final

from services.spam.rules.engine import Opinion
from services.spam.rules.text import Features
from shared.contracts.messages import Reason
from shared.learning.explaining import heaviest_words
from shared.learning.features import hashed
from shared.learning.model import Model, contributions
from shared.learning.seeds import SPAM
from shared.learning.teaching import Account

WEIGHT: Final = 1.0
ENOUGH_MARKS: Final = 200
"""From so many marks on, the account's model hides messages though the rules object."""

ENOUGH_OF_BOTH: Final = 50
"""... if it was taught so many messages of either kind: whoever marks spam alone teaches it that
everything is spam."""

_CALIBRATED: Final = 0.8
"""Brings the cut at which hardly a customer is hidden (1.4) to the default threshold, 0.9."""


class Learned:
    """See `engine.Engine`. `account` gives what an account taught."""

    def __init__(self, model: Model, account: Callable[[str], Account]) -> None:
        self._model = model
        self._account = account

    def opinion(self, features: Features) -> Opinion:
        """How much the message reads like spam, and which of its words say so."""
        taught = self._account(features.account_id)
        indices = hashed(features.whole, *sender_grams(features.sender))
        parts = contributions(self._model, [taught.delta], SPAM, indices)
        logit = float(parts.sum()) + _CALIBRATED
        if logit > _CALIBRATED:
            said = heaviest_words(features.whole, indices, parts) or "its letters and links"
            words = f"it reads like spam: {said}"
        else:
            words = "it reads like what customers write"
        return Opinion(
            engine=f"{self._model.version}+{taught.marks}",
            weight=WEIGHT,
            logit=logit,
            reasons=(Reason(code="learned", words=words, weight=round(logit, 2)),),
            needs_consent=taught.marks < ENOUGH_MARKS or taught.rarer < ENOUGH_OF_BOTH,
        )


def sender_grams(contact_id: str) -> tuple[str, ...]:
    """Grams of who wrote: the contact, and a mail address's domain. Only marks give them weight."""
    kind, _, value = contact_id.partition(":")
    domain = value.rpartition("@")[2] if kind == "email" else ""
    return (f"from:{contact_id}", *([f"domain:{domain}"] if domain else []))
