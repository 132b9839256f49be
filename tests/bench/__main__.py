"""`python -m tests.bench [--only NAME] [--json]`: speed beside its ceilings."""

import argparse
import json
import sys
import time
from collections.abc import Callable

from rich.console import Console

from tests.bench import (
    assignment,
    attribution,
    autoclose,
    cluster,
    desk,
    desk_page,
    fairness,
    footprint,
    growth,
    ingest,
    live,
    pipeline,
    spam,
    tagging,
    ticketing,
)
from tests.bench.figures import Figure, print_table

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "assignment": assignment.measure,
    "attribution": attribution.measure,
    "autoclose": autoclose.measure,
    "cluster": cluster.measure,
    "desk": lambda: [*desk.measure(), *live.measure(), *desk_page.measure()],
    "fairness": fairness.measure,
    "footprint": footprint.measure,
    "growth": growth.measure,
    "ingest": ingest.measure,
    "pipeline": pipeline.measure,
    "spam": spam.measure,
    "tagging": tagging.measure,
    "ticketing": ticketing.measure,
}

APART = ("cluster", "desk", "fairness", "footprint")
"""What takes minutes of its own is measured by `--only`; pipeline has footprint's figures too."""


def main() -> None:
    """Run what is asked for; the exit code says nothing of speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures: list[Figure] = []
    for name, measure in BENCHES.items():
        if asked.only == name or (asked.only is None and name not in APART):
            began = time.monotonic()
            figures += measure()
            sys.stderr.write(f"{name}: measured in {time.monotonic() - began:.0f} s\n")
    if asked.json:
        json.dump({"figures": [figure.document() for figure in figures]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print_table(figures, Console())


if __name__ == "__main__":
    main()
