"""An operator's and an agent's day at the command line, on what `helpdesk up` leaves running."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.architecture.tree import ROOT
from tests.cli.test_up import PATIENCE, helpdesk

pytestmark = [
    pytest.mark.connected,
    pytest.mark.timeout(2 * PATIENCE),
    pytest.mark.asyncio(loop_scope="module"),
]

Environment = Mapping[str, str]

WHATSAPP = {
    "object": "whatsapp_business_account",
    "entry": [
        {
            "id": "1",
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "messaging_product": "whatsapp",
                        "metadata": {"phone_number_id": "106540352242922"},
                        "contacts": [{"wa_id": "393330001122", "profile": {"name": "Nora"}}],
                        "messages": [
                            {
                                "from": "393330001122",
                                "id": "wamid.by-hand",
                                "timestamp": "1793606400",
                                "type": "text",
                                "text": {"body": "Is the blue one back?"},
                            }
                        ],
                    },
                }
            ],
        }
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Environment]:
    """What `helpdesk` in another terminal needs to reach the sample that `up --demo` runs."""
    async with helpdesk(tmp_path_factory.mktemp("up"), "up", "--demo") as command:
        line = await command.said("in another terminal")
        yield dict(pair.split("=", 1) for pair in line.split() if "HELPDESK_" in pair)


async def run(environment: Environment, *words: str) -> tuple[int, str, str]:
    """Run `helpdesk` to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from shared.cli import main; main()", *words),
        cwd=ROOT,
        env={**os.environ, **environment, "COLUMNS": "200"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def until_seen(environment: Environment, kind: str, text: str) -> dict[str, Any]:
    """The newest record of that type on the ticket stream in which the text stands."""
    for _ in range(PATIENCE):
        words = ("tail", "tickets", "--since", "start", "--no-follow", "--type", kind, "--json")
        code, out, err = await run(environment, *words, "--account", "sample")
        assert code == 0, err
        for line in reversed(out.splitlines()):
            if text in line:
                record: dict[str, Any] = json.loads(line)
                return record
    raise AssertionError(f"no {kind} with {text!r} came")


@pytest.mark.spec("TKT 11")
async def test_a_message_is_sent_seen_answered_and_closed_from_the_command_line(
    environment: Environment, tmp_path: Path
) -> None:
    payload = tmp_path / "whatsapp.json"
    payload.write_text(json.dumps(WHATSAPP))

    code, out, err = await run(environment, "send", "--channel", "whatsapp", str(payload))
    assert (code, out) == (0, "1 sent\n"), err
    # A repeat is a redelivery: it makes no second ticket.
    await run(environment, "send", "--channel", "whatsapp", str(payload))
    opened = await until_seen(environment, "TicketOpened", "Nora")
    number = str(opened["value"]["ticket"]["number"])
    by_ann = (number, "--account", "sample", "--as", "ann")

    code, out, err = await run(environment, "ticket", "reply", *by_ann, "It is!", "--json")
    assert code == 0, err
    outcome = json.loads(out)
    assert [kind for _, kind in outcome["events"]] == ["AgentReplied"]

    again = ("--id", outcome["command_id"], "--json")
    _, out, _ = await run(environment, "ticket", "reply", *by_ann, "It is!", *again)
    assert json.loads(out) == outcome
    code, out, _ = await run(environment, "ticket", "assign", *by_ann, "bob", "--seen", "carla")
    assert code == 3
    assert out.startswith("refused (taken)")
    code, out, _ = await run(environment, "ticket", "close", *by_ann)
    assert (code, out.split()[1]) == (0, "TicketClosed")
    code, _, err = await run(environment, "ticket", "close", "999", *by_ann[1:])
    assert (code, err) == (1, "error: account sample has no ticket 999\n")

    # Whoever starts late asks for all of them.
    code, out, err = await run(environment, "snapshots", "sample", "--json")
    assert code == 0, err
    asked = json.loads(out)
    words = ("tail", "snapshots", "--since", "start", "--no-follow", "--json")
    _, out, _ = await run(environment, *words, "--type", "TicketSnapshot")
    told = {json.loads(line)["value"]["ticket_id"]: line for line in out.splitlines()}
    assert asked["done"]
    assert len(told) == asked["tickets"] >= int(number)
    assert any("It is!" in line and "Is the blue one back?" in line for line in told.values())


async def test_a_command_that_nobody_answers_says_how_to_ask_again(
    environment: Environment,
) -> None:
    words = ("1", "--account", "sample", "--as", "ann", "hello", "--id", "mine", "--wait", "0")

    code, out, err = await run(
        # Onto topics that no service reads: nobody will answer.
        {**environment, "HELPDESK_KAFKA__TOPIC_PREFIX": "nobodys-"},
        *("topics", "--create", "--replication", "1", "--partitions", "1"),
    )
    assert code == 0, err
    code, out, err = await run(
        {**environment, "HELPDESK_KAFKA__TOPIC_PREFIX": "nobodys-"}, "ticket", "note", *words
    )

    assert (code, out) == (4, "")
    assert "--id mine" in err
