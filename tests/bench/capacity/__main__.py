"""`python -m tests.bench.capacity [--bench FILE] [--counted FILE]`: write docs/capacity.md anew.

FILE is what `make bench JSON=1` or `python -m tests.bench.capacity.counted` printed; it replaces
what docs/capacity.json has of that. Figures of benches that were not run stay.
"""

import argparse
import json
from pathlib import Path

from tests.bench.capacity.page import PAGE, STORED, block, with_block


def main() -> None:
    """Store what is given, and write the block."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path)
    parser.add_argument("--counted", type=Path)
    asked = parser.parse_args()
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    if asked.bench:
        kept = {figure["name"]: figure for figure in stored.get("figures", [])}
        fresh = {f["name"]: f for f in json.loads(asked.bench.read_text())["figures"]}
        stored["figures"] = list((kept | fresh).values())
    if asked.counted:
        stored["counted"] = json.loads(asked.counted.read_text())
    STORED.write_text(json.dumps(stored, indent=2) + "\n")
    PAGE.write_text(with_block(PAGE.read_text(), block(stored)))


if __name__ == "__main__":
    main()
