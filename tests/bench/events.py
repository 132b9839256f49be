"""A ticket stream as ticketing would publish it, and sends, for services that follow them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.bus.delivery import Outgoing
from shared.clock import system_clock
from shared.contracts.base import Author, Contact, Identity
from shared.contracts.commands import AssignTicket
from shared.contracts.marketing import SendDelivered
from shared.contracts.tickets import (
    AgentReplied,
    CustomerWrote,
    TicketAssigned,
    TicketFact,
    TicketOpened,
    TicketSummary,
)
from shared.topics import SENDS, TICKETS
from tests.bench.workload import ACCOUNT, AGENTS, PHONE, TEXTS, phone

APART = 500
"""About how many tickets begin between an event of a ticket and its next."""


def lives(tickets: range) -> list[Outgoing]:
    """Events of SMS tickets: opened, written to, assigned, answered, written to again."""
    draw, now = Random("lives"), system_clock()
    placed: list[tuple[float, int, TicketFact]] = []
    for number in tickets:
        at = float(number)
        for event in _life(number, now):
            placed.append((at, event.seq, event))
            # Opening and the message that opens come together.
            at += 0 if event.seq == 1 else draw.uniform(0, 2 * APART)
    placed.sort(key=lambda each: each[:2])
    return [TICKETS.record(event) for *_, event in placed]


def openings(tickets: range, account_id: str = ACCOUNT) -> list[Outgoing]:
    """Tickets that begin now and wait for an agent."""
    now = system_clock()
    opened = (next(_life(number, now)) for number in tickets)
    return [TICKETS.record(each.model_copy(update={"account_id": account_id})) for each in opened]


def ticket_id(number: int) -> str:
    """The ticket of that number."""
    return f"ticket-{number}"


def assigned(command: AssignTicket) -> Outgoing:
    """What ticketing says when it gives one of the `openings` to an agent."""
    number = int(command.ticket_id.rpartition("-")[2])
    state = {"assignee": command.assignee, "assignee_epoch": 2, "message_count": 0}
    facts = _fact(number, 2, command.occurred_at, state)
    facts |= {"account_id": command.account_id, "cause_id": command.id}
    event = TicketAssigned(**facts, author=command.author, assignee=command.assignee)
    return TICKETS.record(event)


def sends(numbers: range, agos: Sequence[int] = (1,)) -> list[Outgoing]:
    """What came of a campaign: an SMS to each phone, so many hours ago, one after the other."""
    now = system_clock()
    return [SENDS.record(_send(number, now, ago)) for ago in agos for number in numbers]


def _send(number: int, now: datetime, ago: int) -> SendDelivered:
    return SendDelivered(
        account_id=ACCOUNT,
        id=f"send-{number}-{ago}",
        occurred_at=now,
        correlation_id=f"send-{number}-{ago}",
        send_id=f"send-{number}-{ago}",
        source="campaign",
        source_id=f"campaign-{ago}",
        source_name="Spring",
        phone=phone(number),
        delivered_at=now - timedelta(hours=ago),
    )


def _life(number: int, now: datetime) -> Iterator[TicketFact]:
    agent = AGENTS[number % len(AGENTS)]
    author = Author(kind="agent", id=agent, name=agent.title())
    message = {
        "text": TEXTS[number % len(TEXTS)].format(n=number),
        "sent_at": now,
        "received_at": now,
    }
    open_ = {"unassigned_epoch": 1, "message_count": 1, "customer_waits_since": now}
    taken = {"assignee": agent, "assignee_epoch": 3, "message_count": 1}
    answered = {**taken, "waiting_epoch": 4, "last_reply_seq": 4, "message_count": 2}
    yield TicketOpened(**_fact(number, 1, now, open_ | {"message_count": 0}))
    yield CustomerWrote(**_fact(number, 2, now, open_), message_id=f"m-{number}-2", **message)
    assigned = taken | {"customer_waits_since": now}
    yield TicketAssigned(**_fact(number, 3, now, assigned), author=author, assignee=agent)
    yield AgentReplied(
        **_fact(number, 4, now, answered),
        message_id=f"m-{number}-4",
        author=author,
        text="We are looking for your parcel and will be back today.",
    )
    again = taken | {"message_count": 3, "customer_waits_since": now}
    yield CustomerWrote(**_fact(number, 5, now, again), message_id=f"m-{number}-5", **message)


def _fact(number: int, seq: int, now: datetime, state: dict[str, Any]) -> dict[str, Any]:
    identity = Identity(type="e164", value=phone(number))
    summary = TicketSummary(
        number=number + 1,
        channel="sms",
        address=PHONE,
        contact=Contact(id=identity.key, identities=(identity,), sms_consent="marketing"),
        status="open",
        opened_at=now,
        **state,
    )
    return {
        "account_id": ACCOUNT,
        "id": f"{ticket_id(number)}:{seq}",
        "occurred_at": now,
        "correlation_id": f"m-{number}-2",
        "ticket_id": ticket_id(number),
        "seq": seq,
        "cause_id": f"m-{number}-{seq}",
        "because": "one ticket per person",
        "ticket": summary,
    }
