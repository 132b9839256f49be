"""Whether readers and writers of two versions of a contract understand each other."""

from collections.abc import Iterator
from typing import Any

from tests.contracts.library import Json

_FOR_PEOPLE = {"description", "title", "examples"}


def incompatible(old: Json, new: Json) -> list[str]:
    """What of `new` breaks those who hold `old`, in words; nothing where all is well.

    A field may come, if it is optional, and so may a type. What is there stays what it was: a
    stricter field refuses old messages, a looser one sends what old readers refuse, and another
    default gives old messages another meaning.
    """
    return sorted(_problems("", old, new))


def _problems(where: str, old: Json, new: Json) -> Iterator[str]:
    for name, definition in old.get("$defs", {}).items():
        if name in new.get("$defs", {}):
            yield from _problems(name, definition, new["$defs"][name])
        else:
            yield f"{name}: gone"
    for name, schema in old.get("properties", {}).items():
        field = f"{where}.{name}".lstrip(".")
        if name not in new.get("properties", {}):
            yield f"{field}: gone"
        elif not _same(schema, new["properties"][name]):
            yield f"{field}: changed"
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    fields = old.get("properties", {})
    yield from (f"{where}.{name}".lstrip(".") + ": required now" for name in after - before)
    gone = {name for name in before if name not in new.get("properties", {})} & fields.keys()
    yield from (f"{where}.{name}".lstrip(".") + ": optional now" for name in before - after - gone)
    kept = set(new.get("discriminator", {}).get("mapping", {}))
    for name in old.get("discriminator", {}).get("mapping", {}):
        if name not in kept:
            yield f"{name}: travels no more"
    for word in ("type", "enum", "const"):
        if old.get(word) != new.get(word):
            yield f"{where or 'message'}: another {word}"


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        default = _grown(old.get("default"), new.get("default"))
        ignored = _FOR_PEOPLE | {"default"}
        names = (old.keys() | new.keys()) - ignored
        # A default that there was not, where there was none, is told by `required`.
        return default and all(_same(old.get(name), new.get(name)) for name in names)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_same(a, b) for a, b in zip(old, new, strict=True))
    return bool(old == new)


def _grown(old: Any, new: Any) -> bool:
    """A default that is an object may have gained fields."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and _grown(value, new[name]) for name, value in old.items())
    return bool(old == new)
