"""The engine that asks rspamd about mails, over HTTP. It speaks to no other server.

What is asked about is a mail made anew of what is known (see `rules.letter`), not the mail itself:
so rspamd is told to leave out whatever looks at how a mail came.
"""

import asyncio
import importlib
import json
import math
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from services.spam.advice import PATIENCE, Told, untold
from services.spam.rules.circuit import Circuit
from services.spam.rules.engine import Opinion
from services.spam.rules.letter import Letter, written
from services.spam.rules.text import Features
from shared.contracts.messages import Reason
from shared.errors import HelpdeskError

if TYPE_CHECKING:
    import aiohttp

NAME: Final = "rspamd"
WEIGHT: Final = 0.5
"""As the rules': it sees a mail without most of its headers, and knows few languages."""

STRONGEST: Final = 4.0
TIMEOUT: Final = timedelta(milliseconds=300)
"""For one mail, from the question to the end of the answer."""

AT_ONCE: Final = 8
LONGEST_ANSWER: Final = 256 * 1024
ENOUGH: Final = 0.2
"""The share of the score required from which on it has an opinion, for spam or against."""

_STRENGTH = 8.0
_log = structlog.get_logger()
_MOST_SIGNS = 3
_LONGEST_SIGN = 40
_MISSING = "HELPDESK_SPAM_ENGINES asks for rspamd: pip install 'helpdesk-pipeline[rspamd]'"
_SETTINGS: Final = json.dumps(
    {"groups_disabled": ["hfilter", "spf", "dkim", "dmarc", "arc", "mid"]}
)


class Rspamd:
    """See `advice.OptionalEngine`. `clock` is any steady one, in seconds.

    `password` is asked for with each question: it may change meanwhile.
    """

    name = NAME

    def __init__(
        self,
        url: str,
        password: Callable[[], str | None] = lambda: None,
        told: Told = untold,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{url.rstrip('/')}/checkv2"
        self._password = password
        self._told = told
        self._clock = clock
        self._circuit = Circuit()
        self._logged = False
        self._free = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the client; rspamd need not be there yet. Raises HelpdeskError without aiohttp."""
        try:
            client = importlib.import_module("aiohttp")
        except ImportError as error:
            raise HelpdeskError(_MISSING) from error
        self._session = client.ClientSession(
            connector=client.TCPConnector(limit=AT_ONCE),
            cookie_jar=client.DummyCookieJar(),
            timeout=client.ClientTimeout(total=TIMEOUT.total_seconds()),
            headers={"Settings": _SETTINGS},
        )

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()

    async def opinions(self, asked: Sequence[Features]) -> Sequence[Opinion | None]:
        """See `Adviser`. Of what is no mail, or not answered in time, it has no opinion."""
        if self._session is None:
            raise HelpdeskError("the client of rspamd is not open")
        asking = {
            place: asyncio.ensure_future(self._ask(self._session, features.letter))
            for place, features in enumerate(asked)
            if features.letter is not None
        }
        if not asking:
            return [None] * len(asked)
        try:
            _, late = await asyncio.wait(asking.values(), timeout=PATIENCE.total_seconds())
        finally:
            for question in asking.values():
                question.cancel()
        if late:
            self._told(NAME, "timeout", len(late))
        found = {place: each.result() for place, each in asking.items() if each not in late}
        return [found.get(place) for place in range(len(asked))]

    async def _ask(self, session: "aiohttp.ClientSession", letter: Letter) -> Opinion | None:
        async with self._free:
            if not self._circuit.lets_pass(self._clock()):
                self._told(NAME, "skipped", 1)
                return None
            try:
                opinion = opinion_of(await self._answer(session, written(letter)))
            # What aiohttp raises is an OSError, a ValueError or a timeout, but for one base of all.
            except Exception as error:  # noqa: BLE001  # no mail is worth another's opinion
                self._failed(error)
                return None
            self._circuit.answered()
            self._told(NAME, "ok", 1)
            return opinion

    def _failed(self, error: Exception) -> None:
        self._circuit.failed(self._clock())
        self._told(NAME, "timeout" if isinstance(error, TimeoutError) else "error", 1)
        if not self._logged:
            self._logged = True
            _log.error("rspamd does not answer as it should", why=repr(error)[:500])

    async def _answer(self, session: "aiohttp.ClientSession", mail: bytes) -> bytes:
        """What rspamd answers. Raises ValueError for any status but 200, and for long answers."""
        password = self._password()
        headers = {"Password": password} if password else {}
        async with session.post(
            self._url, data=mail, headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise ValueError(f"rspamd answers {response.status}")
            answer = b""
            async for part in response.content.iter_chunked(LONGEST_ANSWER):
                answer += part
                if len(answer) > LONGEST_ANSWER:
                    raise ValueError("rspamd answers too much")
            return answer


def opinion_of(answer: bytes) -> Opinion | None:
    """What an answer says: how near the score is to what is required, whichever that is.

    None if rspamd skipped the mail or found too little. Raises ValueError if it is no answer.
    """
    said = json.loads(answer)
    if not isinstance(said, dict):
        raise ValueError("no object")  # noqa: TRY004  # of an answer, a type is a value
    if said.get("is_skipped") is True:
        return None
    score, required = _number(said, "score"), _number(said, "required_score")
    if required <= 0:
        raise ValueError("nothing is required")
    share = score / required
    if abs(share) < ENOUGH:
        return None
    logit = max(-STRONGEST, min(STRONGEST, _STRENGTH * share))
    signs = ", ".join(_signs(said.get("symbols"), score > 0))
    words = f"rspamd gives it {score:.1f} of {required:.1f}{signs and f': {signs}'}"
    reason = Reason(code=NAME, words=words, weight=round(logit, 2))
    return Opinion(engine=NAME, weight=WEIGHT, logit=logit, reasons=(reason,))


def _number(said: dict[str, Any], name: str) -> float:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is no number")
    return float(value)


def _signs(symbols: object, spam: bool) -> list[str]:  # noqa: FBT001  # for spam, or against it
    """The symbols that weigh most on the side of the score."""
    if not isinstance(symbols, dict):
        return []
    weights: dict[str, float] = {}
    for name, symbol in symbols.items():
        weight = symbol.get("score") if isinstance(symbol, dict) else None
        if isinstance(weight, int | float) and weight != 0 and (weight > 0) is spam:
            weights[name[:_LONGEST_SIGN]] = abs(weight)
    return sorted(weights, key=lambda name: (-weights[name], name))[:_MOST_SIGNS]
