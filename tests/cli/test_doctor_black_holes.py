"""The doctor where nothing answers: it ends in time, says why, and shows no secret."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.architecture.tree import ROOT
from tests.cli.run import helpdesk

pytestmark = pytest.mark.slow

LIMIT = 14.0
"""Seconds that it may look at most; Python's own start is beside the point."""

PLANTED = "xylophone-zanzibar"
ALL = ("kafka", "mongo", "redis")


@asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """A port where everybody is taken and nobody is answered."""
    waiting: list[asyncio.StreamWriter] = []

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting.append(writer)

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in waiting:
            writer.close()
        server.close()


def addresses(host: str, port: int) -> dict[str, str]:
    """All three servers there, each with a password."""
    return {
        "HELPDESK_KAFKA__BOOTSTRAP": f"{host}:{port}",
        "HELPDESK_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "HELPDESK_KAFKA__USERNAME": "operator",
        "HELPDESK_KAFKA__PASSWORD": PLANTED,
        "HELPDESK_MONGO__URL": f"mongodb://operator:{PLANTED}@{host}:{port}",
        "HELPDESK_REDIS__URL": f"redis://:{PLANTED}@{host}:{port}",
    }


def wrong(out: str) -> dict[str, str]:
    """What is wrong, by check."""
    found: list[dict[str, Any]] = json.loads(out)["findings"]
    return {each["check"]: each["text"] for each in found if each["status"] == "wrong"}


async def test_servers_that_take_everybody_and_never_answer_are_timed_out() -> None:
    async with silence() as port:
        code, out, err = await helpdesk("doctor", "--json", **addresses("127.0.0.1", port))

    assert json.loads(out)["seconds"] < LIMIT
    assert code == 1
    assert PLANTED not in out + err
    assert "Traceback" not in err
    assert set(wrong(out)) == set(ALL)
    for text in wrong(out).values():
        assert "there was no answer in time" in text


async def test_servers_that_are_not_there_are_refused_at_once() -> None:
    code, out, err = await helpdesk("doctor", "--json", **addresses("127.0.0.1", 1))

    assert json.loads(out)["seconds"] < LIMIT
    assert code == 1
    assert PLANTED not in out + err
    assert {check: "nobody listens there" in text for check, text in wrong(out).items()} == (
        dict.fromkeys(ALL, True)
    )


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("lambda *a, **k: time.sleep(600)", "there was no answer in time"),
        ("lambda *a, **k: (_ for _ in ()).throw(socket.gaierror(-2, 'x'))", "is not resolved"),
    ],
    ids=["a name server that is away", "names that nobody knows"],
)
async def test_names_that_are_not_resolved_are_told_in_time(patch: str, said: str) -> None:
    run = f"import socket, time; socket.getaddrinfo = {patch}; from shared.cli import main; main()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", run, "doctor", "--json"),
        cwd=ROOT,
        env={**os.environ, **addresses("kafka.example", 9092)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)

    # It has ended, too, though threads still wait for a name.
    assert json.loads(out)["seconds"] < LIMIT
    assert process.returncode == 1, err.decode()
    assert {check: said in text for check, text in wrong(out.decode()).items()} == (
        dict.fromkeys(ALL, True)
    )


async def test_one_that_is_away_hides_nothing_of_the_others() -> None:
    async with silence() as port:
        there = addresses("127.0.0.1", 1) | {"HELPDESK_REDIS__URL": f"redis://127.0.0.1:{port}"}
        _, out, _ = await helpdesk("doctor", "--json", **there)

    assert "nobody listens" in wrong(out)["mongo"]
    assert "no answer in time" in wrong(out)["redis"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_KAFKA__SECURITY_PROTOCOL", "TLS"),
        ("HELPDESK_MONGO__URL", f"mongodb://operator:{PLANTED}@[::1"),
        ("HELPDESK_REDIS__URL", f"redis://:{PLANTED}@localhost:{PLANTED}"),
        ("HELPDESK_KAFKA__PASSWORD_FILE", "/nowhere"),
    ],
)
async def test_settings_that_cannot_work_are_exit_code_2_and_name_the_variable(
    name: str, value: str
) -> None:
    code, out, err = await helpdesk("doctor", **{name: value})

    assert (code, out) == (2, "")
    assert name in err
    assert PLANTED not in err
