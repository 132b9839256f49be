"""Who changed what in an account's settings, read from what was published of it (ROL 1). Pure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from services.desk.rules.people import Who
from services.desk.rules.settings import UNCHANGING, Document, document, part_of
from shared.bus.account_changes import AUTHOR, History, Said
from shared.bus.accounts import counts
from shared.contracts.accounts import AccountSettings
from shared.values.differences import Difference, differences

_DESK: Final = "desk:"
_INTEGRATION: Final = "integration:"


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody changed: `id` is the same however often it is read from the topic.

    `kind` says who `by` is: an agent's id, an integration's name, or an operator of the command.
    """

    id: str
    at: datetime
    kind: str
    by: str
    revision: int | None
    differences: tuple[Difference, ...]


def author_of(who: Who) -> str:
    """How a change says who made it, for everybody who reads the topic."""
    return f"{_DESK}{who.id}" if who.is_agent else f"{_INTEGRATION}{who.name}"


def changes(history: History) -> list[Change]:
    """Each change that counted and that the topic still tells with what it was before.

    A revision whose predecessor is gone from the topic tells nothing: what it changed is not known.
    """
    found: list[Change] = []
    held: Said | None = None
    for said in history.said:
        if not counts(held.settings if held else None, said.change):
            continue
        if held and held.settings and said.settings and _follows(held, said):
            found += _between(history.account, held.settings, said.settings, said)
        held = said
    return found


def _follows(held: Said, said: Said) -> bool:
    known = held.revision is not None and said.revision is not None
    return not known or said.revision == (held.revision or 0) + 1


def _between(
    account: str, before: AccountSettings, after: AccountSettings, said: Said
) -> Iterator[Change]:
    found = tuple(told(document(before), document(after)))
    if not found:
        return
    at = f"r{said.revision}" if said.revision else f"o{said.record.offset}"
    author = said.record.header(AUTHOR) or ""
    kind, by = "operator", author
    for prefix, named in ((_DESK, "agent"), (_INTEGRATION, "integration")):
        if author.startswith(prefix):
            kind, by = named, author.removeprefix(prefix)
    when = said.record.timestamp
    id_ = f"{account}:{at}:{int(when.timestamp() * 1000)}"
    yield Change(id_, when, kind, by, said.revision, found)


def told(before: Document, after: Document) -> list[Difference]:
    """What differs, as people are told it."""
    return [
        each for each in differences(before, after) if each.path.partition(".")[0] not in UNCHANGING
    ]


def tag_of_whole(settings: AccountSettings) -> str:
    """The entity tag: the revision; without one, what the settings say, in short."""
    if settings.revision is not None:
        return str(settings.revision)
    return _digest(document(settings))


def tag_of_part(name: str, settings: AccountSettings) -> str:
    """The entity tag of a part: it changes when that part does, and with nothing else."""
    return _digest(part_of(name, document(settings)))


def _digest(value: Any) -> str:  # noqa: ANN401  # JSON
    said = json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
    return blake2b(said, digest_size=8).hexdigest()


def since(history: History, name: str | None, tag: str) -> AccountSettings | None:
    """The newest settings of the topic that had that tag, as a whole or in a part (`name`)."""
    for said in reversed(history.said):
        if said.settings is None:
            continue
        is_ = tag_of_part(name, said.settings) if name else tag_of_whole(said.settings)
        if is_ == tag:
            return said.settings
    return None
