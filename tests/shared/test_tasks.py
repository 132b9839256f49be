"""Tasks end when they are told to, whatever they wait for."""

import asyncio

import pytest

from shared.running import tasks


@pytest.mark.timeout(30)
async def test_a_task_that_swallows_cancellations_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "_HEEDED_WITHIN", 0.001)
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 3:
                    raise

    async def broken() -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def willing() -> None:
        await asyncio.Event().wait()

    running = [asyncio.create_task(each()) for each in (deaf, broken, willing)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await tasks.cancel(running)

    assert all(task.done() for task in running)
    assert swallowed == 4


async def test_there_may_be_none() -> None:
    await tasks.cancel([])
