"""`python -m tests.chaos.table`: inject every fault by itself, and write down what came of it."""

import argparse
import asyncio
import json
import logging
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from shared.embedded.servers import ServerError
from tests.chaos.table import rendering
from tests.chaos.table.running import rows
from tests.chaos.table.troubles import ALL
from tests.servers import CHECKOUT


def main() -> int:
    """Run once, or render anew; the exit code: 0 if all is as it should be, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.table", description=__doc__)
    names = [trouble.name for trouble in ALL]
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--only", action="append", choices=names, help="again for several")
    parser.add_argument("--seed", type=int, help="repeats the customers; drawn if not given")
    parser.add_argument("--write", action="store_true", help="keep it in docs/: all, or these rows")
    parser.add_argument("--render", action="store_true", help="run nothing; write docs/faults.md")
    parser.add_argument("--chaos", type=Path, help="`make chaos JSON=1` to keep with it")
    arguments = parser.parse_args()
    if arguments.render:
        rendering.PAGE.write_text(rendering.page(json.loads(rendering.RESULTS.read_text())))
        return 0
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False, soft_wrap=True)

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    chosen = [trouble for trouble in ALL if trouble.name in (arguments.only or names)]
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(900)
    say(f"seed {seed}")
    try:
        found = asyncio.run(rows(chosen, seed, say))
    except ServerError as error:
        console.print(f"error: {error}", markup=False)
        return 2
    took = round(time.monotonic() - began)
    results = rendering.results(found, seed, took, _commit(), _chaos(arguments.chaos))
    if arguments.write:
        kept = json.loads(rendering.RESULTS.read_text()) if arguments.only else None
        rendering.write(rendering.merged(kept, results) if kept else results)
    if arguments.json:
        sys.stdout.write(json.dumps(results) + "\n")
    else:
        sys.stdout.write(rendering.page(results))
    return 0 if results["ok"] else 1


def _chaos(file: Path | None) -> dict[str, Any] | None:
    """The report given, else the one that was kept the last time."""
    if file is not None:
        report: dict[str, Any] = json.loads(file.read_text())
        return report
    if rendering.RESULTS.exists():
        kept: dict[str, Any] | None = json.loads(rendering.RESULTS.read_text())["chaos"]
        return kept
    return None


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown commit"


if __name__ == "__main__":
    sys.exit(main())
