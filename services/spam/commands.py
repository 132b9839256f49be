"""Screening's commands for operators, part of `helpdesk`."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from services.spam import optional
from services.spam.advice import Adviser, opinions
from services.spam.evaluation import Judged, curve, report
from services.spam.phrasebook import shipped
from services.spam.rules.engine import Engine
from services.spam.rules.learned import Learned
from services.spam.rules.letter import Letter
from services.spam.rules.phrases import Rules
from services.spam.rules.text import Features, hosts
from services.spam.rules.verdict import verdict
from services.spam.settings import Settings
from shared.cli import labelled
from shared.clock import system_clock
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import Verdict
from shared.learning.languages import language_of
from shared.learning.models import WHETHER_SPAM, whole
from shared.learning.seeds import whole_text
from shared.learning.teaching import WeightsTable
from shared.learning.text import fold
from shared.topics import WEIGHTS

app = typer.Typer()
_spam = typer.Typer(help="See what screening makes of messages.", no_args_is_help=True)
app.add_typer(_spam, name="spam")

_out = Console(highlight=False)
_AT_ONCE = 64


@_spam.command(epilog="Example: helpdesk spam score < messages.jsonl")
def score(
    *,
    account: Annotated[
        str | None,
        typer.Option(help="Whose marks count: their weights are read from Kafka."),
    ] = None,
) -> None:
    """Judge messages, one a line of JSON on stdin: id, text, and subject and sender if there are.

    Prints a verdict a line: id, score, decision (spam, grey or ham), reasons, model, language.

    Exit codes: 1 also when a line is no message; the others are judged.
    """
    engines = _engines(account)
    with asyncio.Runner() as runner:

        def answer(said: labelled.Said) -> labelled.Said:
            [reached] = runner.run(_verdicts([said], account or "", engines))
            return _told(said, reached)

        labelled.answer_each(answer)


@_spam.command("eval", epilog="Example: helpdesk spam eval labelled/ --json")
def evaluate(
    folder: labelled.Folder,
    *,
    as_json: labelled.AsJson = False,
    picture: labelled.Picture = None,
    asked: Annotated[
        str,
        typer.Option("--engines", metavar="NAMES", help="Also ask embeddings, rspamd, or both."),
    ] = "",
) -> None:
    """Tell how much spam is found, and how many genuine messages are hidden, set by set.

    Files are JSON lines or CSV with a heading: `label` (spam or ham), `text`, perhaps `subject`.
    """
    settings = _settings(asked)
    judged = asyncio.run(_judged(labelled.labelled(folder, "label", _wrong), settings))
    labelled.tell(
        report(judged), as_json=as_json, show=_print, picture=picture, draw=lambda: curve(judged)
    )


def _engines(account: str | None) -> Sequence[Engine]:
    model = whole(WHETHER_SPAM)
    weights = WeightsTable("spam", model.version)
    if account is not None:
        asyncio.run(labelled.apply_all(WEIGHTS, weights.apply))
        if not weights.of(account).marks:
            text = f"{account} has taught nothing yet: the seeds judge alone"
            labelled.ERRORS.print(text, soft_wrap=True)
    return Rules(shipped(), alone=False), Learned(model, weights.of)


def _settings(asked: str) -> Settings:
    """The environment's, with these engines. Raises BadParameter for others."""
    try:
        return Settings.model_validate({"spam_engines": asked})
    except ValidationError as error:
        raise typer.BadParameter(f"{asked}: {error.errors()[0]['msg']}") from error


async def _judged(found: list[tuple[str, labelled.Said]], settings: Settings) -> list[Judged]:
    """In batches, as the service does; what became of questions is told on stderr."""
    outcomes: Counter[str] = Counter()

    def told(engine: str, outcome: str, questions: int) -> None:
        outcomes[f"{engine} {outcome}"] += questions

    engines, advisers = _engines(None), optional.advisers(settings, told)
    judged, batch = [], []
    try:
        for adviser in advisers:
            await adviser.open()
        for place, one in enumerate(labelled.with_progress(found), 1):
            batch.append(one)
            if len(batch) == _AT_ONCE or place == len(found):
                verdicts = await _verdicts([said for _, said in batch], "", engines, advisers)
                for (name, said), each in zip(batch, verdicts, strict=True):
                    judged.append(Judged(name, said["label"] == "spam", each.score, each.spam))
                batch.clear()
    finally:
        for adviser in advisers:
            await adviser.close()
    for outcome, questions in sorted(outcomes.items()):
        labelled.ERRORS.print(f"{outcome}: {questions}")
    return judged


async def _verdicts(
    given: Sequence[labelled.Said],
    account: str,
    engines: Sequence[Engine],
    advisers: Sequence[Adviser] = (),
) -> list[Verdict]:
    seen = [_features(said, account) for said in given]
    said = await opinions(seen, engines, advisers)
    return [
        verdict(thought, SpamSettings(), language_of(each.text))
        for each, thought in zip(seen, said, strict=True)
    ]


def _features(said: labelled.Said, account: str) -> Features:
    whole = whole_text(said.get("subject"), said["text"])
    text = fold(whole)
    return Features(
        account_id=account,
        text=text,
        hosts=hosts(text),
        bulk=False,
        unauthenticated=False,
        whole=whole,
        sender=str(said.get("sender") or ""),
        letter=_letter(said),
    )


def _letter(said: labelled.Said) -> Letter | None:
    """What has a subject is a mail, sent now; to whom is made up."""
    if not said.get("subject"):
        return None
    return Letter(
        sender=str(said.get("sender") or "sender@customer.example").removeprefix("email:"),
        to="help@shop.example",
        subject=str(said["subject"]),
        text=said["text"],
        sent_at=system_clock(),
        id="1@customer.example",
    )


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
