"""Indices and weights as text, for contracts, and back."""

import base64
import binascii
import zlib

import numpy as np

from shared.contracts.learning import LearnedWeights
from shared.errors import Poison
from shared.learning.features import SIZE, Indices
from shared.learning.model import Delta, Floats

_LONGEST = 64 * 1024 * 1024


def indices_text(indices: Indices) -> str:
    """The indices as a contract has them."""
    return base64.b64encode(indices.astype("<u4").tobytes()).decode("ascii")


def indices_of_text(text: str) -> Indices:
    """The indices that a contract has. Raises Poison where these are none."""
    try:
        found = np.frombuffer(base64.b64decode(text, validate=True), "<u4").astype(np.uint32)
    except (binascii.Error, ValueError) as error:
        raise Poison("malformed", f"these are no indices: {error}") from None
    ascending = not len(found) or bool((np.diff(found.astype(np.int64)) > 0).all())
    if not len(found) or int(found.max()) >= SIZE or not ascending:
        raise Poison("malformed", "indices are ascending numbers, each once, and there is one")
    return found


def floats_text(values: Floats) -> str:
    """Weights as a contract has them."""
    packed = zlib.compress(values.astype("<f4").tobytes(), 6)
    return base64.b64encode(packed).decode("ascii")


def delta_of(weights: LearnedWeights) -> Delta:
    """What an account's weights say. Raises Poison where they are damaged."""
    indices = indices_of_text(weights.indices) if weights.indices else np.empty(0, np.uint32)
    changes: dict[str, Floats] = {}
    for label, text in ((change.name, change.values) for change in weights.changes):
        try:
            unpacked = zlib.decompressobj().decompress(base64.b64decode(text), _LONGEST)
            values = np.frombuffer(unpacked, "<f4").astype(np.float32)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise Poison("malformed", f"the weights of {label!r} are damaged: {error}") from None
        if len(values) != len(indices) or not bool(np.isfinite(values).all()):
            many = f"{len(values)} of them for {len(indices)} indices"
            raise Poison("malformed", f"the weights of {label!r} are damaged: {many}")
        changes[label] = values
    return Delta(weights.version, weights.lessons, indices, changes)
