"""Counts come again with what changes them, and no oftener than pages can show (VWS 3, VWS 4)."""

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from services.desk.live.pages import Event, Page
from services.desk.live.recounting import Recounting
from services.desk.live.streams import Entry
from services.desk.rules.people import Who

ANN = Who("acme", "ann", "Ann")


class Counted:
    """Counts nothing, and notes for whom it was asked to."""

    def __init__(self) -> None:
        self.seats: list[AbstractSet[str] | None] = []
        self.broken = False

    async def counted(
        self, _: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        self.seats.append(seats)
        if self.broken:
            raise ValueError("away")
        return {who.id: Event("counts", str(len(self.seats))) for who in people}


def changed(*of: str, known: bool = True) -> Entry:
    body: dict[str, Any] = {"ticket_id": "t", "of": list(of) if known else None}
    return Entry("1-0", "ticket", body)


async def told(page: Page) -> Event:
    event = await asyncio.wait_for(page.events.get(), 10)
    assert event is not None
    return event


@pytest.mark.spec("VWS 3")
async def test_a_change_is_counted_at_once_and_those_that_follow_together() -> None:
    counts, page = Counted(), Page(ANN, "0-0")
    recounting = Recounting(counts, {"acme": [page]})

    recounting.after("acme", [changed("ann")])
    first = await told(page)
    recounting.after("acme", [changed("ben")])
    recounting.after("acme", [changed("cleo", "")])
    second = await told(page)
    recounting.stop()

    assert (first.data, second.data) == ("1", "2")
    assert counts.seats == [{"ann"}, {"ben", "cleo", ""}]


@pytest.mark.spec("VWS 4")
@pytest.mark.parametrize(
    "entry", [changed(known=False), Entry("1-0", "settings", {}), Entry("1-0", "reload", {})]
)
async def test_what_may_have_changed_anybodys_counts_counts_everybodys(entry: Entry) -> None:
    counts, page = Counted(), Page(ANN, "0-0")
    recounting = Recounting(counts, {"acme": [page]})

    recounting.after("acme", [entry, changed("ann")])
    await told(page)
    recounting.stop()

    assert counts.seats == [None]


async def test_what_changes_no_count_is_not_counted() -> None:
    counts, page = Counted(), Page(ANN, "0-0")
    recounting = Recounting(counts, {"acme": [page]})

    recounting.after("acme", [Entry("1-0", "here", {"ticket_id": "t", "there": {}})])
    await asyncio.sleep(0)

    assert counts.seats == []


async def test_pages_fetch_for_themselves_where_counting_fails_and_it_is_tried_again() -> None:
    counts, page = Counted(), Page(ANN, "0-0")
    recounting = Recounting(counts, {"acme": [page]})
    counts.broken = True

    recounting.after("acme", [changed("ann")])
    assert (await told(page)).type == "reload"
    counts.broken = False
    await asyncio.sleep(0)
    recounting.after("acme", [changed("ann")])

    assert (await told(page)).type == "counts"
    recounting.stop()
