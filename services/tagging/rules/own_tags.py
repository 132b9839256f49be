"""An account's own tags, made of the examples that it gave (TAG 1).

Ten messages are too few to learn from step by step. So a tag's weights are the difference between
what its examples have in common and what customers write to any shop (messages of the seeds), rare
grams counting more. How far a text speaks for the tag is told in standard deviations of what those
other messages say of it: few of a thousand of them lie beyond `FAR_ENOUGH`. Where the examples
themselves, each told by the others, lie much further out, half of their way is asked for. Agents'
lessons go on from there.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.contracts.accounts import OwnTag, TagSettings
from shared.learning.features import SIZE, Indices, hashed
from shared.learning.model import Delta, Example, Floats, Model
from shared.learning.seeds import Seed, all_seeds

FAR_ENOUGH: Final = 3.8
"""Standard deviations from which on an own tag fits; there its logit is 0."""

_FURTHER_BY_FEW: Final = 5.0
"""... and how many more of them with a single example; half of it with two, and so on."""

_OF_THE_WAY: Final = 0.5
"""A tag about one thing has examples that lie far out: then this much of their way is asked for."""

_OTHERS: Final = 800
_SEEN_OFTEN: Final = 4


@dataclass(frozen=True, slots=True)
class Others:
    """Messages that no own tag is about, as far as one can know, and how rare each gram is there.

    `often` are the grams that several of them have, `centre` what these weigh in all.
    """

    messages: tuple[Indices, ...]
    rarity: Floats
    often: Indices
    centre: Floats


def others(seeds: Sequence[Seed]) -> Others:
    """A sample of the seeds that are no spam."""
    drawn = sorted(
        (seed for seed in seeds if not seed.spam),
        key=lambda seed: (zlib.crc32(seed.id.encode()), seed.id),
    )[:_OTHERS]
    messages = tuple(hashed(seed.whole) for seed in drawn)
    count = np.bincount(np.concatenate(messages), minlength=SIZE)
    rarity = np.log((len(messages) + 1) / (count + 1)).astype(np.float32)
    often = np.flatnonzero(count >= _SEEN_OFTEN).astype(np.uint32)
    return Others(messages, rarity, often, _centre(messages, rarity, often))


@cache
def of_seeds() -> Others:
    """Those of all seeds, some tenths of a second's work, once. Raises SeedsDamaged."""
    return others(all_seeds())


def own_tags(model: Model, tags: Sequence[OwnTag], beside: Others) -> Delta:
    """What the account's examples add to the model: weights and an offset for each of its tags."""
    if not tags:
        return Delta(model.version)
    examples = {tag.name: [hashed(text) for text in tag.examples] for tag in tags}
    said = [indices for found in examples.values() for indices in found]
    indices = np.unique(np.concatenate([*said, beside.often])).astype(np.uint32)
    usual = np.zeros(len(indices), np.float32)
    usual[np.searchsorted(indices, beside.often)] = beside.centre
    others_at = [_among(indices, message) for message in beside.messages]
    changes, offsets = {}, {}
    for name, found in examples.items():
        parts = [(_among(indices, each), _weighed(each, beside.rarity)) for each in found]
        changes[name], offsets[name] = _made_of(parts, usual, others_at)
    return Delta(model.version, 0, indices, changes, offsets)


_Places = tuple[NDArray[np.integer], float]
"""Where a message's grams stand among the indices, and the root of how many it has."""


def _made_of(
    parts: Sequence[tuple[_Places, Floats]], usual: Floats, others_at: Sequence[_Places]
) -> tuple[Floats, float]:
    """A tag's weights, for the indices, and its offset."""
    total = np.zeros(len(usual), np.float32)
    for (at, _), weighed in parts:
        total[at] += weighed
    weights = total / np.float32(len(parts)) - usual
    scores = [float(weights[at].sum()) / root for at, root in others_at]
    spread, middle = max(float(np.std(scores)), 1e-6), float(np.mean(scores))
    # Each example as the others tell it: its own part is taken out of the total.
    rest = np.float32(max(len(parts) - 1, 1))
    theirs = [
        float(((total[at] - weighed) / rest - usual[at]).sum()) / root
        for (at, root), weighed in parts
    ]
    way = (float(np.median(theirs)) - middle) / spread if len(parts) > 1 else 0.0
    cut = max(FAR_ENOUGH + _FURTHER_BY_FEW / len(parts), way * _OF_THE_WAY)
    return weights / np.float32(spread), -middle / spread - cut


def _among(indices: Indices, message: Indices) -> _Places:
    at = np.searchsorted(indices, message)
    at[at == len(indices)] = 0
    return at[indices[at] == message], math.sqrt(len(message))


def _weighed(message: Indices, rarity: Floats) -> Floats:
    """What each gram of a message weighs: the rarer the more, all together one."""
    rare = rarity[message]
    weighed: Floats = rare * rare / np.float32(math.sqrt(float((rare * rare).sum()) + 1e-9))
    return weighed


def _centre(messages: Sequence[Indices], rarity: Floats, of: Indices) -> Floats:
    """What the messages' grams weigh on average, for the indices asked for."""
    total = np.zeros(SIZE, np.float32)
    for indices in messages:
        total[indices] += _weighed(indices, rarity)
    centre: Floats = total[of] / np.float32(len(messages))
    return centre


class OwnTags:
    """What each account's own tags add to the model, made when it is first asked for.

    `settings_of` gives an account's settings as they are now; if its own tags have changed, it is
    made anew: hundredths of a second of work, and seconds where there are thousands of examples.
    `beside` is asked for no sooner: most accounts have no tags of their own.
    """

    def __init__(
        self, model: Model, beside: Callable[[], Others], settings_of: Callable[[str], TagSettings]
    ) -> None:
        self._model = model
        self._beside = beside
        self._settings_of = settings_of
        self._made: dict[str, tuple[tuple[OwnTag, ...], Delta]] = {}

    def is_made(self, account_id: str) -> bool:
        """Whether `of` has nothing to do."""
        return self._known(account_id, self._settings_of(account_id).own) is not None

    def of(self, account_id: str) -> Delta:
        """What the account's own tags add; nothing where it has none."""
        tags = self._settings_of(account_id).own
        known = self._known(account_id, tags)
        if known is None:
            known = own_tags(self._model, tags, self._beside())
            self._made[account_id] = (tags, known)
        return known

    def _known(self, account_id: str, tags: tuple[OwnTag, ...]) -> Delta | None:
        if not tags:
            self._made.pop(account_id, None)
            return Delta(self._model.version)
        made = self._made.get(account_id)
        if made is None or (made[0] is not tags and made[0] != tags):
            return None
        self._made[account_id] = (tags, made[1])
        return made[1]

    def examples_of_others(self) -> list[Example]:
        """Messages that no own tag is about, for lessons on own tags to be learned beside."""
        return [
            Example(f"others:{place}", indices, {})
            for place, indices in enumerate(self._beside().messages)
        ]
