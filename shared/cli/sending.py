"""`helpdesk send`: files as records of a channel's inbound topic, as webhooks publish them."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from shared.bus.delivery import Outgoing
from shared.contracts.base import Channel
from shared.errors import HelpdeskError
from shared.topics import INBOUND


def files_below(paths: Iterable[Path]) -> list[Path]:
    """The files, and all files of the folders, in the order of their names.

    Raises HelpdeskError for a path that is not there, and for a folder without a file.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            text = f"{path}: there is no such file or folder"
            raise HelpdeskError(text)
        inside = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        if not inside:
            text = f"{path}: the folder has no files"
            raise HelpdeskError(text)
        found += inside
    return found


def as_records(
    paths: Iterable[Path], channel: Channel, headers: dict[str, str], now: datetime
) -> Iterator[Outgoing]:
    """A record for each file: its bytes as they are, received now.

    Raises HelpdeskError for a file that cannot be read, or is larger than the topic takes.
    """
    topic = INBOUND[channel]
    told = {"x-received-at": now.isoformat(), **headers}
    for path in paths:
        try:
            value = path.read_bytes()
        except OSError as error:
            text = f"{path}: {error.strerror}"
            raise HelpdeskError(text) from error
        if len(value) > topic.max_bytes:
            text = f"{path}: {len(value)} bytes, and {topic.name} takes {topic.max_bytes}"
            raise HelpdeskError(text)
        yield Outgoing(
            topic=topic.name,
            key=None,
            value=value,
            headers=tuple((name, text.encode()) for name, text in told.items()),
        )
