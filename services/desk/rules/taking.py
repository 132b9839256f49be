"""How what records say changes what is stored: a batch, put together and decided. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.desk.rules import lines as line_rules
from services.desk.rules import rows as row_rules
from services.desk.rules.facts import Said
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row, bounded
from services.desk.rules.words import words_of


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
    """What is to be stored. Of the `stale` tickets the words must be gathered from all lines."""

    rows: Mapping[str, Row]
    lines: Mapping[str, Line]
    stale: frozenset[str]


def taken(
    batch: Gathered, stored_rows: Mapping[str, Row], stored_lines: Mapping[str, Line]
) -> Taken:
    """What becomes of what is stored; what does not change is left out."""
    rows = dict(stored_rows)
    for key, row in batch.rows.items():
        rows[key] = row_rules.together(rows[key], row) if key in rows else row
    lines: dict[str, Line] = {}
    stale: set[str] = set()
    for key, line in batch.lines.items():
        before = stored_lines.get(key)
        after = line_rules.together(before, line) if before else line
        ticket = rows.get(f"{after.account_id}:{after.ticket_id}")
        if ticket is not None:
            if 0 < after.seq <= ticket.erased_seq:
                after = after.erased()
            if before is not None and before.text and before.text != after.text:
                stale.add(ticket.key)
        lines[key] = after
    of_ticket: dict[str, list[Line]] = {}
    for line in lines.values():
        of_ticket.setdefault(f"{line.account_id}:{line.ticket_id}", []).append(line)
    rows = {key: row_rules.with_lines(row, of_ticket.get(key, ())) for key, row in rows.items()}
    stale |= {
        key
        for key, row in rows.items()
        if row.erased_seq
        and (key not in stored_rows or stored_rows[key].erased_seq < row.erased_seq)
    }
    return Taken(
        {key: row for key, row in rows.items() if stored_rows.get(key) != row},
        {key: line for key, line in lines.items() if stored_lines.get(key) != line},
        frozenset(stale),
    )


def erased(row: Row, thread: Iterable[Line]) -> list[Line]:
    """The lines of the ticket's thread that say something still and must not."""
    return [
        line.erased() for line in thread if 0 < line.seq <= row.erased_seq and line != line.erased()
    ]


def reworded(row: Row, thread: Sequence[Line]) -> Row:
    """The row with the words of its thread as it is."""
    said = [
        word
        for line in thread
        if line.kind in ("message", "reply", "note")
        for word in words_of(line.text)
    ]
    return replace(row, said=bounded(said))
