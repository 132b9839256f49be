"""The judge on trial: each promise's keeper is broken on purpose, and the run has to show it."""

from typing import Any

from tests.chaos.faults import killing
from tests.chaos.history import KINDS
from tests.chaos.run import Say, run
from tests.chaos.sabotaged import WAYS
from tests.chaos.size import Size

SIZE = Size(messages=320, conversations=12, seconds=40, recovery=15, drain=25, hand_offs=0)
"""Few conversations: so that many hands want the same ticket at once."""


async def trial(seed: int, say: Say) -> dict[str, Any]:
    """Run every way of `sabotaged`; `ok` if what was broken was seen, and nothing where it was not.

    Kills happen where each break tells: after a commit, and between writing and publishing.
    """
    counts: dict[str, dict[str, int]] = {}
    for way in WAYS:
        say(f"services with {way} broken")
        points = ("after-write:9", "after-write:6", "after-write:4")
        faults = [killing("ticketing", place % 2, point) for place, point in enumerate(points)]
        report = await run(seed, SIZE, say, faults=faults, sabotage=way, keep=False)
        counts[way] = {kind: report[kind] for kind in KINDS}
        say(f"{way}: {counts[way]}")
    ok = all(any(found.values()) is (way != "nothing") for way, found in counts.items())
    return {"ok": ok, "seed": seed, "found": counts}
