"""An account's own tags, learned from the examples that it gave (TAG 1).

The examples are what fits; messages that customers write to any shop, from the seeds, are what
does not. So an account with a tag of its own and ten examples has a model of it at once.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Final

from shared.contracts.accounts import OwnTag, TagSettings
from shared.learning.features import hashed
from shared.learning.model import Delta, Example, Model, taught
from shared.learning.seeds import Seed

_OTHERS: Final = 400


def others(seeds: Sequence[Seed]) -> list[Example]:
    """Messages that no own tag is about, as far as one can know: a sample of the seeds."""
    drawn = sorted(
        (seed for seed in seeds if not seed.spam),
        key=lambda seed: (zlib.crc32(seed.id.encode()), seed.id),
    )[:_OTHERS]
    return [Example(f"seed:{seed.id}", hashed(seed.whole), {}) for seed in drawn]


def own_tags(model: Model, tags: Sequence[OwnTag], beside: Sequence[Example]) -> Delta:
    """What the account's examples add to the model: weights for each of its tags."""
    if not tags:
        return Delta(model.version)
    fitting: dict[str, set[str]] = {}
    for tag in tags:
        for text in tag.examples:
            fitting.setdefault(text, set()).add(tag.name)
    none = {tag.name: False for tag in tags}
    examples = [
        Example(f"own:{text}", hashed(text), {**none, **dict.fromkeys(names, True)})
        for text, names in fitting.items()
    ]
    return taught(model, [*examples, *(Example(each.id, each.indices, none) for each in beside)])


class OwnTags:
    """What each account's own tags add to the model, made when it is first asked for.

    `settings_of` gives an account's settings as they are now; whenever they have changed, it is
    made anew: some hundredths of a second of work for each tag.
    """

    def __init__(
        self, model: Model, beside: Sequence[Example], settings_of: Callable[[str], TagSettings]
    ) -> None:
        self._model = model
        self._beside = beside
        self._settings_of = settings_of
        self._made: dict[str, tuple[tuple[OwnTag, ...], Delta]] = {}

    def is_made(self, account_id: str) -> bool:
        """Whether `of` has nothing to do."""
        tags = self._settings_of(account_id).own
        made = self._made.get(account_id)
        return not tags if made is None else made[0] is tags

    def of(self, account_id: str) -> Delta:
        """What the account's own tags add; nothing where it has none."""
        tags = self._settings_of(account_id).own
        made = self._made.get(account_id)
        if made is None or made[0] is not tags:
            made = (tags, own_tags(self._model, tags, self._beside))
            self._made[account_id] = made
        return made[1]
