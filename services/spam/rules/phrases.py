"""The engine of hand-written rules: what spam says, what customers say, and how much each weighs.

The weights are logits. No phrase alone reaches the default threshold: it takes several signs, and
what customers say counts against them.
"""

from collections.abc import Sequence
from typing import Final

from services.spam.rules.engine import Opinion
from services.spam.rules.finding import Finder
from services.spam.rules.lexicon import Lexicon, Phrases
from services.spam.rules.text import Features
from shared.contracts.messages import Reason

NAME: Final = "rules-3"
WEIGHT: Final = 0.5
_BEFORE_ANY_SIGN: Final = -4.0
_LONGEST_QUOTE: Final = 60


class Rules:
    """See `engine.Engine`.

    Where it is alone (no model counts), no sign at all speaks for the customer, and it
    takes several signs to hide a message. Beside a model it has an opinion only of what it finds.
    """

    def __init__(self, lexicon: Lexicon, *, alone: bool = True) -> None:
        self._lexicon = lexicon
        self._phrases = (*lexicon.spam, *lexicon.customers)
        self._finder = Finder([phrases.ways for phrases in self._phrases])
        self._alone = alone

    def opinion(self, features: Features) -> Opinion | None:
        """What the phrases and links of the message say together."""
        found = self._finder.found(features.text)
        reasons = [_reason(self._phrases[number], found[number]) for number in sorted(found)]
        reasons += [*_about_links(features.hosts, self._lexicon), *_about_mail(features)]
        if not (reasons or self._alone):
            return None
        before = _BEFORE_ANY_SIGN if self._alone else 0.0
        return Opinion(
            engine=NAME,
            weight=WEIGHT,
            logit=before + sum(reason.weight for reason in reasons),
            reasons=tuple(reasons),
        )


def _reason(phrases: Phrases, said: Sequence[str]) -> Reason:
    wordings = list(dict.fromkeys(said))
    quoted = ", ".join(f"“{wording[:_LONGEST_QUOTE]}”" for wording in wordings[:3])
    weight = phrases.weight + (phrases.again if len(wordings) > 1 else 0)
    return Reason(code=phrases.code, words=f"{phrases.about}: {quoted}", weight=weight)


def _about_links(hosts: tuple[str, ...], lexicon: Lexicon) -> list[Reason]:
    if not hosts:
        return []
    signs = [
        ("link", "it has a link", 1.5, hosts),
        ("short_link", "a link hides where it leads", 2.0, _among(hosts, lexicon.shorteners)),
        ("invite", "it leads to a messenger", 1.5, _among(hosts, lexicon.invites)),
        ("risky_link", "a link ends as few shops' do", 1.5, _ending(hosts, lexicon)),
    ]
    return [
        Reason(code=code, words=f"{about}: {which[0][:_LONGEST_QUOTE]}", weight=weight)
        for code, about, weight, which in signs
        if which
    ]


def _among(hosts: tuple[str, ...], known: frozenset[str]) -> tuple[str, ...]:
    return tuple(host for host in hosts if host in known)


def _ending(hosts: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    return tuple(
        host
        for host in hosts
        if host.rpartition(".")[2] in lexicon.risky_endings or host.replace(".", "").isdigit()
    )


def _about_mail(features: Features) -> list[Reason]:
    reasons = []
    if features.bulk:
        reasons.append(Reason(code="bulk", words="it was mailed to many", weight=1.0))
    if features.unauthenticated:
        words = "its sender's domain does not vouch for it"
        reasons.append(Reason(code="unauthenticated", words=words, weight=1.0))
    return reasons
