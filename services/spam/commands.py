"""Screening's commands for operators, part of `helpdesk`."""

import asyncio
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from services.spam.evaluation import Judged, curve, report
from services.spam.rules.learned import Learned
from services.spam.rules.phrases import Rules
from services.spam.rules.text import Features, hosts
from services.spam.rules.verdict import verdict
from shared.cli import reading
from shared.clock import EPOCH
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import Verdict
from shared.errors import HelpdeskError, Poison
from shared.learning.languages import language_of
from shared.learning.seeds import whole_spam_model, whole_text
from shared.learning.teaching import WeightsTable
from shared.learning.text import fold
from shared.running.settings import ServiceSettings
from shared.topics import WEIGHTS

app = typer.Typer()
_spam = typer.Typer(help="See what screening makes of messages.", no_args_is_help=True)
app.add_typer(_spam, name="spam")

_MANY = 500
_err = Console(stderr=True, highlight=False)
_out = Console(highlight=False)

Judge = Callable[[dict[str, Any]], Verdict]


@_spam.command()
def score(
    *,
    account: Annotated[
        str | None,
        typer.Option(help="Whose marks count: their weights are read from Kafka."),
    ] = None,
) -> None:
    """Judge messages, one a line of JSON on stdin: id, text, and subject and sender if there are.

    Prints a verdict a line: id, score, decision (spam, grey or ham), reasons, model, language.
    """
    judge = _judge(account)
    bad = 0
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            said = _message(json.loads(line))
        except ValueError as error:
            _err.print(f"[bold red]error:[/] stdin, line {number}: {error}", soft_wrap=True)
            bad += 1
            continue
        typer.echo(json.dumps(_told(said, judge(said)), ensure_ascii=False))
    if bad:
        raise typer.Exit(1)


@_spam.command("eval")
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Files of labelled messages, a set each.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--curve", metavar="FILE.svg", help="Draw the curve.")
    ] = None,
) -> None:
    """Tell how much spam is found, and how many genuine messages are hidden, set by set.

    Files are JSON lines or CSV with a heading: `label` (spam or ham), `text`, perhaps `subject`.
    """
    judge = _judge(None)
    found = [(path.stem, said) for path in _files(folder) for said in _labelled(path)]
    if not found:
        raise typer.BadParameter(f"there are no labelled messages in {folder}")
    shown = track(found, "Judging", console=_err, disable=len(found) < _MANY)
    judged = []
    for name, said in shown:
        reached = judge(said)
        judged.append(Judged(name, said["label"] == "spam", reached.score, reached.spam))
    told = report(judged)
    if picture is not None:
        picture.write_text(curve(judged), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(told, indent=1))
    else:
        _print(told)


def _judge(account: str | None) -> Judge:
    model = whole_spam_model()
    weights = WeightsTable("spam", model.version)
    if account is not None:
        asyncio.run(_read_weights(weights, account))
    engines = (Rules(alone=False), Learned(model, weights.of))

    def judge(said: dict[str, Any]) -> Verdict:
        whole = whole_text(said.get("subject"), said["text"])
        text = fold(whole)
        seen = Features(
            account_id=account or "",
            text=text,
            hosts=hosts(text),
            bulk=False,
            unauthenticated=False,
            whole=whole,
            sender=str(said.get("sender") or ""),
        )
        opinions = [each for engine in engines if (each := engine.opinion(seen)) is not None]
        return verdict(opinions, SpamSettings(), language_of(text))

    return judge


async def _read_weights(weights: WeightsTable, account: str) -> None:
    kafka = ServiceSettings().kafka
    async for record in reading.records(kafka, [WEIGHTS], since=EPOCH, follow=False):
        try:
            weights.apply(WEIGHTS.parse(record))  # type: ignore[arg-type]
        except Poison:
            continue
    if not weights.of(account).marks:
        _err.print(f"{account} has taught nothing yet: the seeds judge alone", soft_wrap=True)


def _message(said: object) -> dict[str, Any]:
    if isinstance(said, dict) and isinstance(said.get("text"), str):
        return said
    message = "a message is an object with a text"
    raise ValueError(message)


def _told(said: dict[str, Any], reached: Verdict) -> dict[str, Any]:
    return {
        "id": said.get("id"),
        "score": reached.score,
        "decision": "spam" if reached.spam else "grey" if reached.grey else "ham",
        "reasons": [reason.model_dump() for reason in reached.reasons],
        "model": reached.model,
        "language": reached.language,
    }


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder")
    return sorted(path for path in folder.iterdir() if path.suffix in (".jsonl", ".csv"))


def _labelled(path: Path) -> Iterator[dict[str, Any]]:
    """The labelled messages of a file. Raises HelpdeskError with file and line for others."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _checked(path, _rows(path, file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise HelpdeskError(f"{path}: {error}") from error


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


def _checked(path: Path, rows: Iterable[tuple[int, Any]]) -> Iterator[dict[str, Any]]:
    for number, row in rows:
        if not isinstance(row, dict) or row.get("label") not in ("spam", "ham"):
            text = f"{path}, line {number}: `label` has to be spam or ham"
            raise HelpdeskError(text)
        if not isinstance(row.get("text"), str):
            raise HelpdeskError(f"{path}, line {number}: there is no text")
        yield row


def _print(told: dict[str, Any]) -> None:
    table = Table(box=None)
    names = ("recall", "recall_at_0.1_percent", "recall_at_0.5_percent", "false_alarms")
    heads = ("found", "found at 0.1 %", "found at 0.5 %", "hidden by mistake")
    for heading in ("set", "messages", *heads):
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for each in told["sets"]:
        shares = (f"{each[name] * 100:.2f} %" if name in each else "" for name in names)
        table.add_row(each["set"], str(each["messages"]), *shares)
    _out.print(table)
