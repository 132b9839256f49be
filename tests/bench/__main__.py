"""`python -m tests.bench [--only NAME] [--json]`: speed beside its ceilings."""

import argparse
import json
import sys
from collections.abc import Callable

from rich.console import Console

from tests.bench import desk, desk_page, ingest, live, pipeline, spam, tagging, ticketing
from tests.bench.figures import Figure, print_table

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "desk": lambda: [*desk.measure(), *live.measure(), *desk_page.measure()],
    "ingest": ingest.measure,
    "pipeline": pipeline.measure,
    "spam": spam.measure,
    "tagging": tagging.measure,
    "ticketing": ticketing.measure,
}


def main() -> None:
    """Run what is asked for; the exit code says nothing of speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures: list[Figure] = []
    for name, measure in BENCHES.items():
        if asked.only in (None, name):
            figures += measure()
    if asked.json:
        json.dump({"figures": [figure.document() for figure in figures]}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print_table(figures, Console())


if __name__ == "__main__":
    main()
