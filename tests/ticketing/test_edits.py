"""Messages that are edited or taken back, in whatever order that is heard (ING 4)."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Channel
from shared.contracts.commands import CloseTicket
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import CustomerDeleted, CustomerEdited
from tests.builders import a_command, a_deletion, a_message, an_edit, an_inbound_mail, minutes
from tests.examples import examples
from tests.ticketing.promises import check
from tests.ticketing.turns import a_turn, finish, interleaved
from tests.ticketing.world import Item, World

MESSAGE = a_message(channel="whatsapp", id="m", text="as it was")
SECOND = an_edit(of=MESSAGE, id="e2", version=2, text="second")
THIRD = an_edit(of=MESSAGE, id="e3", version=3, text="third")
GONE = a_deletion(of=MESSAGE, id="d")
NEXT = a_message(channel="whatsapp", id="n", at=minutes(5), text="next")


async def shown(world: World, message: InboundMessage = MESSAGE) -> tuple[str, bool]:
    """The text of the message in its thread, and whether it was taken back."""
    lines = await world.store.thread(world.ticket_of(message).id)
    (line,) = [line for line in lines if line["_id"] == message.id]
    return line["text"], line.get("deleted", False)


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("order", list(permutations([MESSAGE, SECOND, THIRD])))
async def test_the_newest_version_wins_in_whatever_order_it_comes(order: list[Item]) -> None:
    one_by_one, at_once = World(), World()
    await one_by_one.happen(*order)
    await at_once.batch(order)
    for world in (one_by_one, at_once):
        assert await shown(world) == ("third", False)
        assert world.facts(CustomerEdited)[-1].text == "third"
        check(world, list(order))


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("order", list(permutations([MESSAGE, SECOND, THIRD, GONE])))
async def test_a_deletion_is_final_in_whatever_order_it_comes(order: list[Item]) -> None:
    world = World()
    await world.happen(*order)
    assert await shown(world) == ("", True)
    (line,) = await world.store.thread(world.ticket.id)
    assert "message" not in line
    assert isinstance(world.events()[-1], CustomerDeleted)
    assert len(world.facts(CustomerDeleted)) == 1
    assert len({event.version for event in world.facts(CustomerEdited)}) == len(
        world.facts(CustomerEdited)
    )


@pytest.mark.spec("ING 4")
async def test_a_change_before_its_message_opens_nothing_and_touches_no_other_ticket() -> None:
    world = World()
    await world.happen(NEXT)
    before = world.ticket
    await world.happen(SECOND, GONE)
    assert world.ticket == before
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]


@pytest.mark.spec("ING 4")
async def test_a_change_waits_for_its_message_however_often_it_is_heard() -> None:
    world = World()
    await world.happen(SECOND, SECOND, MESSAGE, SECOND, MESSAGE)
    assert world.kinds() == ["TicketOpened", "CustomerWrote", "CustomerEdited"]
    assert world.facts(CustomerEdited)[0].cause_id == SECOND.id


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("channel", ["webchat", "instagram"])
async def test_a_change_goes_where_its_late_message_goes(channel: Channel) -> None:
    world = World()
    first = a_message(channel=channel)
    late = a_message(channel=channel, at=minutes(10))
    await world.happen(first)
    old = world.ticket
    await world.happen(a_command(CloseTicket, ticket_id=old.id, at=minutes(5)))
    await world.batch([a_deletion(of=late), late, an_edit(of=late)])
    assert await shown(world, late) == ("", True)
    assert world.ticket_of(late).id != old.id
    assert world.kinds(old)[-1] == "TicketClosed"


async def test_a_change_in_one_batch_with_a_mail_that_goes_elsewhere_finds_it() -> None:
    world = World()
    root = an_inbound_mail(by="anna", mail_id="root@example.com")
    stranger = an_inbound_mail(by="bob", answers="root@example.com")
    await world.batch([root, stranger, a_deletion(of=stranger)])
    assert world.ticket_of(stranger).id != world.ticket_of(root).id
    assert await shown(world, stranger) == ("", True)
    assert (await shown(world, root))[1] is False


@pytest.mark.spec("ING 4")
async def test_another_account_changes_nothing_of_a_message() -> None:
    world = World()
    await world.happen(
        a_deletion(of=MESSAGE, account_id="zeta"), MESSAGE, an_edit(of=MESSAGE, account_id="zeta")
    )
    assert await shown(world) == ("as it was", False)
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]


async def test_an_edit_leaves_no_older_content_to_be_shown() -> None:
    world = World()
    message = a_message(channel="webchat", html="<b>old</b>", text_full="old, and more")
    await world.happen(message, an_edit(of=message, text="new"))
    (line,) = await world.store.thread(world.ticket.id)
    assert (line["text"], line["edited"]) == ("new", 1)
    assert not {"html", "text_full"} & set(line["message"])


@pytest.mark.spec("ING 4")
@pytest.mark.spec("TKT 9")
@settings(max_examples=examples(80), deadline=None)
@given(
    seed=st.integers(0, 2**32),
    order=st.permutations([MESSAGE, SECOND, THIRD, GONE, NEXT]),
    split=st.integers(0, 5),
)
def test_replicas_that_take_turns_and_die_agree_on_what_is_shown(
    seed: int, order: list[Item], split: int
) -> None:
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn)]
    runs = [[[item] for item in order[:split]], [[item] for item in order[split:]]]
    interleaved(runs, replicas, Random(seed))
    finish(first)
    check(first, order)
    deleted = [e for e in first.events() if isinstance(e, CustomerDeleted)]
    assert len(deleted) == 1
    after = first.events()[first.events().index(deleted[0]) + 1 :]
    assert not any(isinstance(event, CustomerEdited) for event in after)
