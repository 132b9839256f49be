"""`python -m tests.chaos`: break everything, and account for every record."""

import argparse
import asyncio
import json
import logging
import secrets
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

from shared.embedded.servers import ServerError
from tests.chaos import history
from tests.chaos.run import run
from tests.chaos.size import Size
from tests.chaos.trial import trial


def main() -> int:
    """Run once; the exit code: 0 if nothing was lost, doubled or wrong, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--seed", type=int, help="repeats a schedule; drawn if not given")
    parser.add_argument(
        "--self-test", action="store_true", help="break the services, and see that it shows"
    )
    parser.add_argument("--minutes", type=float, default=4.5, help="how long, at the full pace")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(100_000)
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False, soft_wrap=True)

    seconds = max(arguments.minutes * 60 - 105, 60)
    size = Size(messages=max(2100, int(seconds * 12.5)), seconds=seconds)
    # The clients tell of every moment in which the broker is away.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    say(f"seed {seed}")
    try:
        if arguments.self_test:
            report = asyncio.run(trial(seed, say))
        else:
            report = asyncio.run(run(seed, size, say))
    except ServerError as error:
        console.print(f"error: {error}", markup=False)
        return 2
    if arguments.json:
        sys.stdout.write(json.dumps(report) + "\n")
    elif arguments.self_test:
        _show_trial(report)
    else:
        _show(report)
    return 0 if report["ok"] else 1


def _show_trial(report: dict[str, Any]) -> None:
    table = Table("broken on purpose", *(kind.replace("_", " ") for kind in history.KINDS))
    for way, found in report["found"].items():
        table.add_row(way, *(str(found[kind]) for kind in history.KINDS))
    console = Console(highlight=False)
    console.print(table)
    console.print("the judge sees what is broken" if report["ok"] else "THE JUDGE IS BLIND")


def _show(report: dict[str, Any]) -> None:
    table = Table("fault", "what happened", "checked", "recovered in")
    for fault in report["faults"]:
        took = "not in time" if fault["recovery_s"] is None else f"{fault['recovery_s']} s"
        checked = "ok" if fault["ok"] else "FAILED"
        if fault["crashes"]:
            checked += f", {len(fault['crashes'])} ended by themselves"
        table.add_row(fault["name"], fault["about"], checked, took)
    console = Console(highlight=False)
    console.print(table)
    counts = ", ".join(f"{kind.replace('_', ' ')} {report[kind]}" for kind in history.KINDS)
    console.print(f"{report['sent']} messages, {report['kills']} kills: {counts}")
    console.print(f"seed {report['seed']}: {'nothing is missing' if report['ok'] else 'FAILED'}")
    if "history" in report:
        console.print(f"the history is in {report['history']}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
