"""What benchmarks compute: from commits, tapes and events to figures."""

import struct
from collections.abc import Sequence
from typing import Any

import pytest

from shared.bus.delivery import Outgoing
from tests.bench import tape, workload
from tests.bench.autoclose import DUE, FEW, ROUNDS, timer
from tests.bench.figures import Figure
from tests.bench.footprint import resident, taken
from tests.bench.growth import copies
from tests.bench.places import paced, quantile
from tests.bench.progress import Progress, committed, summed
from tests.bench.replay import Part, due, grouped
from tests.bench.sightings import Sightings
from tests.bench.tape import Asked


def test_a_ratio_is_compared_and_where_there_is_none_the_value() -> None:
    assert Figure("a", 8, "1/s", 10, 0.7, "more").met
    assert not Figure("a", 6, "1/s", 10, 0.7, "more").met
    assert Figure("a", 2.9, "s", None, 3, "less").met
    assert not Figure("a", 30, "ms", 10, 2, "less").met


def test_a_quantile_is_what_so_many_have_at_most() -> None:
    values = [float(n) for n in range(100, 0, -1)]

    assert quantile(values, 0.5) == 51
    assert quantile(values, 0.99) == 100
    assert quantile([7.0], 0.99) == 7


def test_commits_of_all_partitions_are_summed_and_a_repeat_adds_nothing() -> None:
    commits = [
        (3.0, ("t", 0, 10)),
        (1.0, ("t", 0, 4)),
        (2.0, ("t", 1, 5)),
        (4.0, ("t", 0, 4)),
        (4.0, ("t", 1, 6)),
    ]

    assert summed(commits) == Progress([1.0, 2.0, 3.0, 4.0], [4, 9, 15, 16])


def test_a_rate_counts_what_came_after_the_commit_that_begins_it() -> None:
    progress = Progress([10.0, 11.0, 12.0, 14.0], [100, 200, 300, 1000])

    assert progress.rate() == (1000 - 100) / 4
    assert progress.between(150, 300) == 100


def test_a_commit_is_read_as_the_broker_stores_it() -> None:
    key = struct.pack(">hh1sh5si", 1, 1, b"g", 5, b"topic", 3)
    value = struct.pack(">hqih", 3, 42, -1, 0)

    assert committed(key, value) == ("g", "topic", 3, 42)


def test_what_is_no_commit_is_passed_by() -> None:
    member = struct.pack(">hh1s", 2, 1, b"g")

    assert committed(member, b"anything") is None
    assert committed(struct.pack(">hh1sh1si", 1, 1, b"g", 1, b"t", 0), b"") is None


async def test_records_are_sent_at_their_moments_each_once() -> None:
    sent: list[int] = []

    async def send(number: int) -> None:
        sent.append(number)

    await paced([Outgoing("t", None, None)] * 5, 1000, send)

    assert sorted(sent) == [0, 1, 2, 3, 4]


def test_a_message_is_paired_with_the_events_of_its_ticket() -> None:
    seen = Sightings()
    seen.note(_event("TicketOpened", "t1"), 10.5)
    assert not seen.has(7)
    seen.note(_event("CustomerWrote", "t1", text="Order 7."), 10.6)
    assert not seen.has(7)
    seen.note(_event("TicketAssigned", "t1"), 11.0)
    seen.note(_event("TicketAssigned", "t1"), 99.0)
    seen.note(_event("TicketOpened", "t2"), 10.9)

    assert seen.has(7)
    assert not seen.has(8)
    assert seen.delays({7: 10.0}, "TicketOpened") == [0.5]
    assert seen.delays({7: 10.0}, "TicketAssigned") == [1.0]


@pytest.mark.parametrize("number", range(3))
def test_each_text_of_the_workload_tells_its_number(number: int) -> None:
    (record,) = workload.inbound_sms(range(number, number + 1))

    assert workload.number_in((record.value or b"").decode()) == number


def test_commands_under_way_at_once_are_asked_together() -> None:
    find, insert, update = (_asked(n, n + 2.0, name) for n, name in enumerate(("a", "b", "c")))

    assert grouped([find, insert, update]) == [[find.command, insert.command], [update.command]]


def test_neighbouring_writes_of_a_kind_are_one_in_bulk_and_reads_are_left_out() -> None:
    asked = [
        _inserted("a", [1]),
        _asked(0, 1, "a"),
        _inserted("a", [2, 3]),
        _inserted("b", [4]),
        _inserted("a", [5]),
    ]

    merged = tape.bulk(asked, 100)

    assert [command["documents"] for command in merged] == [[1, 2, 3], [4], [5]]
    assert asked[0].command["documents"] == [1]


def test_a_command_in_bulk_holds_no_more_than_it_may() -> None:
    merged = tape.bulk([_inserted("a", [n]) for n in range(5)], 2)

    assert [command["documents"] for command in merged] == [[0, 1], [2, 3], [4]]


def test_looking_in_vain_after_the_last_write_is_no_work() -> None:
    asked = [_asked(0, 1, "a"), _inserted("a", [1]), _asked(2, 3, "a")]

    assert tape.until_last_write(asked) == asked[:2]
    assert tape.until_last_write(asked[2:]) == []


def test_a_bare_loop_is_through_with_all_once_all_has_come() -> None:
    part = Part("autoclose", (), records=7)

    assert [due(part, done, range(10)) for done in (0, 1, 7, 9)] == [0, 1, 10, 10]


def test_a_copy_of_a_ticket_has_ids_of_its_own_and_the_same_length() -> None:
    ticket = "b9c2e8e0-0000-4000-8000-000000000000"
    stored = [f"{ticket} sms:e164:tape000012".encode(), f"tape-000034 of {ticket}".encode()]

    first, second = list(copies(stored, ticket, range(5, 6)))

    assert first == b"%036d sms:e164:fill000005" % 5
    assert second == b"fill-000005 of %036d" % 5


def test_of_the_timers_as_many_are_due_in_each_turn() -> None:
    at = [timer(number).due_at for number in range(2 * ROUNDS * DUE + 1)]

    assert 2 * ROUNDS * DUE < FEW
    for turn in range(2 * ROUNDS - 1):
        assert max(at[turn * DUE : (turn + 1) * DUE]) < min(at[(turn + 1) * DUE :])


def test_what_linux_says_of_a_process_is_understood() -> None:
    assert resident("Name:\tpython\nVmRSS:\t    2048 kB\nThreads:\t1\n") == 2
    assert taken("17 (a (b) c) S " + " ".join(str(n) for n in range(4, 53))) == 14 + 15


def _event(kind: str, ticket: str, text: str = "") -> bytes:
    return f'{{"type": "{kind}", "ticket_id": "{ticket}", "text": "{text}"}}'.encode()


def _asked(at: float, until: float, collection: str) -> Asked:
    return Asked(at, until, {"find": collection})


def _inserted(collection: str, documents: Sequence[Any]) -> Asked:
    return Asked(0, 0, {"insert": collection, "ordered": False, "documents": [*documents]})
