"""Tagging's commands for operators, part of `helpdesk`."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.tagging.evaluation import Judged, curve, report
from services.tagging.handlers import settings_of
from services.tagging.rules.choosing import Fit, chosen, logits_above
from services.tagging.rules.own_tags import OwnTags, of_seeds
from shared.bus.accounts import AccountsTable
from shared.cli import labelled
from shared.contracts.accounts import TAGS
from shared.learning.features import hashed
from shared.learning.languages import language_of
from shared.learning.models import WHICH_TAGS, whole
from shared.learning.seeds import whole_text
from shared.learning.teaching import WeightsTable
from shared.learning.text import fold
from shared.topics import ACCOUNTS, WEIGHTS

app = typer.Typer()
_tags = typer.Typer(help="See which tags messages get.", no_args_is_help=True)
app.add_typer(_tags, name="tags")

_out = Console(highlight=False)

Judge = Callable[[labelled.Said], tuple[list[Fit], dict[str, float]]]
"""The tags that a message gets, and how far each tag's logit is above its cut."""


@_tags.command(epilog="Example: helpdesk tags score --account acme < messages.jsonl")
def score(
    *,
    account: Annotated[
        str | None,
        typer.Option(help="Whose tags and lessons count: they are read from Kafka."),
    ] = None,
) -> None:
    """Choose tags for messages, one a line of JSON on stdin: id, text, and subject if there is one.

    Prints a line for each: id, tags, reasons, model, language.

    Exit codes: 1 also when a line is no message; the others are told.
    """
    judge = _judge(account)
    model = whole(WHICH_TAGS).version

    def told(said: labelled.Said) -> labelled.Said:
        fits, _ = judge(said)
        return {
            "id": said.get("id"),
            "tags": [fit.tag for fit in fits],
            "reasons": [
                {"tag": fit.tag, "logit": round(fit.logit, 2), "words": fit.words} for fit in fits
            ],
            "model": model,
            "language": language_of(fold(_whole(said))),
        }

    labelled.answer_each(told)


@_tags.command("eval", epilog="Example: helpdesk tags eval labelled/ --json")
def evaluate(
    folder: labelled.Folder,
    *,
    as_json: labelled.AsJson = False,
    picture: labelled.Picture = None,
) -> None:
    """Tell how many messages are tagged and how many of the tags fit, set by set and tag by tag.

    Files are JSON lines (`tags`: a list) or CSV with a heading (`tags`: separated by semicolons),
    with `text` and perhaps `subject`.
    """
    found = labelled.labelled(folder, "tags", _wrong)
    judge = _judge(None)
    judged = []
    for name, said in labelled.with_progress(found):
        fits, above = judge(said)
        given = frozenset(fit.tag for fit in fits)
        judged.append(Judged(name, frozenset(_labels(said)), given, above))
    labelled.tell(
        report(judged), as_json=as_json, show=_print, picture=picture, draw=lambda: curve(judged)
    )


def _judge(account: str | None) -> Judge:
    model = whole(WHICH_TAGS)
    weights, accounts = WeightsTable("tags", model.version), AccountsTable()
    if account is not None:
        asyncio.run(_read(weights, accounts))
        if accounts.get(account) is None:
            labelled.ERRORS.print(f"{account} is no account: the nine tags alone", soft_wrap=True)
    name = account or ""
    settings = settings_of(accounts, name)
    own = OwnTags(model, of_seeds, lambda _: settings)
    deltas = (own.of(name), weights.of(name).delta)

    def judge(said: labelled.Said) -> tuple[list[Fit], dict[str, float]]:
        whole = _whole(said)
        above = logits_above(model, deltas, settings, hashed(whole))
        return chosen(model, deltas, settings, hashed(whole), whole), above

    return judge


async def _read(weights: WeightsTable, accounts: AccountsTable) -> None:
    await labelled.apply_all(ACCOUNTS, accounts.apply)
    await labelled.apply_all(WEIGHTS, weights.apply)


def _whole(said: labelled.Said) -> str:
    return whole_text(said.get("subject"), said["text"])


def _labels(said: labelled.Said) -> list[str]:
    tags = said["tags"]
    return (
        tags if isinstance(tags, list) else [tag.strip() for tag in tags.split(";") if tag.strip()]
    )


def _wrong(said: labelled.Said) -> str:
    if not isinstance(said.get("tags"), list | str):
        return "`tags` has to be a list, or names separated by semicolons"
    strangers = [tag for tag in _labels(said) if tag not in TAGS]
    return f"{strangers[0]!r} is none of {', '.join(TAGS)}" if strangers else ""


def _print(told: dict[str, Any]) -> None:
    for kind, heads in (
        ("set", ("messages", "tagged", "precision", "recall")),
        ("tag", ("messages", "given", "precision", "recall")),
    ):
        table = Table(box=None)
        for heading in (kind, *heads):
            table.add_column(heading, justify="left" if heading == kind else "right")
        for each in told[f"{kind}s"]:
            table.add_row(each[kind], *(_cell(each[head]) for head in heads))
        _out.print(table)


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value * 100:.1f} %"
