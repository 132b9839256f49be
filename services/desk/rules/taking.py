"""How what records say changes what is stored: a batch, put together and decided. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.desk.rules import lines as line_rules
from services.desk.rules import rows as row_rules
from services.desk.rules.facts import Said
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a batch says, each ticket and each line once."""

    rows: Mapping[str, Row]
    lines: Mapping[str, Line]


def gathered(said: Iterable[Said]) -> Gathered:
    """All of it, put together by the keys of tickets and of lines."""
    rows: dict[str, Row] = {}
    lines: dict[str, Line] = {}
    for each in said:
        if each.row is not None:
            known = rows.get(each.row.key)
            rows[each.row.key] = row_rules.together(known, each.row) if known else each.row
        for line in each.lines:
            before = lines.get(line.key)
            lines[line.key] = line_rules.together(before, line) if before else line
    return Gathered(rows, lines)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be stored, all of it by compare-and-set.

    A ticket is written with each of its lines that changes, be it the same as before: so whoever
    put a line to it as it was, and whoever erased it meanwhile, do not pass each other by. Of the
    `stale` tickets, of which words may have gone, what their lines say is gathered from all lines.
    """

    rows: Mapping[str, Row]
    lines: Mapping[str, Line]
    stale: frozenset[str]
    at: Mapping[str, str]
    """Of each line of the batch the key of its ticket, as far as it is known now."""


def taken(
    batch: Gathered, stored_rows: Mapping[str, Row], stored_lines: Mapping[str, Line]
) -> Taken:
    """What becomes of what is stored; what does not change is left out.

    What is stale is told by what the records say and by the marks of the stored ticket, not by
    what has been stored already: whoever died in between, or lost a race, finds it again.
    """
    rows = dict(stored_rows)
    for key, row in batch.rows.items():
        rows[key] = row_rules.together(rows[key], row) if key in rows else row
    lines: dict[str, Line] = {}
    changed: dict[str, Line] = {}
    touched: set[str] = set()
    stale: set[str] = set()
    for key, line in batch.lines.items():
        before = stored_lines.get(key)
        after = line_rules.together(before, line) if before else line
        ticket = rows.get(after.of)
        if ticket is not None and _is_silent(after, ticket):
            after = after.erased()
        if line.version or line.deleted:
            stale.add(after.of)
        if after != before:
            changed[key] = after
            touched.add(after.of)
        lines[key] = after
    stale |= {key for key, row in batch.rows.items() if row.erased_seq}
    of_ticket: dict[str, list[Line]] = {}
    for line in lines.values():
        of_ticket.setdefault(line.of, []).append(line)
    rows = {key: row_rules.with_lines(row, of_ticket.get(key, ())) for key, row in rows.items()}
    return Taken(
        {key: row for key, row in rows.items() if key in touched or stored_rows.get(key) != row},
        changed,
        frozenset(stale & rows.keys()),
        {key: line.of for key, line in lines.items()},
    )


def silenced(row: Row, thread: Iterable[Line]) -> list[Line]:
    """The lines of the ticket's thread that say something still and must not."""
    return [line.erased() for line in thread if _is_silent(line, row) and line != line.erased()]


def _is_silent(line: Line, row: Row) -> bool:
    """Whether what it said is erased. What only edits tell of has no seq yet."""
    return 0 < row.erased_seq >= line.seq


def reworded(row: Row, thread: Sequence[Line]) -> Row:
    """The row with what its thread says now, and nothing that it said before."""
    return row_rules.with_lines(replace(row, said=frozenset()), thread)
