"""Asking rspamd: what it is sent, what of its answers counts, and that its absence costs nothing.

A server of a few lines stands in for it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from services.spam import rspamd
from services.spam.rspamd import Rspamd, opinion_of
from services.spam.rules.circuit import FAILURES, PAUSE
from services.spam.rules.text import Features, features
from tests.spam.samples import mail, message

HAM = b'{"is_skipped": false, "score": -0.1, "required_score": 15.0, "symbols": {}}'
SPAM = json.dumps(
    {
        "score": 7.5,
        "required_score": 15.0,
        "symbols": {
            "BAYES_SPAM": {"score": 5.1},
            "MIME_GOOD": {"score": -0.1},
            "PHISHING": {"score": 2.4},
            "ODD": [],
        },
    }
).encode()


def a_mail(text: str = "buy now", number: int = 1, subject: str = "Hi") -> Features:
    return features(message(text, number, subject=subject, mail=mail()))


@dataclass
class StandIn:
    """Answers each request as `answer` does with its body; `seen` are the requests."""

    answer: Callable[[bytes], bytes | None]
    url: str = ""
    seen: list[tuple[bytes, bytes]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            self.seen.append((head, body))
            said = self.answer(body)
            if said is None:
                await asyncio.sleep(30)
            else:
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.at_once -= 1
            writer.close()


def ok(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(body)) + body


@asynccontextmanager
async def standing_in(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[StandIn]:
    stand_in = StandIn(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(task := asyncio.ensure_future(stand_in.serve(reader, writer)))
        await asyncio.wait((task,))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Told:
    """What was counted, and a clock that stands still."""

    outcomes: Counter[str] = field(default_factory=Counter)
    now: float = 100.0

    def __call__(self, engine: str, outcome: str, questions: int) -> None:
        assert engine == "rspamd"
        self.outcomes[outcome] += questions

    def clock(self) -> float:
        return self.now


@asynccontextmanager
async def asking(
    url: str, told: Told | None = None, password: str | None = None
) -> AsyncIterator[Rspamd]:
    pytest.importorskip("aiohttp", reason="the extra `rspamd` is not installed")
    told = told or Told()
    engine = Rspamd(url, lambda: password, told, told.clock)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


async def test_only_mails_are_asked_about_and_answers_stay_with_their_messages() -> None:
    def answer(body: bytes) -> bytes:
        return ok(SPAM if b"casino" in body else HAM)

    asked = [a_mail(), features(message("casino")), a_mail("casino", 2), a_mail("hello", 3)]
    async with standing_in(answer) as server, asking(server.url, None, "q1") as engine:
        found = await engine.opinions(asked)

    assert [said is not None for said in found] == [False, False, True, False]
    assert len(server.seen) == 3
    head, _ = server.seen[0]
    assert head.startswith(b"POST /checkv2 HTTP/1.1\r\n")
    assert b"\r\nPassword: q1\r\n" in head


async def test_no_more_are_asked_at_once_than_is_said() -> None:
    async with (
        standing_in(lambda _: ok(HAM)) as server,
        asking(server.url, told := Told()) as engine,
    ):
        await engine.opinions([a_mail(number=number) for number in range(1, 100)])

    assert told.outcomes == {"ok": 99}
    assert 1 < server.most_at_once <= 8


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"{}", b"500 Internal Server Error"),
        ok(b"Unauthorized", b"403 Forbidden"),
        b"\x00\xff what is this\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        ok(b"<html>"),
        ok(b"[]"),
        ok(b"{}"),
        ok(b'{"score": "9", "required_score": 15}'),
        ok(b'{"score": NaN, "required_score": 15}'),
        ok(b'{"score": 9, "required_score": 0}'),
        ok(b"[" * 100_000),
        ok(b" " * 1_000_000),
    ],
    ids=str,
)
async def test_no_answer_but_a_whole_one_counts_and_the_rest_are_errors(answer: bytes) -> None:
    async with (
        standing_in(lambda _: answer) as server,
        asking(server.url, told := Told()) as engine,
    ):
        assert await engine.opinions([a_mail()]) == [None]

    assert told.outcomes == {"error": 1}


async def test_nobody_is_sent_a_mail_to_whom_rspamd_points() -> None:
    async with standing_in(lambda _: ok(SPAM)) as other:
        moved = ok(b"", b"307 Moved\r\nLocation: " + other.url.encode())
        async with standing_in(lambda _: moved) as server, asking(server.url) as engine:
            assert await engine.opinions([a_mail()]) == [None]

    assert other.seen == []


async def test_a_refusal_is_an_error_and_silence_a_timeout() -> None:
    async with asking("http://127.0.0.1:1", told := Told()) as engine:
        assert await engine.opinions([a_mail()]) == [None]
    assert told.outcomes == {"error": 1}

    async with standing_in(lambda _: None) as server, asking(server.url, told := Told()) as engine:
        async with asyncio.timeout(2):
            assert await engine.opinions([a_mail()]) == [None]
    assert told.outcomes == {"timeout": 1}


async def test_one_that_is_dead_is_left_alone_and_tried_again_once_a_pause() -> None:
    told, works = Told(), False

    def answer(_: bytes) -> bytes:
        return ok(SPAM) if works else ok(b"", b"503 Service Unavailable")

    async with standing_in(answer) as server, asking(server.url, told) as engine:
        await engine.opinions([a_mail(number=number) for number in range(1, 100)])
        at_first = len(server.seen)
        assert FAILURES <= at_first <= FAILURES + rspamd.AT_ONCE
        assert told.outcomes["skipped"] == 99 - at_first

        told.now += PAUSE
        await engine.opinions([a_mail(number=number) for number in range(1, 100)])
        assert len(server.seen) == at_first + 1

        told.now += PAUSE
        works = True
        assert await engine.opinions([a_mail()]) != [None]
        found = await engine.opinions([a_mail(number=number) for number in range(1, 20)])
        assert None not in found


async def test_an_engine_that_was_told_to_stop_asks_no_more() -> None:
    async with standing_in(lambda _: None) as server, asking(server.url) as engine:
        question = asyncio.ensure_future(engine.opinions([a_mail()]))
        while not server.seen:
            await asyncio.sleep(0.01)
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question


def test_the_opinion_is_the_scores_share_of_what_is_required_and_has_its_limits() -> None:
    def logit(score: float) -> float | None:
        said = opinion_of(json.dumps({"score": score, "required_score": 15}).encode())
        return said.logit if said else None

    said = opinion_of(SPAM)

    assert said is not None
    assert said.reasons[0].words == "rspamd gives it 7.5 of 15.0: BAYES_SPAM, PHISHING"
    assert [logit(score) for score in (0, 2.9, -2.9)] == [None, None, None]
    assert [logit(score) for score in (6, 1e9, -6)] == pytest.approx([3.2, 4.0, -3.2])
    assert opinion_of(b'{"is_skipped": true}') is None
