"""What is beyond an account's share waits, in its order; nothing of it is lost (ING 9)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from services.ingest.fair.gate import Gate, Told, lane_of
from services.ingest.fair.shares import SAVED_UP, Shares, turns
from shared.bus.delivery import Outgoing
from shared.topics import MESSAGES, SIGNALS
from tests.builders import a_message
from tests.ingest.memory import MemoryKeeping
from tests.memory_bus import MORNING, FakeClock

LANE = "acme:sms"


def message(contact: str, number: int, account: str = "acme") -> Outgoing:
    """A record of the topic of messages; what it says is not looked at."""
    return Outgoing(MESSAGES.name, f"{account}:sms:{contact}".encode(), f"{number}".encode())


@dataclass
class Count:
    """What a gate told."""

    kept: Counter[str] = field(default_factory=Counter)
    let_in: Counter[str] = field(default_factory=Counter)
    oldest: list[datetime | None] = field(default_factory=list)

    @property
    def told(self) -> Told:
        return Told(self._kept, self._let_in, self.oldest.append)

    def _kept(self, channel: str, count: int) -> None:
        self.kept[channel] += count

    def _let_in(self, channel: str, count: int) -> None:
        self.let_in[channel] += count


@dataclass
class Stand:
    """One gate before a list."""

    share: float | None = 1
    a_second: float = 8
    keeping: MemoryKeeping = field(default_factory=MemoryKeeping)
    clock: FakeClock = field(default_factory=FakeClock)
    published: list[Outgoing] = field(default_factory=list)
    count: Count = field(default_factory=Count)

    def __post_init__(self) -> None:
        shares = None if self.share is None else Shares(self.share)
        told = self.count.told
        self.gate = Gate(self.keeping, self._publish, self.clock, shares, self.a_second, told)

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        self.published += records


@pytest.mark.spec("ING 9")
async def test_what_is_within_the_share_passes_and_the_rest_is_kept() -> None:
    stand = Stand()
    sent = [message("anna", n) for n in range(15)]

    await stand.gate.publish(sent)

    assert stand.published == sent[: int(SAVED_UP)]
    assert [kept.record for kept in await stand.keeping.first(LANE, 100)] == sent[int(SAVED_UP) :]
    assert stand.count.kept == {"sms": 5}


@pytest.mark.spec("ING 9")
async def test_a_lane_that_waits_lets_nobody_overtake_though_its_share_has_grown() -> None:
    stand = Stand()
    await stand.gate.publish([message("anna", n) for n in range(11)])
    stand.clock.forward(hours=1)

    await stand.gate.publish([message("anna", 11), message("anna", 0, account="quiet")])
    assert [record.value for record in stand.published[10:]] == [b"0"]

    await stand.gate.let_in()
    assert [record.value for record in stand.published[11:]] == [b"10", b"11"]
    await stand.gate.let_in()
    await stand.gate.publish([message("anna", 12)])
    assert stand.published[-1].value == b"12"


@pytest.mark.spec("ING 9")
async def test_signals_and_files_are_never_kept() -> None:
    stand = Stand(share=0.1)
    stop = Outgoing(SIGNALS.name, b"acme:sms:anna", b"stop")

    await stand.gate.publish([message("anna", 0), message("anna", 1), stop])

    assert stand.published == [message("anna", 0), stop]


@pytest.mark.spec("ING 9")
async def test_without_a_share_everything_passes_and_what_was_kept_is_let_in() -> None:
    before = Stand(share=0.1)
    await before.gate.publish([message("anna", n) for n in range(3)])
    stand = Stand(share=None, keeping=before.keeping)
    stand.clock.forward(minutes=1)

    await stand.gate.publish([message("ben", n) for n in range(50)])
    await stand.gate.let_in()

    assert len(stand.published) == 52
    assert not stand.keeping.kept


async def test_who_keeps_nothing_looks_seldom_until_something_waits() -> None:
    looked: list[int] = []

    class Watched(MemoryKeeping):
        async def waiting(self, lanes: Collection[str] | None = None) -> Mapping[str, int]:
            looked.append(run)
            return await super().waiting(lanes)

    stand = Stand(share=None, a_second=4, keeping=Watched())
    for run in range(50):
        if run == 25:
            # By a replica that still has a share.
            keeper = Stand(share=0.1, keeping=stand.keeping)
            await keeper.gate.publish([message("anna", n) for n in range(4)])
            stand.clock.forward(minutes=1)
        await stand.gate.let_in()

    assert [record.value for record in stand.published] == [b"1", b"2", b"3"]
    assert looked == [0, 20, 25, 40, 41, 42, 43, 44]


@pytest.mark.spec("ING 9")
async def test_what_somebody_kept_who_died_too_soon_is_let_in() -> None:
    stand = Stand(share=0.1)
    await stand.gate.publish([message("anna", 0), message("anna", 1)])
    await stand.keeping.settled(LANE, stand.keeping.lanes[LANE].revision)

    for _ in range(3):
        await stand.gate.let_in()

    assert stand.published == [message("anna", 0), message("anna", 1)]


@pytest.mark.spec("ING 9")
async def test_one_replica_lets_in_at_a_time_and_another_when_it_is_silent() -> None:
    first = Stand(share=0.1, a_second=4)
    other = Stand(share=0.1, a_second=4, keeping=first.keeping, clock=first.clock)
    await first.gate.publish([message("anna", n) for n in range(5)])

    await first.gate.let_in()
    await other.gate.let_in()
    assert (len(first.published), len(other.published)) == (2, 0)
    assert other.count.oldest == [None]
    assert first.count.oldest == [MORNING]

    first.clock.forward(seconds=6)
    await other.gate.let_in()
    assert len(other.published) == 1


@pytest.mark.spec("ING 9")
def test_turns_are_even_and_what_is_over_goes_round() -> None:
    assert turns(["a", "b"], 10, 0) == {"a": 5, "b": 5}
    given_out: Counter[str] = Counter()
    for run in range(30):
        given_out += Counter(turns(["a", "b", "c"], 1, run))
    assert set(given_out.values()) == {10}
    assert not turns([], 10, 0)


@pytest.mark.spec("ING 9")
def test_a_share_grows_with_time_up_to_what_can_be_saved_and_a_clock_set_back_takes_nothing() -> (
    None
):
    shares = Shares(2)
    assert shares.take({"a": 100}, MORNING) == {"a": 20}
    earlier = MORNING - timedelta(hours=1)
    assert shares.take({"a": 100}, earlier) == {"a": 0}
    assert shares.take({"a": 100}, earlier + timedelta(seconds=1)) == {"a": 2}
    assert shares.take({"a": 100}, MORNING) == {"a": 20}


def test_a_lane_is_an_account_s_channel() -> None:
    record = MESSAGES.record(a_message())
    assert lane_of(record) == LANE
    assert lane_of(Outgoing(SIGNALS.name, b"acme:sms:anna", b"")) is None
    assert lane_of(Outgoing(MESSAGES.name, b"acme:webchat:c:1:2", b"")) == "acme:webchat"
