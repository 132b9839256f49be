"""What `helpdesk accounts` says: data on stdout, remarks on stderr, nothing terminals obey."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from shared.bus.account_changes import History
from shared.cli.account_applying import Outcomes
from shared.cli.account_plans import (
    Plan,
    changed_meanwhile,
    heading,
    lines,
    outcome_document,
    planned,
    refusal,
    unknown_fields,
)
from shared.cli.plain import tame


def say(said: Iterable[str]) -> None:
    """Print lines of data."""
    out = Console(highlight=False, soft_wrap=True)
    for line in said:
        out.print(tame(line))


def remark(text: str) -> None:
    """Print a line beside the data."""
    _remarks([text])


def _remarks(said: Iterable[str]) -> None:
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in said:
        err.print(tame(line), style="dim")


def error(text: str) -> None:
    """Print what is wrong."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    err.print(Text("error: ", "bold red"), tame(text), sep="")


def print_json(said: Any) -> None:  # noqa: ANN401  # as JSON has it
    """Print one JSON document."""
    typer.echo(json.dumps(said, ensure_ascii=False, indent=2))


def plans(found: Sequence[Plan]) -> None:
    """Print what would change."""
    changing = [plan for plan in found if plan.changes]
    for plan in changing:
        say([heading(plan), *lines(plan.differences)])
    if len(changing) < len(found):
        alike = len(found) - len(changing)
        remark(f"{alike} of {len(found)} accounts are in force as the files have them")


def warnings(found: Sequence[Plan]) -> None:
    """Say why a plan cannot be carried out, and what it would take along."""
    for plan in found:
        if plan.stale:
            error(f"{plan.account}: {plan.stale}")
            if plan.since:
                _remarks(["changed by others since then:", *lines(plan.since)])
        if plan.changes and (strange := unknown_fields(plan.history)):
            remark(
                f"{plan.account}: this version does not know {', '.join(strange)}:"
                " publishing takes that away"
            )
    unsettled([plan.history for plan in found])


def unsettled(found: Iterable[History]) -> None:
    """Say for which of these accounts the topic's last record is one that lost."""
    for history in found:
        if not history.settled:
            remark(
                f"{history.account}: a change that lost and was cut off lies last on the topic;"
                " the next `helpdesk accounts apply` of any file mends that"
            )


def outcomes(found: Sequence[Plan], became: Outcomes, *, as_json: bool) -> None:
    """Print what became of what was published."""
    for plan in found:
        if (outcome := became.get(plan.account)) is None:
            continue
        if outcome.fate == "refused":
            error(f"{plan.account}: {refusal(outcome)}; yours was not taken")
        elif not as_json:
            say([f"{plan.account}: {outcome.fate}, revision {outcome.revision or 'none'}"])
        if outcome.replaced:
            remark(f"{plan.account}: it took the place of what nobody saw: {outcome.replaced.told}")
        if meanwhile := changed_meanwhile(plan, outcome):
            _remarks(["changed by others meanwhile:", *lines(meanwhile)])


def document(found: Sequence[Plan], became: Outcomes, *, dry_run: bool) -> None:
    """Print the plans, and what became of them, as JSON."""
    said = [
        outcome_document(plan, became[plan.account]) if plan.account in became else planned(plan)
        for plan in found
    ]
    print_json({"accounts": said, "dry_run": dry_run})
