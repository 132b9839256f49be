"""Mail: which thread a mail belongs to, and who may join it (TKT 2)."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from services.ticketing.rules import slots, threads
from shared.contracts.base import Contact
from shared.contracts.commands import CloseTicket, ReplyToTicket
from shared.contracts.messages import InboundMessage, Mail
from shared.contracts.tickets import TicketOpened
from shared.stores.documents import Target
from tests.builders import MAILBOX, MONDAY, a_command, a_contact, an_inbound_mail, minutes
from tests.ticketing.world import World

ROOT = "root@example.com"
BROADCAST = "spring-sale@acme.example"


async def began(world: World, **more: object) -> InboundMessage:
    """Let Anna begin a thread, and an agent answer with a copy to Cleo."""
    first = an_inbound_mail(mail_id=ROOT, **more)  # type: ignore[arg-type]  # checked there
    await world.happen(first)
    await world.happen(
        a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Hello!", cc=("Cleo@Example.com",))
    )
    return first


async def joins(world: World, mail: InboundMessage) -> bool:
    """Deliver a mail, and say whether it joined the first ticket; if not, it has its own."""
    first = world.tickets[0]
    await world.happen(mail)
    ticket = world.ticket_of(mail)
    assert ticket.id == first.id or ticket.contact.id == mail.contact.id
    return ticket.id == first.id


@pytest.mark.spec("TKT 2")
async def test_every_thread_has_its_ticket_whatever_the_subject() -> None:
    world = World()
    await world.batch([an_inbound_mail(subject="Refund") for _ in range(3)])
    await world.happen(an_inbound_mail(subject="Re: Refund"))
    assert len(world.tickets) == 4


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("cited", ["answers", "references", "the_agents"])
async def test_the_contacts_answer_joins(cited: str) -> None:
    world = World()
    await began(world)
    (out,) = world.sent
    answer = {
        "answers": an_inbound_mail(answers=ROOT, references=(), subject="Something else"),
        "references": an_inbound_mail(references=(ROOT, "lost@example.com")),
        "the_agents": an_inbound_mail(answers=out.message_id),
    }[cited]
    assert await joins(world, answer)


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    ("mail", "joined"),
    [
        pytest.param({"by": "cleo"}, True, id="addressed by the agent"),
        pytest.param({"by": "dora"}, True, id="addressed by the contact, To"),
        pytest.param({"by": "emil"}, True, id="addressed by the contact, Cc"),
        pytest.param({"by": "emil", "sender": "EMIL@example.com"}, True, id="whatever the case"),
        pytest.param({"by": "mallory"}, False, id="a stranger"),
        pytest.param({"authentication": "unknown"}, True, id="unauthenticated"),
        pytest.param({"authentication": "fail"}, False, id="forged"),
        pytest.param({"by": "emil", "authentication": "fail"}, False, id="forged participant"),
        pytest.param({"address": "sales@acme.example"}, False, id="another mailbox"),
        pytest.param({"account_id": "zeta"}, False, id="another account"),
    ],
)
async def test_only_who_takes_part_joins(mail: dict[str, object], joined: bool) -> None:  # noqa: FBT001
    world = World()
    await began(world, to=(MAILBOX, "Dora@example.com"), cc=("emil@example.com",))
    assert await joins(world, an_inbound_mail(answers=ROOT, **mail)) == joined  # type: ignore[arg-type]


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("profile", ["p-1", "p-2", None])
async def test_another_address_of_the_same_profile_joins(profile: str | None) -> None:
    world = World()
    anna: Contact = a_contact(channel="email", name="anna", profile_id="p-1")
    await began(world, contact=anna)
    other = a_contact(channel="email", name="anna.work", profile_id=profile)
    mail = an_inbound_mail(by="anna.work", answers=ROOT, contact=other)
    assert await joins(world, mail) == (profile == "p-1")


@pytest.mark.spec("TKT 2")
async def test_contacts_without_a_profile_are_not_taken_for_one() -> None:
    world = World()
    await began(world)
    assert not await joins(world, an_inbound_mail(by="bob", answers=ROOT))


@pytest.mark.spec("TKT 2")
async def test_who_was_addressed_by_a_mere_participant_does_not_take_part() -> None:
    world = World()
    await began(world, cc=("emil@example.com",))
    assert await joins(world, an_inbound_mail(by="emil", answers=ROOT, cc=("fay@example.com",)))
    assert not await joins(world, an_inbound_mail(by="fay", answers=ROOT))


@pytest.mark.spec("TKT 2")
async def test_a_stranger_who_knows_an_id_has_one_ticket_of_their_own_linked() -> None:
    world = World()
    await began(world)
    first, second = (an_inbound_mail(by="mallory", answers=ROOT) for _ in range(2))
    await world.happen(first, second)
    own = world.ticket_of(first)
    assert world.ticket_of(second) == own
    assert own.related_ticket_id == world.tickets[0].id
    assert world.facts(TicketOpened)[1].related_ticket_id == world.tickets[0].id
    assert world.tickets[0].message_count == 2


@pytest.mark.spec("TKT 2")
async def test_mail_of_another_account_is_not_even_linked() -> None:
    world = World()
    await began(world)
    mail = an_inbound_mail(answers=ROOT, account_id="zeta")
    await world.happen(mail)
    assert world.ticket_of(mail).related_ticket_id is None


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("batched", [True, False])
async def test_customers_who_answer_one_broadcast_have_a_ticket_each(
    batched: bool,  # noqa: FBT001
) -> None:
    world = World()
    answers = [an_inbound_mail(by=f"c{n}", answers=BROADCAST) for n in range(30)]
    again = [an_inbound_mail(by=f"c{n}", answers=BROADCAST) for n in range(30)]
    followed = [
        an_inbound_mail(by=f"c{n}", answers=mail.mail.message_id, references=(BROADCAST,))
        for n, mail in enumerate(answers)
        if mail.mail
    ]
    if batched:
        await world.batch([*answers, *again, *followed])
    else:
        await world.happen(*answers, *again, *followed)
    assert len(world.tickets) == 30
    assert {ticket.message_count for ticket in world.tickets} == {3}
    assert {ticket.contact.id for ticket in world.tickets} == {m.contact.id for m in answers}


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("batched", [True, False])
async def test_whom_an_answer_to_a_broadcast_copied_joins_that_answer(
    batched: bool,  # noqa: FBT001
) -> None:
    """The broadcast's id leads to Anna's ticket, Bob's mail to Bob's: the nearer one counts."""
    world = World()
    await world.happen(an_inbound_mail(by="anna", answers=BROADCAST))
    bob = an_inbound_mail(
        by="bob", mail_id="b@x.example", answers=BROADCAST, cc=("carol@example.com",)
    )
    carol = an_inbound_mail(
        by="carol", answers="b@x.example", references=(BROADCAST, "b@x.example")
    )
    await (world.batch([bob, carol]) if batched else world.happen(bob, carol))
    assert world.ticket_of(carol) == world.ticket_of(bob)
    assert world.ticket_of(bob).contact.id == bob.contact.id


@pytest.mark.spec("TKT 2")
async def test_a_forged_mail_never_draws_the_contacts_own_into_its_ticket() -> None:
    world = World()
    await began(world)
    forged = an_inbound_mail(answers=ROOT, authentication="fail")
    await world.happen(forged)
    assert world.ticket_of(forged).id != world.tickets[0].id
    assert await joins(world, an_inbound_mail(answers=ROOT))


@pytest.mark.spec("TKT 2")
async def test_forged_mails_of_one_name_have_tickets_of_their_own_and_keep_them() -> None:
    world = World()
    await began(world)
    forged = [an_inbound_mail(answers=ROOT, authentication="fail") for _ in range(3)]
    await world.batch(forged)
    tickets = {world.ticket_of(mail).id for mail in forged}
    assert len(tickets) == 3
    await world.batch(forged)
    assert len(world.tickets) == 4
    assert {ticket.related_ticket_id for ticket in world.tickets[1:]} == {world.tickets[0].id}


@pytest.mark.spec("TKT 2")
async def test_headers_that_lead_in_circles_end_somewhere() -> None:
    """Each of Mallory's tickets cites the other's thread as its root; then a forged mail comes."""
    world = World()
    await world.happen(
        an_inbound_mail(by="anna", mail_id="r1@x.example"),
        an_inbound_mail(by="bob", mail_id="r2@x.example"),
        an_inbound_mail(by="bob", mail_id="r3@x.example", answers="r2@x.example"),
        an_inbound_mail(by="anna", mail_id="r4@x.example", answers="r1@x.example"),
        an_inbound_mail(by="mallory", answers="r4@x.example", references=("r2@x.example",)),
        an_inbound_mail(by="mallory", answers="r3@x.example", references=("r1@x.example",)),
    )
    before = len(world.tickets)
    for cited in ("r1@x.example", "r2@x.example", "r3@x.example", "r4@x.example"):
        await world.happen(an_inbound_mail(by="mallory", answers=cited, authentication="fail"))
    assert len(world.tickets) == before + 4


@pytest.mark.spec("TKT 2")
async def test_who_takes_a_slot_beforehand_keeps_nobody_out() -> None:
    """Slots are made of what headers say, so somebody may hold another's."""
    world = World()
    squatter = an_inbound_mail(by="mallory", answers=f"{BROADCAST}:bob@example.com")
    await world.happen(squatter, an_inbound_mail(by="anna", answers=BROADCAST))
    bobs = [an_inbound_mail(by="bob", answers=BROADCAST) for _ in range(2)]
    await world.happen(*bobs)
    assert world.ticket_of(bobs[0]) == world.ticket_of(bobs[1])
    assert world.ticket_of(bobs[0]).contact.id == bobs[0].contact.id


