"""How a service starts: what it needs first, its consumers, and what takes long beside them."""

import asyncio
from typing import Any, cast

import pytest

from shared.running.service import Service


class _Bus:
    def __init__(self, told: list[str]) -> None:
        self._told = told

    async def start(self) -> None:
        self._told.append("joined")

    async def stop(self) -> None:
        self._told.append("left")


def a_service(told: list[str], *, fails: bool = False) -> Service:
    async def opened() -> None:
        told.append("opened")

    async def closed() -> None:
        told.append("closed")

    def warm() -> None:
        told.append("warm")
        if fails:
            raise ValueError("no model")

    settings = cast("Any", None)
    return Service(settings, cast("Any", _Bus(told)), [opened], [warm], [closed])


def test_a_service_has_started_once_what_takes_long_is_done_too() -> None:
    told: list[str] = []
    asyncio.run(a_service(told).start())

    assert told == ["opened", "joined", "warm"]


def test_a_service_whose_warming_fails_leaves_its_group_and_lets_go_of_everything() -> None:
    told: list[str] = []
    with pytest.raises(ValueError, match="no model"):
        asyncio.run(a_service(told, fails=True).start())

    assert told == ["opened", "joined", "warm", "left", "closed"]
