"""Whether anybody can be reached at an address at all."""

import asyncio
import contextlib

from shared.cli.doctor.facts import Address
from shared.cli.doctor.failures import Failure, asked

PATIENCE = 2.5
"""Seconds for a name to be resolved and a connection to be taken."""

_BAD = Failure("name", "it is no host:port")


async def reached(where: str) -> Address:
    """The address, `host:port`, and why nobody can be reached there, if so. Nothing is sent."""
    host, _, port = where.strip().rpartition(":")
    if not host or not port.isdecimal():
        return Address(where, _BAD)
    outcome = await asked(_connect(host.strip("[]"), int(port)), PATIENCE)
    return Address(where, outcome)


async def _connect(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
