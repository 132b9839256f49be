"""What a batch of several items leaves in the document that it writes."""

from tests.memory import MemoryAggregates
from tests.shared.broken import made
from tests.shared.toy import Item, Ticket
from tests.shared.world import World


async def test_a_document_keeps_in_mind_those_of_a_batch_that_it_sent_elsewhere() -> None:
    store: MemoryAggregates[Ticket] = MemoryAggregates()
    tickets = made(store, World().publish)
    opening = Item("mail", "m0", "s", author="ann")
    strangers = Item("mail", "m1", "s", author="bob")

    await tickets.apply([opening, Item("note", "n", "s"), strangers])

    document = store.documents["acme/ticket-of-m0"]
    assert document.state.thread == ("m0", "n")
    assert [item for item, _ in document.sent_away] == ["m1"]
    assert store.documents["acme/ticket-of-m1"].state.thread == ("m1",)
