"""Which words of a text made a model think so."""

from typing import Final

from shared.learning.features import Indices, grams, index_of
from shared.learning.model import Floats

_MOST_WORDS: Final = 3
_LONGEST_WORD: Final = 40


def heaviest_words(text: str, indices: Indices, parts: Floats) -> str:
    """The words, or pairs of words, that speak most for the label: “one”, “another pair”.

    `parts` are what each of the indices adds. At most three; "" where it is letters, marks and
    links alone.
    """
    adds: dict[int, float] = dict(zip(indices.tolist(), parts.tolist(), strict=True))
    said = {
        gram: adds[index_of(gram)]
        for gram in grams(text)
        if not gram.startswith(("#", "<")) and adds.get(index_of(gram), 0.0) > 0
    }
    words = sorted(said, key=lambda gram: (-said[gram], gram))[:_MOST_WORDS]
    return ", ".join(f"“{word[:_LONGEST_WORD]}”" for word in words)
