"""The page of the table, from the results of a run; its prose is in `page.md`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.chaos.history import KINDS
from tests.chaos.table.running import Row
from tests.servers import CHECKOUT

PAGE: Final = CHECKOUT / "docs" / "faults.md"
RESULTS: Final = CHECKOUT / "docs" / "faults.json"
OF_OLD_MESSAGES: Final = ("HelpdeskLatencyBudgetBurnsFast", "HelpdeskLatencyBudgetBurnsSlowly")
_PROSE: Final = Path(__file__).with_name("page.md")
Json = Mapping[str, Any]


def results(
    rows: Sequence[Row], seed: int, took: int, commit: str, chaos: Json | None
) -> dict[str, Any]:
    """One JSON document of a run; `chaos` is the report of `make chaos` that goes with it."""
    return {
        "ok": all(row.ok for row in rows),
        "commit": commit,
        "seed": seed,
        "took_s": took,
        "rows": [asdict(row) | {"ok": row.ok} for row in rows],
        "chaos": chaos and dict(chaos),
    }


def merged(kept: Json, fresh: Json) -> dict[str, Any]:
    """The kept results with those rows that were run again; both commits are named."""
    again = {row["name"]: row for row in fresh["rows"]}
    rows = [again.pop(row["name"], row) for row in kept["rows"]] + list(again.values())
    commits = dict.fromkeys((*kept["commit"].split(" and "), fresh["commit"]))
    return {
        **kept,
        "ok": all(row["ok"] for row in rows),
        "commit": " and ".join(commits),
        "rows": rows,
        "chaos": fresh["chaos"],
    }


def write(document: Json) -> None:
    """Replace the results and the page."""
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    PAGE.write_text(page(document))


def page(document: Json) -> str:
    """Markdown for people."""
    rows = document["rows"]
    out = [f"`{r['name']}` ({r['about']}): {r['left_out']}" for r in rows if r["left_out"]]
    notes = [f"`{row['name']}`: {note}." for row in rows for note in row["notes"]]
    wrong = [f"`{row['name']}`: {each}" for row in rows for each in row["wrong"]]
    aside = (
        _list("**Left out of this run:**", out)
        + _list("Measured beside that:", notes)
        + _list("**What was wrong:**", wrong)
    )
    return _PROSE.read_text().format(
        commit=document["commit"],
        minutes=round(document["took_s"] / 60),
        rows="".join(_line(row) for row in rows if not row["left_out"]),
        aside=aside,
        chaos=_chaos(document["chaos"]) if document["chaos"] else "",
    )


def _list(title: str, lines: Sequence[str]) -> str:
    return f"\n{title}\n\n" + "".join(f"- {line}\n" for line in lines) if lines else ""


def _line(row: Json) -> str:
    expected = row["expected"]
    fired = [name for name in row["alerts"] if name != expected and name not in OF_OLD_MESSAGES]
    told = "none"
    if expected:
        told = f"`{expected}`: " + (
            "**did not fire**"
            if expected not in row["alerts"]
            else "fired, ended"
            if row["resolved"]
            else "fired, **did not end**"
        )
    cells = (
        f"`{row['name']}`",
        row["about"],
        f"{row['lasted_s']} s",
        told,
        ", ".join(f"`{name}`" for name in fired) or "none",
        f"{'; '.join(row['checked'])}: "
        + ("**wrong**" if row["findings"] or row["wrong"] else f"held, {row['sent']} messages"),
        "**not in time**" if row["recovery_s"] is None else f"{row['recovery_s']} s",
        f"{row['longest_s']} s",
    )
    return f"| {' | '.join(cells)} |\n"


def _chaos(report: Json) -> str:
    """What `make chaos` measured, a line a fault."""
    lines = "".join(
        f"| {fault['name']} | {fault['about']} | "
        + ("**not in time**" if fault["recovery_s"] is None else f"{fault['recovery_s']} s")
        + " |\n"
        for fault in report["faults"]
    )
    counts = ", ".join(f"{kind.replace('_', ' ')} {report[kind]}" for kind in KINDS)
    return (
        "\n## All at once\n\n"
        "`make chaos` injects these one after the other, in an order that is drawn, into two\n"
        "replicas of every service on one node of Apache Kafka, and judges once, at the end.\n"
        f"This run, of seed {report['seed']}, had {report['sent']} messages and"
        f" {report['kills']} kills: {counts}.\n\n"
        "| fault | what happens | back after |\n|---|---|---|\n"
        f"{lines}"
    )
