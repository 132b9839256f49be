"""Lets the sample account's agents sign in at a desk on this machine."""

import asyncio
import os
import sys
from collections.abc import Collection, Mapping

from shared.cli.demo.samples import ACCOUNT, SIGN_INS
from shared.errors import HelpdeskError
from shared.values.ids import attempt_token


async def sign_ins(
    environment: Mapping[str, str], roles: Collection[str] = tuple(SIGN_INS)
) -> dict[str, tuple[str, str]]:
    """For each of these roles an address and a password, drawn anew.

    Raises HelpdeskError when a password could not be set.
    """
    agents = {role: agent for role, agent in SIGN_INS.items() if role in roles}
    passwords = {agent: attempt_token()[:16] for agent in agents.values()}
    await asyncio.gather(*(_set(agent, word, environment) for agent, word in passwords.items()))
    return {role: (f"{agent}@sample.example", passwords[agent]) for role, agent in agents.items()}


async def _set(agent: str, password: str, environment: Mapping[str, str]) -> None:
    # As an operator would: what the desk keeps is not known here.
    command = "from shared.cli import main; main()"
    asked = (sys.executable, "-P", "-c", command, "desk", "password", ACCOUNT, agent)
    process = await asyncio.create_subprocess_exec(
        *asked,
        "--password-stdin",
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate(password.encode() + b"\n")
    if process.returncode:
        raise HelpdeskError(f"{agent} got no password: {said.decode(errors='replace').strip()}")
