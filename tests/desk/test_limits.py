"""How much anybody may ask for: bodies, requests, and that nobody is told of what is too much."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from services.desk.web.limits import LARGEST_BODY, Limits


class Taking:
    """An application that reads its body, as far as it comes."""

    def __init__(self) -> None:
        self.taken = 0
        self.says = "taken"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async for chunk in Request(scope, receive).stream():
                self.taken += len(chunk)
            answer: Response = PlainTextResponse(self.says)
        except Exception:  # noqa: BLE001  # as frameworks do with what fails while they read
            answer = PlainTextResponse("a broken body", 400)
        await answer(scope, receive, send)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def chunks(many: int) -> AsyncIterator[bytes]:
    for _ in range(many):
        yield b"x" * 64 * 1024


async def ask(app: Any, address: str = "192.0.2.1", **more: Any) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app, client=(address, 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://d.example") as client:
        return await client.request("POST", "/api/v1/x", **more)


async def test_ten_megabytes_are_refused_by_what_they_say_of_their_length() -> None:
    app = Taking()

    answer = await ask(Limits().over(app), content=b"x" * 10 * 1024 * 1024)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert app.taken == 0


async def test_ten_megabytes_that_say_nothing_of_their_length_are_not_read_to_their_end() -> None:
    app = Taking()

    answer = await ask(Limits().over(app), content=chunks(160))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert app.taken <= LARGEST_BODY


async def test_what_is_just_small_enough_is_taken() -> None:
    app = Taking()

    answer = await ask(Limits().over(app), content=chunks(LARGEST_BODY // (64 * 1024)))

    assert (answer.status_code, answer.text, app.taken) == (200, "taken", LARGEST_BODY)


async def test_whoever_asks_too_much_is_told_how_long_to_wait() -> None:
    clock = Clock()
    app = Limits(burst=3, a_second=0.5, now=clock).over(Taking())
    statuses = [(await ask(app)).status_code for _ in range(4)]

    refused = await ask(app)

    assert statuses == [200, 200, 200, 429]
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (429, "too_many_requests")
    clock.now += int(refused.headers["retry-after"])
    assert (await ask(app)).status_code == 200


async def test_one_who_asks_too_much_keeps_nobody_else_out() -> None:
    app = Limits(burst=1, a_second=0.001).over(Taking())
    await ask(app)

    assert (await ask(app)).status_code == 429
    assert (await ask(app, address="192.0.2.2")).status_code == 200
