"""A ticket's document does not grow with its thread, whatever comes (TKT 10)."""

import pytest

from shared.contracts.base import Author, Channel
from shared.contracts.commands import ReplyToTicket, ReportDelivery, TagTicket
from tests.builders import a_command, a_message, an_edit, an_inbound_mail, minutes
from tests.ticketing.world import Item, World, ticket_opened_by

LONGEST_ID, LONGEST_ADDRESS = 450, 320
"""What ingest lets through."""

GATEWAY = Author(kind="integration", id="gateway")


def size(world: World) -> int:
    """Bytes of all documents, about."""
    return sum(len(repr(document)) for document in world.store.documents.values())


async def lived(world: World, channel: Channel, days: range) -> None:
    """Let days go by in one ticket: on each the customer writes and edits, and is answered."""
    first = a_message(channel=channel, id="first")
    ticket_id = ticket_opened_by(first)
    for day in days:
        at = minutes(day)
        wide = "y" * (LONGEST_ADDRESS - 20)
        message = first if day == 0 else a_message(channel=channel, id=f"m{day}", at=at)
        if channel == "email":
            long = "x" * (LONGEST_ID - 20)
            message = an_inbound_mail(
                id="first" if day == 0 else f"m{day}",
                mail_id=f"{day}@{long}",
                answers=f"{day - 1}@{long}" if day else None,
                cc=(f"{day}@{wide}",),
                at=at,
            )
        items: list[Item] = [message]
        if channel != "email":
            items.append(an_edit(of=message, id=f"e{day}"))
        items += [
            a_command(
                ReplyToTicket, id=f"r{day}", ticket_id=ticket_id, at=at, text="Yes",
                cc=(f"cc{day}@{wide}",),
            ),
            a_command(
                ReportDelivery, id=f"d{day}", ticket_id=ticket_id, at=at, by=GATEWAY,
                outbound_id=f"r{day}", status="sent", mail_id=f"sent-{day}@x.example",
            ),
            a_command(TagTicket, id=f"t{day}", ticket_id=ticket_id, tags=(f"{day:0100}",)),
        ]  # fmt: skip
        await world.happen(*items)


@pytest.mark.slow
@pytest.mark.spec("TKT 10")
@pytest.mark.parametrize("channel", ["email", "whatsapp"])
async def test_a_ticket_of_four_hundred_rounds_is_as_large_as_one_of_two_hundred(
    channel: Channel,
) -> None:
    world = World()
    await lived(world, channel, range(220))
    assert len(world.tickets) == 1
    before = size(world)
    await lived(world, channel, range(220, 420))
    assert world.ticket.message_count == 840
    assert size(world) < before * 1.02
    assert size(world) < 500_000


async def test_no_command_makes_a_ticket_too_large_to_be_written_to() -> None:
    world = World()
    await world.happen(an_inbound_mail(id="first"))
    ticket_id = world.ticket.id
    huge = "x" * 3_000_000
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket_id, id="r", text="Hi", cc=(huge,)),
        a_command(
            ReportDelivery, ticket_id=ticket_id, by=GATEWAY, outbound_id="r", status="sent",
            mail_id=huge,
        ),
    )  # fmt: skip
    assert len(world.sent) == 1
    assert size(world) < 20_000