@pytest.mark.spec("TKT 2")
async def test_a_known_id_claimed_beforehand_by_a_stranger_leads_to_the_older_thread() -> None:
    world = World()
    first = await began(world)
    claims = an_inbound_mail(
        by="mallory", at=minutes(1), references=(ROOT,), cc=("anna@example.com",)
    )
    await world.happen(claims)
    answer = an_inbound_mail(by="anna", at=minutes(2), answers=ROOT)
    await world.happen(answer)
    assert world.ticket_of(answer) == world.ticket_of(first)


# When mails come, and how often


def a_thread(*, headers: str) -> Sequence[InboundMessage]:
    """Build a thread of four by Anna and Bob, whom she copies."""
    ids = [f"t{n}@example.com" for n in range(4)]
    thread = []
    for n, mail_id in enumerate(ids):
        references = {"all": ids[:n], "last": ids[n - 1 : n], "first": ids[: n and 1]}[headers]
        thread.append(
            an_inbound_mail(
                mail_id=mail_id,
                answers=ids[n - 1] if n else None,
                references=references,
                by=("anna", "bob")[n % 2],
                at=minutes(n),
                to=(MAILBOX, "anna@example.com", "bob@example.com"),
            )
        )
    return thread


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("headers", ["all", "first"])
async def test_a_thread_that_comes_in_any_order_has_one_ticket(
    headers: str,
    batched: bool,  # noqa: FBT001
) -> None:
    for order in permutations(a_thread(headers=headers)):
        world = World()
        await (world.batch(order) if batched else world.happen(*order))
        assert world.ticket.message_count == 4


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("missing", range(3))
async def test_a_parent_that_comes_late_joins_its_answers(missing: int) -> None:
    thread = list(a_thread(headers="all"))
    parent = thread.pop(missing)
    world = World()
    await world.happen(*thread, parent)
    assert world.ticket.message_count == 4


