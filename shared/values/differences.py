"""What differs between two values as JSON has them, for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_NAMES: Final = (("id",), ("name",), ("word",), ("channel", "value"))
"""By which fields the members of a list are told from each other."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is another one than it was; None where there is none.

    In a `path` such as `agents[ann].email` a member of a list is called by its name.
    """

    path: str
    before: Any
    after: Any


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:  # noqa: ANN401  # as JSON has it
    """Each value that differs. Lists whose members have no names differ as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in {**before, **after}:
            below = f"{path}.{name}" if path else str(name)
            yield from differences(before.get(name), after.get(name), below)
        return
    if isinstance(before, list) and isinstance(after, list):
        ones, others = _by_name(before), _by_name(after)
        if ones is not None and others is not None:
            for name in {**ones, **others}:
                yield from differences(ones.get(name), others.get(name), f"{path}[{name}]")
            shared = [name for name in ones if name in others]
            if shared != [name for name in others if name in ones]:
                yield Difference(f"{path} (order)", list(ones), list(others))
            return
    if before != after:
        yield Difference(path, before, after)


def _by_name(members: Sequence[Any]) -> dict[str, Any] | None:
    """None where a member has no name, or two share one."""
    named: dict[str, Any] = {}
    for member in members:
        if not isinstance(member, Mapping):
            return None
        fields = next((each for each in _NAMES if all(name in member for name in each)), None)
        if fields is None:
            return None
        named[" ".join(str(member[name]) for name in fields)] = member
    return named if len(named) == len(members) else None
