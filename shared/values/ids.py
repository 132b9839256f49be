"""Ids are computed from what they stand for, never drawn: a repeat gives the same id."""

import uuid

_NAMESPACE = uuid.UUID("8f0f1c9e-6d0b-5a55-9a0a-2f6a3e0c7d11")


def computed_id(kind: str, *parts: str) -> str:
    """A UUIDv5 of `kind` and `parts`; no two different sequences of parts share one.

    The parts are joined with their lengths, so ("a", "bc") and ("ab", "c") differ.
    """
    name = "".join(f"{len(part)}:{part}" for part in (kind, *parts))
    return str(uuid.uuid5(_NAMESPACE, name))


def attempt_token() -> str:
    """A token that no other attempt of any process has; it stands in no contract."""
    return uuid.uuid4().hex
