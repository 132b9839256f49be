"""To whom an SMS may go: consent, and STOP and START in whatever order they come (TKT 13)."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from shared.contracts.base import Channel
from shared.contracts.commands import CloseTicket, ReplyToTicket
from shared.contracts.signals import Signal
from shared.contracts.tickets import NoticeAdded
from shared.stores.aggregates import Aggregates
from tests.builders import a_command, a_contact, a_message, a_signal, an_sms, minutes
from tests.ticketing.turns import a_turn, advanced, finished
from tests.ticketing.world import Item, World, ticket_opened_by

FIRST = an_sms(id="first")
STOP = a_signal(id="stop", at=minutes(1))


def a_start(after: float) -> Signal:
    at = minutes(after)
    return a_signal(keyword="START", keyword_class="start", text="Start", at=at)


def a_reply() -> ReplyToTicket:
    ticket_id = ticket_opened_by(FIRST)
    return a_command(ReplyToTicket, ticket_id=ticket_id, at=minutes(60), text="Hello!")


async def goes_out(world: World) -> bool:
    """Whether an SMS to the contact goes out by now; else it is refused for want of consent."""
    sent, refused = len(world.sent), len(world.rejections)
    await world.happen(a_reply())
    codes = [rejection.code for rejection in world.rejections[refused:]]
    assert codes == (["no_consent"] if len(world.sent) == sent else [])
    return len(world.sent) > sent


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize(
    ("consent", "allowed"), [("marketing", True), ("transactional", True), ("none", False)]
)
async def test_an_sms_goes_only_to_a_subscriber(consent: str, *, allowed: bool) -> None:
    world = World()
    await world.happen(an_sms(id="first", contact=a_contact(sms_consent=consent)))
    assert await goes_out(world) is allowed


@pytest.mark.spec("TKT 13")
async def test_consent_is_as_last_known() -> None:
    world = World()
    await world.happen(FIRST, an_sms(contact=a_contact(sms_consent="none"), at=minutes(1)))
    assert not await goes_out(world)


@pytest.mark.spec("TKT 13")
async def test_an_older_message_that_is_put_back_brings_no_consent_back() -> None:
    world = World()
    none = a_contact(sms_consent="none", display_name="Anna")
    await world.happen(FIRST, an_sms(contact=none, at=minutes(9)), an_sms(at=minutes(5)))
    assert world.ticket.contact == none
    assert not await goes_out(world)


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("closed_meanwhile", [False, True])
async def test_nothing_goes_to_who_said_stop_until_they_say_start(
    *, closed_meanwhile: bool
) -> None:
    """Profiles follow a STOP later than the agent's next reply may come."""
    world = World()
    await world.happen(FIRST)
    if closed_meanwhile:
        await world.happen(a_command(CloseTicket, ticket_id=world.ticket.id))
    await world.happen(STOP, an_sms(at=minutes(2)))
    assert world.ticket.status == "open"
    assert not await goes_out(world)
    await world.happen(a_start(3))
    assert await goes_out(world)


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("order", list(permutations([FIRST, STOP, a_start(2)])))
async def test_the_last_of_stop_and_start_counts_in_whatever_order_they_come(
    order: list[Item],
) -> None:
    welcome, farewell = World(), World()
    await welcome.happen(*order)
    assert await goes_out(welcome)
    at = order.index(STOP)
    late = STOP.model_copy(update={"occurred_at": minutes(3)})
    await farewell.happen(*order[:at], late, *order[at + 1 :])
    assert not await goes_out(farewell)


@pytest.mark.spec("TKT 13")
async def test_a_start_that_is_put_back_after_a_newer_stop_allows_nothing() -> None:
    world = World()
    await world.happen(FIRST, STOP, a_start(0.5))
    assert not await goes_out(world)


# A STOP and the first message of its contact, at once


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_keyword_that_overtakes_the_first_message_shows_in_its_ticket(
    channel: Channel,
) -> None:
    world = World()
    keyword = a_signal(channel=channel, at=minutes(1))
    first = a_message(channel=channel)
    await world.happen(keyword, first)
    assert world.kinds() == ["TicketOpened", "CustomerWrote", "NoticeAdded"]
    newest, *_ = await world.store.thread(world.ticket.id)
    assert (newest["kind"], newest["_id"]) == ("notice", keyword.id)


@pytest.mark.spec("TKT 13")
async def test_a_stop_from_long_before_the_first_message_is_heeded_and_not_shown() -> None:
    world = World()
    await world.happen(a_signal(at=minutes(-90)), a_signal(by="bob"), FIRST)
    assert not await goes_out(world)
    assert not world.facts(NoticeAdded)


async def test_another_accounts_stop_stops_nothing() -> None:
    world = World()
    await world.happen(a_signal(account_id="zeta"), FIRST)
    assert await goes_out(world)


@pytest.mark.spec("ING 3")
async def test_what_waited_for_a_ticket_is_kept_twice_no_longer() -> None:
    """However many keywords came before: each is looked at when it comes, and with the ticket."""
    world, seen = World(), Counter[str]()
    apply = Aggregates.apply

    async def counted(aggregates: Aggregates[Any, Item], items: Sequence[Item]) -> Any:
        seen.update(item.id for item in items)
        return await apply(aggregates, items)

    keywords = [a_signal(at=minutes(n)) for n in range(30)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Aggregates, "apply", counted)
        await world.happen(*keywords, FIRST, an_sms(at=minutes(40)))
    assert max(seen.values()) <= 3
    assert {entry.body["kind"] for _, entry in world.store.ledger.values()} == {
        "message",
        "notice",
    }
    assert len(world.facts(NoticeAdded)) == len(keywords)


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize(("slow", "quick"), [(FIRST, STOP), (STOP, FIRST)])
@pytest.mark.parametrize("dies", [True, False])
def test_wherever_a_keyword_meets_the_first_message_it_shows_once(
    slow: Item, quick: Item, *, dies: bool
) -> None:
    """One replica stands still at some step, another goes past it; the first dies, or goes on."""
    step, done = 0, False
    while not done:
        first = World(step=a_turn)
        other = World(first, step=a_turn)
        still = first.batch([slow])
        done = advanced(still, step)
        finished(other.batch([quick]))
        if not done and dies:
            still.close()
            finished(other.batch([slow]))
        elif not done:
            finished(still)
        assert first.kinds() == ["TicketOpened", "CustomerWrote", "NoticeAdded"], f"at step {step}"
        assert first.ticket.opted_out
        step += 1
    assert step > 10


@pytest.mark.spec("TKT 13")
def test_no_reply_goes_out_once_a_stop_was_heard_whoever_still_opens_the_ticket() -> None:
    """Who opens it goes on a little after the STOP was heard, and stands still again."""
    for before in range(12):
        done, step = False, 0
        while not done:
            first = World(step=a_turn)
            other = World(first, step=a_turn)
            opening = first.batch([FIRST])
            advanced(opening, before)
            finished(other.batch([STOP]))
            done = advanced(opening, step)
            finished(other.batch([a_reply()]))
            assert not first.sent, f"at step {before}, then {step}"
            opening.close()
            step += 1
