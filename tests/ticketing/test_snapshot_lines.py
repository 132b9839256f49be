"""What becomes of a thread's entries in a snapshot, one by one (VWS 9)."""

from typing import Any

from services.ticketing.rules.snapshots import lines_of, owed_lines
from services.ticketing.rules.thread_lines import as_shown
from services.ticketing.rules.ticket import Ticket
from shared.stores.documents import Entry, Pending
from tests.builders import MONDAY
from tests.ticketing.world import World, a_ticket


def entry(entry_id: str, seq: int, **more: Any) -> dict[str, Any]:
    """An entry of the ledger, a message unless `kind` says."""
    said = {
        "_id": entry_id,
        "account_id": "acme",
        "kind": "message",
        "shown": True,
        "sent_at": MONDAY,
        "received_at": MONDAY,
        "seq": seq,
        "text": "old",
    }
    return said | more


def owed(**said: Any) -> Pending:
    """The same, still in an outbox."""
    entry_id = said.pop("_id")
    return Pending(entry_id, Entry(entry_id, said))


async def ticket_at(seq: int) -> Ticket:
    return (await a_ticket(World(), "sms")).model_copy(update={"seq": seq})


async def test_what_came_after_the_ticket_was_read_is_left_to_the_stream() -> None:
    ticket = await ticket_at(4)
    lines = lines_of(ticket, [entry("m4", 4), entry("m5", 5)])

    assert [line.id for line in lines] == ["m4"]


async def test_an_erased_line_is_a_deleted_one() -> None:
    ticket = await ticket_at(4)
    [plain, erased] = lines_of(ticket, [entry("m3", 3), entry("m4", 4, text="", erased=True)])

    assert (plain.deleted, erased.deleted) == (False, True)


def test_what_an_outbox_owes_and_the_thread_has_already_is_told_once() -> None:
    lines, _ = owed_lines("t1", [owed(**entry("m1", 2)), owed(**entry("m2", 3))], [entry("m1", 2)])

    assert [line["_id"] for line in lines] == ["m2"]


def test_an_edit_that_an_outbox_still_owes_is_shown() -> None:
    edit = entry("e1", 3, kind="edit", shown=False, message_id="m1", version=2, text="new")
    lines, later = owed_lines("t1", [owed(**edit)], [entry("m1", 2)])
    [shown] = as_shown([*lines, entry("m1", 2)], later)

    assert (shown["text"], shown["edited"]) == ("new", 2)