@pytest.mark.spec("TKT 2")
async def test_answers_that_name_only_their_parent_come_together_in_order() -> None:
    world = World()
    await world.batch(a_thread(headers="last"))
    assert world.ticket.message_count == 4


@pytest.mark.spec("TKT 2")
@pytest.mark.spec("ING 2")
async def test_a_redelivered_mail_changes_nothing() -> None:
    world = World()
    thread = a_thread(headers="all")
    await world.batch(thread)
    events, documents = world.events(), dict(world.store.documents)
    await world.happen(*thread)
    await world.batch([*thread, *reversed(thread)])
    assert (world.events(), world.store.documents) == (events, documents)


@pytest.mark.spec("TKT 2")
async def test_an_answer_after_years_reopens() -> None:
    world = World()
    await began(world)
    await world.happen(a_command(CloseTicket, ticket_id=world.ticket.id))
    late = an_inbound_mail(answers=ROOT, at=MONDAY + timedelta(days=4000))
    assert await joins(world, late)
    assert world.ticket.status == "open"


@pytest.mark.spec("TKT 2")
async def test_a_stranger_reopens_nothing() -> None:
    world = World()
    await began(world)
    await world.happen(a_command(CloseTicket, ticket_id=world.ticket.id))
    assert not await joins(world, an_inbound_mail(by="mallory", answers=ROOT))
    assert world.tickets[0].status == "closed"


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("cited", [0, 5, 60, 150, 239])
async def test_any_mail_of_a_very_long_thread_leads_to_it(cited: int) -> None:
    """A ticket keeps the ends of the thread's ids; the ledger has them all."""
    world = World()
    ids = [f"long-{n}@example.com" for n in range(240)]
    for n, mail_id in enumerate(ids):
        mail = an_inbound_mail(mail_id=mail_id, answers=ids[n - 1] if n else None)
        await world.happen(mail)
    assert len(world.ticket.mail_ids) == slots.KEPT_FIRST + slots.KEPT_LAST
    assert await joins(world, an_inbound_mail(answers=ids[cited], references=()))


