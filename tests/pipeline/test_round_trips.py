"""What a message or a command costs the database: a budget, which a change has to keep.

Each is counted alone, with nothing else under way, and as 500 in a batch. What is not counted here
is what sweeps ask when there is nothing to be done. A number that goes down is to be written here;
one that goes up needs a reason.

Each journey follows the one before it at once, and a service does not ask for what it wrote last.
Of a ticket of which it remembers nothing, because of a restart or because it is long ago, it asks
once more: ticketing, assignment, autoclose and attribution one command each.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
import pytest_asyncio

from shared.bus.delivery import Outgoing
from shared.contracts.base import Identity
from shared.contracts.commands import AssignTicket, CloseTicket, Command, ReplyToTicket, TagTicket
from shared.contracts.profiles import Profile
from shared.embedded.servers import Servers
from shared.topic import Service
from shared.topics import COMMANDS, INBOUND, PROFILES
from tests.pipeline.round_trips import Cost, CountedStage, counted_stage
from tests.pipeline.stage import ANN, PHONE, acme

MANY: Final = 500

Costs = dict[Service, Cost]
Table = dict[str, dict[str, tuple[int, int, int]]]
"""By journey and service: commands, writes among them, documents that they wrote."""

ALONE: Final[Table] = {
    "a new ticket": {
        "ingest": (2, 0, 0),
        "spam": (1, 1, 1),
        # Every third or fourth time one more, to take ticket numbers, if they open at a slow pace.
        "ticketing": (11, 5, 5),
        "assignment": (6, 3, 3),
        "attribution": (3, 1, 1),
    },
    "a further message": {
        "ingest": (2, 0, 0),
        "ticketing": (6, 3, 3),
        "assignment": (1, 1, 1),
        "attribution": (2, 1, 1),
    },
    "a reply": {
        "spam": (3, 2, 2),
        "ticketing": (6, 3, 3),
        "assignment": (1, 1, 1),
        "autoclose": (2, 1, 1),
    },
    "a tag": {"ticketing": (4, 3, 3), "assignment": (1, 1, 1), "autoclose": (2, 1, 1)},
    "an assignment by hand": {
        "ticketing": (4, 3, 3),
        "assignment": (1, 1, 1),
        "autoclose": (2, 1, 1),
    },
    "a close": {"ticketing": (4, 3, 3), "assignment": (1, 1, 1), "autoclose": (2, 1, 1)},
}
TOGETHER: Final[Table] = {
    "a new ticket": {
        "ingest": (3, 0, 0),
        "spam": (2, 2, 500),
        "ticketing": (15, 8, 2501),
        # A page of those who wait at a time, since other lines have their turn in between.
        "assignment": (11, 5, 1002),
        "attribution": (6, 2, 500),
    },
    "a further message": {
        "ingest": (3, 0, 0),
        "ticketing": (7, 4, 1501),
        "assignment": (1, 1, 500),
        "attribution": (2, 1, 500),
    },
    "a reply": {
        "spam": (3, 2, 1000),
        "ticketing": (7, 3, 1500),
        "assignment": (1, 1, 500),
        "autoclose": (2, 1, 500),
    },
    "a tag": {"ticketing": (4, 3, 1500), "assignment": (1, 1, 500), "autoclose": (2, 1, 500)},
    "an assignment by hand": {
        "ticketing": (4, 3, 1500),
        # Those who had it already are told nothing new.
        "assignment": (1, 1, 250),
        "autoclose": (2, 1, 250),
    },
    "a close": {"ticketing": (4, 3, 1500), "assignment": (1, 1, 500), "autoclose": (2, 1, 500)},
}


@pytest_asyncio.fixture
async def stage(servers: Servers, unique: str) -> AsyncIterator[CountedStage]:
    """Two agents are online, and customers are known who may be written to by SMS."""
    async with counted_stage(servers.mongo, unique) as stage:
        await stage.account(acme())
        await stage.online("ann")
        await stage.online("bob")
        await stage.publish(PROFILES, *(_customer(number, stage) for number in range(MANY + 1)))
        await stage.append(_sms("long ago", [MANY]))
        await stage.at_rest()
        yield stage


def _phone(number: int) -> str:
    return f"+39333{number:07}"


def _customer(number: int, stage: CountedStage) -> Profile:
    return Profile(
        account_id="acme",
        profile_id=f"profile-{number}",
        identities=(Identity(type="e164", value=_phone(number)),),
        sms_consent="marketing",
        updated_at=stage.clock(),
    )


def _sms(text: str, numbers: Sequence[int]) -> list[Outgoing]:
    return [
        Outgoing(
            INBOUND["sms"].name,
            b"raw",
            json.dumps(
                {
                    "MessageSid": f"SM-{text}-{number}",
                    "AccountSid": "AC1",
                    "From": _phone(number),
                    "To": PHONE,
                    "Body": text,
                    "NumMedia": "0",
                }
            ).encode(),
            (("x-provider", b"twilio"),),
        )
        for number in numbers
    ]


def _commands(
    stage: CountedStage, kind: type[Command], tickets: Sequence[str], **fields: Any
) -> list[Outgoing]:
    return [
        COMMANDS.record(
            kind.model_validate(
                {
                    "account_id": "acme",
                    "id": f"{kind.__name__}-{ticket_id}",
                    "occurred_at": stage.clock(),
                    "correlation_id": "c",
                    "ticket_id": ticket_id,
                    "author": ANN,
                    **fields,
                }
            )
        )
        for ticket_id in tickets
    ]


async def _lived(stage: CountedStage, count: int) -> dict[str, Costs]:
    """What each journey costs, made by so many tickets at a time."""
    numbers = range(count)
    costs: dict[str, Costs] = {}

    async def step(name: str, records: Sequence[Outgoing]) -> None:
        await stage.append(records)
        costs[name] = await stage.spent()

    await step("a new ticket", _sms("hello", numbers))
    await step("a further message", _sms("again", numbers))
    tickets = [
        ticket_id for ticket_id, ticket in stage.board.items() if ticket.contact.id != _LONG_AGO
    ]
    assert len(tickets) == count
    by_hand = {"assignee": "ann"}
    await step("a reply", _commands(stage, ReplyToTicket, tickets, text="It is on its way."))
    await step("a tag", _commands(stage, TagTicket, tickets, tags=("returns",)))
    await step("an assignment by hand", _commands(stage, AssignTicket, tickets, **by_hand))
    await step("a close", _commands(stage, CloseTicket, tickets))
    assert {ticket.status for ticket in stage.board.values()} == {"open", "closed"}
    return costs


_LONG_AGO: Final = f"e164:{_phone(MANY)}"


def _table(costs: dict[str, Costs]) -> Table:
    return {
        name: {str(of): (cost.commands, cost.writes, cost.documents) for of, cost in each.items()}
        for name, each in costs.items()
    }


@pytest.mark.connected
async def test_what_comes_alone_costs_no_more_commands_than_the_budget_allows(
    stage: CountedStage,
) -> None:
    assert _table(await _lived(stage, 1)) == ALONE


@pytest.mark.connected
@pytest.mark.timeout(300)
async def test_nor_do_five_hundred_in_a_batch(stage: CountedStage) -> None:
    assert _table(await _lived(stage, MANY)) == TOGETHER
