"""docs/capacity.md shows the stored run, and the simulation agrees with what can be computed."""

import json
from statistics import fmean

import pytest

from tests.bench.capacity.counted import asked_for
from tests.bench.capacity.model import Costs, partitions, replicas, shards
from tests.bench.capacity.page import BEGIN, END, PAGE, STORED, block, simulated, with_block
from tests.bench.capacity.waiting import Stage, at_random, delays, evenly
from tests.bench.tape import Asked


def test_the_page_shows_the_stored_run() -> None:
    stored = json.loads(STORED.read_text())
    page = PAGE.read_text()
    assert page.count(BEGIN) == page.count(END) == 1
    assert with_block(page, block(stored)) == page, "run `python -m tests.bench.capacity`"


def test_a_page_can_be_made_of_a_run_that_measured_nothing() -> None:
    assert "not measured" in block({})


@pytest.mark.parametrize("load", [0.2, 0.5, 0.8])
def test_one_at_a_time_the_simulated_wait_is_that_of_the_formula(load: float) -> None:
    stage = Stage(alone=0.0, each=0.01, most=1)
    waited = fmean(delays([stage], at_random(load / 0.01, 200_000))) - 0.01
    assert waited == pytest.approx(load * 0.01 / (2 * (1 - load)), rel=0.1)


def test_batches_take_more_than_one_at_a_time_would() -> None:
    batches = Stage(alone=0.02, each=0.0005)
    single = Stage(alone=0.02, each=0.0005, most=1)
    arrivals = evenly(500, 5_000)
    assert max(delays([batches], arrivals)) < 0.1
    assert max(delays([single], arrivals)) > 10


def test_beyond_a_record_s_own_time_the_wait_grows_for_as_long_as_the_load_lasts() -> None:
    stage = Stage(alone=0.01, each=0.01)
    short, long = (max(delays([stage], evenly(200, count))) for count in (1_000, 10_000))
    assert long > 5 * short


def test_nothing_overtakes_and_stages_add_up() -> None:
    stage = Stage(alone=0.01, each=0.001)
    arrivals = evenly(5, 50)
    assert delays([stage] * 3, arrivals) == pytest.approx([0.033] * 50)


def test_what_is_needed_has_headroom_and_a_second_replica() -> None:
    assert replicas(10, 1_000) == 2
    assert replicas(6_000, 1_000) == 10
    assert replicas(10, None) is None
    assert (partitions(2), partitions(10)) == (12, 20)
    assert shards(6_000, 1_000) == 10


def test_the_simulation_uses_nothing_that_was_measured_at_the_load_it_tells_of() -> None:
    figures = [
        {
            "name": "six: inbound to TicketOpened at 50/s, p50, to 5/s",
            "value": 999.0,
            "ceiling": 30.0,
        },
        {"name": "six: a backlog of 20,000, to the database's writes alone", "value": 500.0},
    ]
    found = simulated(Costs.of({"figures": figures}), "TicketOpened", 3)
    assert found is not None
    assert 29.9 < found[0] <= found[1] < 90


def test_what_is_counted_is_each_for_a_message_and_a_bulk_is_one_command() -> None:
    tape = [
        Asked(0, 1, {"find": "tickets", "filter": {}}),
        Asked(1, 2, {"insert": "tickets", "documents": [{"_id": n} for n in range(4)]}),
    ]
    counted = asked_for(tape, 4)
    assert (counted["commands"], counted["writes"], counted["documents"]) == (0.5, 0.25, 1.0)
    assert counted["bytes"] > 4
