"""How many examples a rule is shown by: all of them, or few where a run is to be quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

QUICK: Final = "quick"
QUICKLY: Final = 25


def examples(whole: int) -> int:
    """As many as that in a whole run; few under the profile of `make test-fast`."""
    return min(whole, QUICKLY) if settings.get_current_profile_name() == QUICK else whole


def table(names: Iterable[str], *, slow: frozenset[str]) -> list[Any]:
    """The examples of a table by their names, those that take a second or more marked as slow."""
    names = list(names)
    assert slow <= set(names), f"no examples: {slow - set(names)}"
    return [pytest.param(name, marks=pytest.mark.slow) if name in slow else name for name in names]
