"""`helpdesk ticket show`: what happened on a ticket, and why."""

import asyncio
import json
import os
import sys

import pytest

from shared.contracts.commands import AddNote, CloseTicket, ReopenTicket, ReplyToTicket
from shared.embedded.servers import Servers
from tests.architecture.tree import ROOT
from tests.builders import a_command, a_deletion, a_message, an_sms, minutes
from tests.ticketing.real import RealWorld, empty

pytestmark = pytest.mark.connected


async def helpdesk(mongo: str, database: str, *words: str) -> tuple[int, str, str]:
    """Run the command; exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from services.ticketing.commands import app; app()"),
        *("ticket", "show", *words),
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")},
            "HELPDESK_MONGO__URL": mongo,
            "HELPDESK_MONGO__DATABASE": database,
            "COLUMNS": "160",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.spec("TKT 10")
@pytest.mark.spec("TKT 11")
async def test_a_ticket_tells_what_happened_and_why(servers: Servers, unique: str) -> None:
    async with empty(servers.mongo, unique) as database:
        world = RealWorld(database)
        taken_back = an_sms(id="m2", at=minutes(4), text="my card is 4111")
        await world.happen(an_sms(id="m1", text="Hello \x1b[2J[bold]you[/]"))
        await world.look()
        ticket = world.ticket
        await world.happen(
            a_command(ReplyToTicket, ticket_id=ticket.id, at=minutes(1), text="Yes?"),
            a_command(ReopenTicket, ticket_id=ticket.id, at=minutes(2)),
            a_command(CloseTicket, ticket_id=ticket.id, at=minutes(3)),
            taken_back,
            a_deletion(of=taken_back),
            a_command(AddNote, ticket_id=ticket.id, at=minutes(5), text="careful"),
            a_message(channel="sms", by="bob"),
        )

        code, out, err = await helpdesk(
            servers.mongo, unique, str(ticket.number), "--account", "acme"
        )
        assert code == 0, err
        assert "\x1b[2J" not in out
        assert "[bold]you[/]" in out
        assert "4111" not in out
        for said in ("TKT 3: the first SMS", "not_closed", "ticket reopened", "Ada", "taken back"):
            assert said in out

        _, out, _ = await helpdesk(servers.mongo, unique, ticket.id, "--account", "acme", "--json")
        told = json.loads(out)
        assert told["tickets_of_contact"] == 1
        assert [line["kind"] for line in told["history"]] == [
            "message", "reply", "hidden", "notice", "message", "deletion", "note",
        ]  # fmt: skip
        assert [line["seq"] for line in told["history"]] == [2, 3, 3, 4, 6, 7, 8]
        assert told["history"][4]["events"][0][1:] == [
            "TicketReopened", "TKT 3: one ticket per person; the customer wrote again",
        ]  # fmt: skip


async def test_another_accounts_ticket_is_not_shown(servers: Servers, unique: str) -> None:
    async with empty(servers.mongo, unique) as database:
        world = RealWorld(database)
        await world.happen(an_sms())
        await world.look()
        for named in (world.ticket.id, str(world.ticket.number), "99", "9" * 40, "x"):
            code, out, err = await helpdesk(servers.mongo, unique, named, "--account", "zeta")
            assert code == 1
            assert not out
            assert f"has no ticket {named}" in err


async def test_a_database_that_is_away_is_said_in_words() -> None:
    code, _, err = await helpdesk("mongodb://127.0.0.1:1", "x", "1", "--account", "acme")
    assert code == 1
    assert "MongoDB does not answer" in err
