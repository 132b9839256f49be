"""Messages that operators give to be judged: one a line of JSON, or labelled sets in files."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import track

from shared.bus.delivery import Record
from shared.cli import reading
from shared.clock import EPOCH
from shared.errors import HelpdeskError, Poison
from shared.running.settings import ServiceSettings
from shared.topic import Topic, UnknownType

MANY: Final = 500
"""From so many messages on, progress is shown."""

ERRORS: Final = Console(stderr=True, highlight=False)

Said = dict[str, Any]
"""A message as it was given: `text`, and what else there is."""

Folder = Annotated[Path, typer.Argument(help="Files of labelled messages, a set each.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Picture = Annotated[
    Path | None, typer.Option("--curve", metavar="FILE.svg", help="Draw the curve.")
]


def answer_each(answer: Callable[[Said], Said]) -> None:
    """Print, for each message that is a line of stdin, the answer as a line of JSON.

    A line that is no message is told with its number on stderr; the exit code is then 1.
    """
    bad = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            said = _message(json.loads(line))
        except ValueError as error:
            ERRORS.print(f"[bold red]error:[/] stdin, line {number}: {error}", soft_wrap=True)
            bad += 1
            continue
        typer.echo(json.dumps(answer(said), ensure_ascii=False))
    if bad:
        raise typer.Exit(1)


def _message(said: object) -> Said:
    if isinstance(said, dict) and isinstance(said.get("text"), str):
        return said
    message = "a message is an object with a text"
    raise ValueError(message)


def labelled(folder: Path, label: str, check: Callable[[Said], str]) -> list[tuple[str, Said]]:
    """The labelled messages of the folder's files, each with its set's name: the file's.

    A file none of whose messages has this `label` is about something else: stderr says that it is
    left out. `check` says what is wrong with a message; "" if nothing is. Raises HelpdeskError with
    file and line.
    """
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder")
    files = sorted(path for path in folder.iterdir() if path.suffix in (".jsonl", ".csv"))
    found = [(path.stem, said) for path in files for said in _read(path, label, check)]
    if not found:
        raise typer.BadParameter(f"there are no labelled messages in {folder}")
    return found


def with_progress(found: list[tuple[str, Said]]) -> Iterable[tuple[str, Said]]:
    """The same, with a bar on stderr where they are many."""
    return track(found, "Judging", console=ERRORS, disable=len(found) < MANY)


def tell(
    told: Said,
    *,
    as_json: bool,
    show: Callable[[Said], None],
    picture: Path | None,
    draw: Callable[[], str],
) -> None:
    """Show what a set's evaluation tells, as JSON or by `show`; and draw it, if that was asked."""
    if picture is not None:
        picture.write_text(draw(), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(told, indent=1))
    else:
        show(told)


def _read(path: Path, label: str, check: Callable[[Said], str]) -> Iterator[Said]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(_rows(path, file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise HelpdeskError(f"{path}: {error}") from error
    if not any(isinstance(row, dict) and label in row for _, row in rows):
        ERRORS.print(f"{path} is left out: no message in it has `{label}`", soft_wrap=True)
        return
    for number, row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise HelpdeskError(f"{path}, line {number}: there is no text")
        if wrong := check(row):
            raise HelpdeskError(f"{path}, line {number}: {wrong}")
        yield row


def _rows(path: Path, file: Iterable[str]) -> Iterator[tuple[int, Any]]:
    if path.suffix == ".csv":
        rows = csv.DictReader(file)
        yield from ((rows.line_num, row) for row in rows)
        return
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise HelpdeskError(f"{path}, line {number}: {error}") from error


async def apply_all(topic: Topic[Any], apply: Callable[[Any], None]) -> None:
    """Call `apply` with all that a topic says now; what cannot be read is left out."""
    kafka = ServiceSettings().kafka
    async for record in reading.records(kafka, [topic], since=EPOCH, follow=False):
        if (said := _said(topic, record)) is not None:
            apply(said)


def _said(topic: Topic[Any], record: Record) -> object | None:
    try:
        return topic.parse(record)
    except (Poison, UnknownType):
        return None
