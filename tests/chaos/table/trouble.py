"""What one fault is: how it comes and goes, which alert has to tell, and what has to hold."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.chaos.history import History
from tests.chaos.ledger import Said
from tests.chaos.table import traffic
from tests.chaos.table.site import Site
from tests.chaos.traffic import Plan


@dataclass(frozen=True)
class Seen:
    """What is to be seen of one fault, when all is at rest again.

    `took` has, for each message, how many seconds after its sending its event was published.
    """

    said: Sequence[Said]
    history: History
    took: dict[str, float]


@dataclass(frozen=True)
class Check:
    """What holds, as a sentence; `wrong` says what does not, None for nothing."""

    sentence: str
    wrong: Callable[[Seen], str | None]


Act = Callable[[Site], Awaitable[None]]


def _possible(_site: Site) -> str | None:
    return None


@dataclass(frozen=True)
class Trouble:
    """A fault, `lasts` seconds from `inject` to `mend`; afterwards its cause is over.

    `alert` has to fire and to end again, None: none is expected. `checks` hold beside the judge's
    account. `lacking` says why it cannot be injected here. `traffic` makes other customers,
    who write for `writing` seconds, not `lasts`.
    """

    name: str
    about: str
    inject: Act
    mend: Act
    lasts: float
    alert: str | None = None
    checks: Sequence[Check] = ()
    lacking: Callable[[Site], str | None] = _possible
    traffic: Callable[[Plan], Plan] = traffic.readable
    messages: int = 150
    writing: float | None = None