@pytest.mark.spec("TKT 2")
async def test_a_mail_that_names_hundreds_is_found_by_its_ends() -> None:
    world = World()
    await began(world)
    lost = [f"lost-{n}@example.com" for n in range(500)]
    assert await joins(world, an_inbound_mail(references=(ROOT, *lost)))
    assert await joins(world, an_inbound_mail(references=(*lost, ROOT)))


@pytest.mark.spec("ING 2")
async def test_a_redelivered_mail_is_sought_first_where_it_opened_a_ticket() -> None:
    """What crashed before it wrote to the ledger is found there, whoever else knows the mail."""
    world = World()
    first = await began(world)
    forged = an_inbound_mail(
        mail_id="forged@example.com", answers=ROOT, authentication="fail", at=minutes(5)
    )
    earlier = an_inbound_mail(by="bob", answers="forged@example.com", at=minutes(-5))
    await world.happen(forged, earlier)
    opened = world.ticket_of(forged)
    assert world.ticket_of(earlier).id not in (opened.id, world.ticket_of(first).id)
    found = threads.targets([forged], world.tickets)
    assert found == {forged.id: Target("acme", id=opened.id)}


async def test_a_mail_without_headers_belongs_to_no_thread() -> None:
    world = World()
    await began(world)
    bare = an_inbound_mail(mail=None)
    assert not await joins(world, bare)


def test_the_root_of_a_thread_is_the_oldest_that_is_named() -> None:
    def mail(**more: object) -> Mail:
        return Mail(message_id="own", sender="anna@example.com", **more)

    assert slots.thread_root(mail(references=("a", "b"), in_reply_to=("c",))) == "a"
    assert slots.thread_root(mail(in_reply_to=("c",))) == "c"
    assert slots.thread_root(mail()) == "own"


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("cited", [ROOT, None])
async def test_mails_of_unknown_senders_are_threads_of_their_own(cited: str | None) -> None:
    world = World()
    first, second = (
        an_inbound_mail(sender="", contact=Contact(id=f"unknown:{number}"), answers=cited)
        for number in range(2)
    )
    await began(world)
    for mail in (first, second):
        assert not await joins(world, mail)
    assert len(world.tickets) == 3


@pytest.mark.spec("TKT 2")
async def test_nobody_joins_the_thread_of_an_unknown_sender() -> None:
    world = World()
    await world.happen(
        an_inbound_mail(mail_id=ROOT, sender="", contact=Contact(id="unknown:1"), by="anna")
    )
    answer = an_inbound_mail(answers=ROOT, by="boris")
    another = an_inbound_mail(answers=ROOT, sender="", contact=Contact(id="unknown:2"))
    assert not await joins(world, answer)
    assert not await joins(world, another)
