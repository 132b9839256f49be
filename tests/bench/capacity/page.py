"""The block of numbers in docs/capacity.md, from docs/capacity.json."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench.capacity import waiting
from tests.bench.capacity.model import RATES, Costs, partitions, replicas, shards

DOCS: Final = Path(__file__).resolve().parents[3] / "docs"
STORED: Final = DOCS / "capacity.json"
PAGE: Final = DOCS / "capacity.md"
BEGIN: Final = "<!-- capacity -->"
END: Final = "<!-- /capacity -->"
LOADS: Final = (10, 100, 1_000, 10_000, 100_000)
HOPS: Final = {"TicketOpened": 3, "TicketAssigned": 5}
"""Through how many services' hands a message goes until then."""

_MISSING = "not measured"


def block(stored: Any) -> str:
    """What stands between the marks for this stored run."""
    costs = Costs.of(stored)
    return "\n".join(
        [*_a_message(costs), "", *_waits(costs), "", *_cluster(costs), "", *_plan(costs)]
    )


def with_block(page: str, text: str) -> str:
    """The page with this block in place of its own."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def _a_message(costs: Costs) -> Iterator[str]:
    yield "For a customer's first message by SMS, which opens a ticket that is assigned:"
    yield ""
    yield (
        "| service | commands at 50/s | in a backlog | documents written | bytes written"
        " | messages/s of a replica |"
    )
    yield "|---|---|---|---|---|---|"
    for name in RATES:
        each = costs.services.get(name)
        cells = [
            *(
                each and _said(each["paced"]["commands"], 1),
                each and _said(each["backlog"]["commands"], 2),
            ),
            *(
                each and _said(each["backlog"]["documents"], 1),
                each and _said(each["backlog"]["bytes"]),
            ),
            _said(costs.rate(name)),
        ]
        yield _row([name, *(cell or _MISSING for cell in cells)])
    yield ""
    records = sum(each["records"] for each in costs.topics.values()) if costs.topics else None
    yield (
        f"On the topics: {_said(records, 1)} records and {_said(costs.bytes_carried)} bytes, before"
        f" replication and compression. One primary takes the documents of"
        f" {_said(costs.database)} messages a second."
    )


def _waits(costs: Costs) -> Iterator[str]:
    yield "Waiting at 50 messages a second, by the simulation and as measured, in milliseconds:"
    yield ""
    yield "| until | | simulated | measured |"
    yield "|---|---|---|---|"
    for kind, hops in HOPS.items():
        predicted = simulated(costs, kind, hops)
        for at, name in enumerate(("p50", "p99")):
            measured = costs.value(f"six: inbound to {kind} at 50/s, {name}")
            yield _row([kind, name, _said(predicted[at] if predicted else None), _said(measured)])


def simulated(costs: Costs, kind: str, hops: int) -> tuple[float, float] | None:
    """Milliseconds, p50 and p99, at 50 a second.

    What a batch takes by itself is from the median at 5 a second, what a record takes from the
    backlog; neither is from 50 a second, where it is compared.
    """
    slow = costs.ceiling(f"six: inbound to {kind} at 50/s, p50, to 5/s")
    rates = [
        f["value"] for name, f in costs.figures.items() if name.startswith("six: a backlog of")
    ]
    if slow is None or not rates:
        return None
    each = 1 / rates[0] / hops
    stage = waiting.Stage(alone=max(slow / 1000 / hops - each, 0), each=each)
    found = sorted(waiting.delays([stage] * hops, waiting.evenly(50, 5_000)))
    return 1000 * median(found), 1000 * found[int(len(found) * 0.99)]


def _cluster(costs: Costs) -> Iterator[str]:
    yield "On one machine, as ratios:"
    yield ""
    yield "| | backlog, records/s | at 50/s, p50 | at 50/s, p99 |"
    yield "|---|---|---|---|"
    for name in ("three nodes to one", "2 replicas of each to one", "3 replicas of each to one"):
        names = (
            f"cluster: a backlog, {name}",
            *(f"cluster: to TicketAssigned at 50/s, {name}, {part}" for part in ("p50", "p99")),
        )
        ratios = [costs.figures.get(each, {}).get("ratio") for each in names]
        yield _row([name, *(_said(ratio, 2) for ratio in ratios)])


def _plan(costs: Costs) -> Iterator[str]:
    yield "What so many messages a second need, two fifths of everything kept free:"
    yield ""
    yield _row(["", *(f"{load:,}/s" for load in LOADS)])
    yield "|---" * (len(LOADS) + 1) + "|"
    for name in RATES:
        counts = [replicas(load, costs.rate(name)) for load in LOADS]
        yield _row([f"replicas of {name}", *(_said(count) for count in counts)])
    most = [
        max((replicas(load, costs.rate(name)) or 0 for name in RATES), default=0) for load in LOADS
    ]
    yield _row(["partitions", *(_said(partitions(count) if count else None) for count in most)])
    yield _row(["primaries of MongoDB", *(_said(shards(load, costs.database)) for load in LOADS)])
    for name, a_message in (
        ("GB a day to MongoDB, as written", costs.bytes_stored),
        ("GB a day to Kafka, three replicas", costs.bytes_carried and 3 * costs.bytes_carried),
    ):
        gigabytes = [
            None if a_message is None else load * a_message * 86_400 / 1e9 for load in LOADS
        ]
        yield _row([name, *(_said(each, 1 if (each or 0) < 10 else 0) for each in gigabytes)])


def _said(value: float | None, places: int = 0) -> str:
    return _MISSING if value is None else f"{value:,.{places}f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
