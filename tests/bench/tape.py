"""What a service asks of its database, on tape: the bare loops ask the same and nothing else.

`python -m tests.bench.tape FILE SERVICE` runs the service with the driver's listener. So whatever a
service writes in future, its bare loop writes it too: documents, bytes and round trips.
"""

import runpy
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import bson
from bson.codec_options import CodecOptions
from pymongo import monitoring

Row = dict[str, Any]

WRITES: Final = ("insert", "update", "delete", "findAndModify")
WORK: Final = (*WRITES, "find", "aggregate", "createIndexes", "distinct", "count")
"""What a tape holds; a cursor's later pages are asked for by whoever plays it."""

BODIES: Final = {"insert": "documents", "update": "updates", "delete": "deletes"}
_OF_ITS_CONNECTION = ("lsid", "$clusterTime", "$db", "$readPreference", "txnNumber")
_OPTIONS: CodecOptions[Row] = CodecOptions(tz_aware=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command, when it was asked, and when it was answered, in seconds since 1970."""

    at: float
    until: float
    command: Row

    @property
    def name(self) -> str:
        """What it does: find, insert ..."""
        return next(iter(self.command))

    @property
    def writes(self) -> bool:
        """Whether it changes documents."""
        return self.name in WRITES


class Recorder(monitoring.CommandListener):
    """Writes each answered command to a file."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._begun: dict[int, tuple[float, bytes]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Keep what is asked as it is now."""
        if event.command_name in WORK:
            self._begun[event.request_id] = (time.time(), bson.encode(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Write it down."""
        self._ended(event.request_id)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Write it down as well: it was asked."""
        self._ended(event.request_id)

    def _ended(self, request_id: int) -> None:
        if begun := self._begun.pop(request_id, None):
            line = bson.encode({"at": begun[0], "until": time.time(), "command": begun[1]})
            with self._lock:
                self._sink.write(line)


def read(file: Path) -> list[Asked]:
    """What is on a tape, in the order in which it was asked."""
    lines = bson.decode_all(file.read_bytes(), _OPTIONS)
    asked = [Asked(line["at"], line["until"], _plain(line["command"])) for line in lines]
    return sorted(asked, key=lambda each: each.at)


def _plain(command: bytes) -> Row:
    """The command without what belongs to the connection that it was asked on."""
    row = bson.decode(command, _OPTIONS)
    if concern := row.get("readConcern"):
        row["readConcern"] = {name: concern[name] for name in ("level",) if name in concern}
    return {name: value for name, value in row.items() if name not in _OF_ITS_CONNECTION}


def indexes(asked: Iterable[Asked]) -> list[Row]:
    """The commands that make indexes."""
    return [each.command for each in asked if each.name == "createIndexes"]


def between(asked: Iterable[Asked], began: float, ended: float) -> list[Asked]:
    """What was asked in that time, but for indexes."""
    return [a for a in asked if began <= a.at < ended and a.name != "createIndexes"]


def until_last_write(asked: Sequence[Asked]) -> list[Asked]:
    """Without what was asked after the last write: looking in vain for more to do."""
    last = max((place for place, each in enumerate(asked) if each.writes), default=-1)
    return list(asked[: last + 1])


def together(asked: Sequence[Asked]) -> list[list[Asked]]:
    """Groups of commands that were under way at the same time, one group after the other."""
    groups: list[list[Asked]] = []
    for each in asked:
        # Measured by the first of a group, or what follows from it could come into it.
        if groups and each.at < groups[-1][0].until:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def bulk(asked: Iterable[Asked], most: int) -> list[Row]:
    """The writes alone, neighbours of one kind and collection as one, up to `most` in each."""
    merged: list[Row] = []
    for each in asked:
        if not each.writes:
            continue
        body = BODIES.get(each.name)
        last = merged[-1] if merged else {}
        if body and _alike(last, each.command, body) and len(last[body]) < most:
            last[body] = [*last[body], *each.command[body]]
        else:
            merged.append(dict(each.command))
    return merged


def _alike(one: Mapping[str, Any], other: Mapping[str, Any], body: str) -> bool:
    return body in one and {**one, body: ()} == {**other, body: ()}


def documents(asked: Iterable[Asked]) -> int:
    """How many documents the writes are about."""
    return sum(len(a.command.get(BODIES.get(a.name, ""), "1")) for a in asked if a.writes)


def main() -> None:
    """Run a service, taped."""
    file, name = sys.argv[1:]
    with Path(file).open("wb") as sink:
        monitoring.register(Recorder(sink))
        sys.argv = [f"services.{name}"]
        runpy.run_module(f"services.{name}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
