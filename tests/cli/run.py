"""The operator's command, run as a process."""

import asyncio
import os
import sys

from tests.architecture.tree import ROOT


async def helpdesk(*words: str, **environment: str) -> tuple[int, str, str]:
    """Run the command; exit code, stdout, stderr. Of HELPDESK_… it has what is given here."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from shared.cli import main; main()", *words),
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")},
            "COLUMNS": "200",
            **environment,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
