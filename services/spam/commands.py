"""Screening's commands for operators, part of `helpdesk`."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.spam.evaluation import Judged, curve, report
from services.spam.phrasebook import shipped
from services.spam.rules.learned import Learned
from services.spam.rules.phrases import Rules
from services.spam.rules.text import Features, hosts
from services.spam.rules.verdict import verdict
from shared.cli import labelled
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import Verdict
from shared.learning.languages import language_of
from shared.learning.seeds import whole_spam_model, whole_text
from shared.learning.teaching import WeightsTable
from shared.learning.text import fold
from shared.topics import WEIGHTS

app = typer.Typer()
_spam = typer.Typer(help="See what screening makes of messages.", no_args_is_help=True)
app.add_typer(_spam, name="spam")

_out = Console(highlight=False)

Judge = Callable[[labelled.Said], Verdict]


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
    labelled.answer_each(lambda said: _told(said, judge(said)))


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
    judged = []
    for name, said in labelled.with_progress(labelled.labelled(folder, _wrong)):
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
        asyncio.run(labelled.apply_all(WEIGHTS, weights.apply))
        if not weights.of(account).marks:
            text = f"{account} has taught nothing yet: the seeds judge alone"
            labelled.ERRORS.print(text, soft_wrap=True)
    engines = (Rules(shipped(), alone=False), Learned(model, weights.of))

    def judge(said: labelled.Said) -> Verdict:
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


def _told(said: labelled.Said, reached: Verdict) -> dict[str, Any]:
    return {
        "id": said.get("id"),
        "score": reached.score,
        "decision": "spam" if reached.spam else "grey" if reached.grey else "ham",
        "reasons": [reason.model_dump() for reason in reached.reasons],
        "model": reached.model,
        "language": reached.language,
    }


def _wrong(said: labelled.Said) -> str:
    return "" if said.get("label") in ("spam", "ham") else "`label` has to be spam or ham"


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
