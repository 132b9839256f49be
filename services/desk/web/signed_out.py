"""Whoever signs out is offline at once (ASG 2)."""

from collections.abc import Awaitable, Callable

from services.desk.rules.people import Who
from services.desk.web.api.work import say_presence
from services.desk.web.parts import Parts


def say_signed_out(parts: Parts) -> Callable[[Who], Awaitable[None]]:
    """What is to be called once an agent has signed out."""

    async def signed_out(who: Who) -> None:
        await say_presence(parts, who, "offline")

    return signed_out
