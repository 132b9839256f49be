"""Closing is put off for a customer who is typing, and for how long (ACL 4)."""

from datetime import timedelta

import pytest

from shared.contracts.accounts import AutoClose
from tests.autoclose.story import DAY, MINUTE, Story
from tests.autoclose.world import JUST_AFTER, ON, World, replied


@pytest.mark.spec("ACL 4")
async def test_a_close_waits_for_who_types_and_comes_when_they_stop() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER)
    await world.sweep(JUST_AFTER + 2 * MINUTE)
    assert world.published == []
    story.wait(2 * MINUTE)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER + 4 * MINUTE)
    assert world.published == []
    await world.sweep(JUST_AFTER + 8 * MINUTE)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 4")
async def test_typing_is_waited_for_thirty_minutes_at_most() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    minutes = 0
    while not world.published:
        await world.signal(story.typing())
        await world.sweep(JUST_AFTER + minutes * MINUTE)
        story.wait(MINUTE)
        minutes += 1
    assert world.published[0].occurred_at - JUST_AFTER <= 31 * MINUTE
    assert world.published[0].occurred_at - JUST_AFTER >= 30 * MINUTE


@pytest.mark.spec("ACL 4")
@pytest.mark.parametrize("meanwhile", [AutoClose(), AutoClose(enabled=True, period=5 * DAY)])
async def test_a_close_put_off_by_new_settings_waits_for_who_types_when_it_comes(
    meanwhile: AutoClose,
) -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER)
    world.settings(meanwhile)
    await world.sweep(JUST_AFTER + MINUTE)
    if not meanwhile.enabled:
        world.settings(AutoClose(enabled=True, period=5 * DAY))
        await world.sweep(JUST_AFTER + 2 * MINUTE)
    story.wait(3 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER + 3 * DAY)
    assert world.published == []
    await world.sweep(JUST_AFTER + 3 * DAY + 4 * MINUTE)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 4")
@pytest.mark.spec("ACL 7")
async def test_new_settings_that_are_over_already_give_who_types_no_further_half_hour() -> None:
    world = World()
    world.settings(AutoClose(enabled=True, period=3 * DAY))
    story = await replied(world)
    story.wait(3 * DAY)
    for minutes in range(35):
        if minutes == 20:
            world.settings(ON)
        await world.signal(story.typing())
        await world.sweep(JUST_AFTER + DAY + minutes * MINUTE)
        story.wait(MINUTE)
    [close] = world.published
    assert close.occurred_at == JUST_AFTER + DAY + 31 * MINUTE


@pytest.mark.spec("ACL 4")
async def test_delays_that_no_date_can_hold_keep_no_other_account_from_closing() -> None:
    world = World()
    world.settings(AutoClose(enabled=True, typing_delay=timedelta.max, typing_limit=timedelta.max))
    world.settings(ON, "other")
    story = await replied(world)
    await replied(world, "other")
    story.wait(2 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER)
    assert [close.account_id for close in world.published] == ["other"]


@pytest.mark.spec("ACL 4")
async def test_anothers_typing_and_other_signals_put_nothing_off() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    typing = story.typing()
    await world.signal(
        typing.model_copy(update={"account_id": "other"}),
        typing.model_copy(update={"conversation_id": "another"}),
        typing.model_copy(update={"channel": "instagram"}),
        typing.model_copy(update={"kind": "read"}),
    )
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 4")
async def test_on_other_channels_the_contact_is_who_types() -> None:
    world = World()
    world.settings(ON)
    story = Story(channel="instagram")
    story.reply()
    await world.happen(story.events)
    story.wait(2 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER)
    assert world.published == []


@pytest.mark.spec("ACL 4")
async def test_when_redis_was_flushed_only_the_putting_off_is_lost() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    await world.signal(story.typing())
    world.typing.flush()
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 4")
@pytest.mark.spec("ACL 6")
async def test_what_they_were_typing_stops_the_close() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    story.wait(2 * DAY)
    await world.signal(story.typing())
    await world.sweep(JUST_AFTER)
    story.wait(2 * MINUTE)
    await world.happen([story.customer_writes()])
    await world.sweep(JUST_AFTER + DAY)
    assert world.published == []
