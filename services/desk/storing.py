"""Storing what records say: read, put together, compare and set, until nothing lost a race."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from services.desk.rules import taking
from services.desk.rules.facts import Said
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.rules.taking import Gathered
from shared.errors import Transient

_ROUNDS = 20

Keyed = Mapping[str, tuple[Any, int]]

Seats = dict[tuple[str, str], set[str | None]]
"""Of tickets that changed, by account and id: whose they were and are."""


class ReadModel(Protocol):
    """The stored tickets and lines; each is stored at a revision."""

    async def rows(self, keys: Collection[str]) -> dict[str, tuple[Row, int]]:
        """Those of the tickets that are there."""

    async def lines(self, keys: Collection[str]) -> dict[str, tuple[Line, int]]:
        """Those of the lines that are there."""

    async def whole_thread(self, ticket_key: str) -> dict[str, tuple[Line, int]]:
        """All lines of a ticket."""

    async def save_rows(self, rows: Iterable[tuple[Row, int]]) -> set[str]:
        """Store those whose revision is still that one (0: not there); the keys of these."""

    async def save_lines(self, lines: Iterable[tuple[Line, int]]) -> set[str]:
        """As `save_rows`."""


async def stored(model: ReadModel, said: Sequence[Said]) -> Seats:
    """All that is said is stored; the tickets that changed, and who had and has them."""
    seats: Seats = {}
    batch = taking.gathered(said)
    for _ in range(_ROUNDS):
        batch = await _round(model, batch, seats)
        if not batch.rows and not batch.lines:
            return seats
    raise Transient("the read model is changed by others all the time; trying again")


async def _round(model: ReadModel, batch: Gathered, seats: Seats) -> Gathered:
    """Store what can be stored, noting it in `seats`; what of the batch lost a race is left.

    Lines are stored before their tickets: whoever dies in between leaves a ticket that does not
    say of them what it must, and the records, which come again, say it then.
    """
    lines = await model.lines(batch.lines.keys())
    joined = {line.of for line, _ in lines.values() if line.ticket_id is not None}
    rows = await model.rows(batch.rows.keys() | joined)
    taken = taking.taken(batch, _values(rows), _values(lines))
    after = dict(taken.rows)
    lost = await _lost(model.save_lines, taken.lines, lines)
    again = {taken.at[key] for key in lost}
    for key in taken.stale - again:
        row = after.get(key) or rows[key][0]
        thread = await model.whole_thread(key)
        silent = {x.key: x for x in taking.silenced(row, [x for x, _ in thread.values()])}
        if await _lost(model.save_lines, silent, thread):
            again.add(key)
            continue
        now = [silent.get(place, line) for place, (line, _) in thread.items()]
        row = taking.reworded(row, now)
        if key in after or row != rows[key][0]:
            after[key] = row
    # A ticket whose lines lost a race is put together again with them.
    again |= await _lost(model.save_rows, {k: r for k, r in after.items() if k not in again}, rows)
    for key, row in after.items():
        if key not in again:
            old = rows[key][0] if key in rows else None
            found = seats.setdefault((row.account_id, row.ticket_id), set())
            found.update(each.summary.assignee for each in (old, row) if each and each.summary)
    return Gathered(
        {key: row for key, row in batch.rows.items() if key in again},
        {key: line for key, line in batch.lines.items() if taken.at[key] in again},
    )


async def _lost(save: Any, wanted: Mapping[str, Any], stored: Keyed) -> set[str]:  # noqa: ANN401  # of rows or of lines
    """Store these at the revisions they were read at; the keys of those that lost a race."""
    if not wanted:
        return set()
    at = {key: revision for key, (_, revision) in stored.items()}
    saved: set[str] = await save([(each, at.get(key, 0)) for key, each in wanted.items()])
    return set(wanted) - saved


def _values(stored: Keyed) -> dict[str, Any]:
    return {key: value for key, (value, _) in stored.items()}
