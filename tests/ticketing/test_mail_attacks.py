"""Mail that pretends to belong to somebody's ticket: none of it is added there (TKT 2)."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.ticketing.app import wire
from services.ticketing.rules.messages import SPOOF_SUSPECT
from services.ticketing.settings import Settings
from shared.contracts.commands import ReplyToTicket
from shared.contracts.messages import InboundMessage
from shared.values.mail_tokens import MailTokens, marked
from tests.builders import a_command, a_contact, an_inbound_mail, minutes
from tests.ticketing.desk import KEYS, ROOT, Desk


def a_mail(tokens: tuple[str, ...] = (), **more: Any) -> InboundMessage:
    """A mail with tokens where ingest found them, `where:token` each."""
    return an_inbound_mail(at=minutes(5), tokens=tokens, **more)


async def refused(desk: Desk, *mails: InboundMessage) -> None:
    """Deliver mails, one by one and again at once; none of them joins Anna's ticket."""
    before = desk.annas
    await desk.happen(*mails)
    await desk.batch(mails)
    assert desk.annas == before
    for mail in mails:
        assert desk.ticket_of(mail).id != before.id


@pytest.mark.spec("TKT 2")
async def test_a_reply_carries_the_token_in_its_id_its_references_and_its_address(
    desk: Desk,
) -> None:
    out = desk.answer

    assert out.references == (f"{desk.token}@acme.example", ROOT)
    assert (out.message_id or "").startswith(f"{desk.token}.")
    assert out.reply_to == f"support+{desk.token}@acme.example"


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("where", ["address", "id", "text"])
@pytest.mark.parametrize("flip", [str.lower, str.upper])
async def test_the_customers_answer_is_led_back_by_the_token_alone_in_any_case(
    desk: Desk, where: str, flip: "type[str]"
) -> None:
    answer = a_mail((f"{where}:{flip(desk.token)}",))

    await desk.happen(answer)

    assert desk.ticket_of(answer).id == desk.annas.id


@pytest.mark.spec("TKT 2")
async def test_somebody_whom_the_customer_addressed_is_led_there_too(desk: Desk) -> None:
    answer = a_mail((marked("address", desk.token),), by="bob")

    await desk.happen(answer)

    assert desk.ticket_of(answer).id == desk.annas.id


@pytest.mark.spec("TKT 2")
async def test_another_address_of_the_customers_profile_is_led_there_too() -> None:
    desk = Desk()
    known = a_contact(channel="email", profile_id="p-1")
    await desk.happen(an_inbound_mail(contact=known))
    await desk.happen(a_command(ReplyToTicket, ticket_id=desk.annas.id, text="Done."))
    other = a_contact(channel="email", name="anna.private", profile_id="p-1")
    answer = a_mail((marked("id", desk.token),), by="anna.private", contact=other)

    await desk.happen(answer)

    assert desk.ticket_of(answer).id == desk.annas.id


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("subject", ["Re: [#1] Refund", "Re: Refund", "[#1-t1] Refund", "#1"])
async def test_a_guessed_number_in_the_subject_decides_nothing(desk: Desk, subject: str) -> None:
    await refused(
        desk, a_mail(by="eve", subject=subject), a_mail(subject=subject, authentication="fail")
    )


@pytest.mark.spec("TKT 2")
async def test_not_even_the_customers_own_mail_joins_by_its_subject(desk: Desk) -> None:
    await refused(desk, a_mail(subject="Re: Refund"))


@pytest.mark.spec("TKT 2")
async def test_guessed_references_lead_a_stranger_to_a_ticket_of_their_own(desk: Desk) -> None:
    answer_id = desk.answer.message_id
    mails = [
        a_mail(by="eve", answers=ROOT, references=(ROOT,)),
        a_mail(by="eve", answers=answer_id, references=(ROOT, answer_id)),
        a_mail(by="eve", answers="1@acme.example"),
    ]

    await refused(desk, *mails)

    assert desk.ticket_of(mails[0]).related_ticket_id == desk.annas.id
    assert desk.ticket_of(mails[1]).related_ticket_id == desk.annas.id
    assert desk.ticket_of(mails[2]).related_ticket_id is None


@pytest.mark.spec("TKT 2")
async def test_a_valid_token_of_another_account_or_an_invented_one_leads_nowhere(
    desk: Desk,
) -> None:
    foreign = KEYS.of("zeta", desk.annas.id)
    forged = MailTokens({"1": b"a secret that eve made up"}).of("acme", desk.annas.id)
    mails = [
        a_mail((f"{where}:{token}",)) for token in (foreign, forged) for where in ("address", "id")
    ]

    await refused(desk, *mails)

    assert all(desk.ticket_of(mail).related_ticket_id is None for mail in mails)


@pytest.mark.spec("TKT 2")
async def test_a_token_does_not_work_in_another_account_or_mailbox(desk: Desk) -> None:
    mark = (marked("address", desk.token),)

    await refused(desk, a_mail(mark, account_id="zeta"), a_mail(mark, address="sales@acme.example"))


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("where", ["address", "id", "text"])
async def test_a_replayed_or_forwarded_token_leads_a_stranger_to_a_ticket_of_their_own(
    desk: Desk, where: str
) -> None:
    mark = (f"{where}:{desk.token}",)
    first, second = a_mail(mark, by="carol"), a_mail(mark, by="carol")

    await refused(desk, first, second)

    carols = desk.ticket_of(first)
    assert desk.ticket_of(second).id == carols.id
    assert carols.related_ticket_id == desk.annas.id
    assert carols.contact.id == "email:carol@example.com"


@pytest.mark.spec("TKT 2")
async def test_a_forged_sender_joins_nothing_whatever_they_know(desk: Desk) -> None:
    mark = (marked("address", desk.token), marked("id", desk.token))
    forged = [a_mail(mark, answers=desk.answer.message_id, authentication="fail") for _ in range(3)]

    await refused(desk, *forged)

    for mail in forged:
        ticket = desk.ticket_of(mail)
        assert ticket.related_ticket_id == desk.annas.id
        assert ticket.tags == (SPOOF_SUSPECT,)
    assert len({desk.ticket_of(mail).id for mail in forged}) == 3


@pytest.mark.spec("TKT 2")
async def test_nobody_becomes_a_participant_by_a_forged_or_a_strangers_copy(desk: Desk) -> None:
    mark = (marked("address", desk.token),)
    copies = [
        a_mail(mark, cc=("eve@example.com",), authentication="fail"),
        a_mail(mark, by="mallory", cc=("eve@example.com",)),
    ]
    await refused(desk, *copies)
    assert "eve@example.com" not in desk.annas.participants

    await refused(desk, a_mail(mark, by="eve"), a_mail(by="eve", answers=ROOT, references=(ROOT,)))


@pytest.mark.spec("TKT 2")
async def test_whom_a_participant_copies_in_becomes_none_themself(desk: Desk) -> None:
    mark = (marked("address", desk.token),)
    await desk.happen(a_mail(mark, by="bob", cc=("eve@example.com",)))

    await refused(desk, a_mail(mark, by="eve"))


@pytest.mark.spec("TKT 2")
async def test_of_two_tickets_that_evidence_names_the_signed_one_counts(desk: Desk) -> None:
    other = an_inbound_mail(mail_id="anna-2@example.com", subject="Size", at=minutes(2))
    await desk.happen(other)
    answer = a_mail((marked("id", desk.token),), answers="anna-2@example.com")
    quoting = a_mail((marked("text", desk.token),), answers="anna-2@example.com")

    await desk.happen(quoting, answer)

    assert desk.ticket_of(answer).id == desk.annas.id
    assert desk.ticket_of(quoting).id == desk.ticket_of(other).id


@pytest.mark.spec("TKT 2")
async def test_tokens_outlive_the_rotation_of_their_key_as_known_ids(desk: Desk) -> None:
    head = desk.answer.references[0]
    tokens = MailTokens({"2": b"quite another secret"})
    wire(desk, desk.wired_store(), desk.wired_requests(), desk.clock, tokens=tokens)
    answer = a_mail((marked("id", desk.token),), answers="x@ses.example", references=(head,))

    await desk.happen(answer)

    assert desk.ticket_of(answer).id == desk.annas.id


@pytest.mark.spec("TKT 2")
async def test_outlooks_id_of_a_conversation_leads_its_participants_back(desk: Desk) -> None:
    def by_outlook(topic: str = "Size", **more: Any) -> InboundMessage:
        return a_mail(thread_index="00" * 16, thread_topic=topic, **more)

    first, second, other = by_outlook(), by_outlook(), by_outlook(topic="Colour")
    await desk.happen(first, second, other, stranger := by_outlook(by="eve"))

    assert desk.ticket_of(second).id == desk.ticket_of(first).id
    assert desk.ticket_of(other).id != desk.ticket_of(first).id
    assert desk.ticket_of(stranger).id != desk.ticket_of(first).id


@pytest.mark.spec("TKT 2")
def test_the_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().tokens.of("acme", "t") is None
    keys = '{"1": "an old secret of ours", "2": "a newer secret of ours"}'
    monkeypatch.setenv("HELPDESK_MAIL_TOKEN_KEYS", keys)

    token = Settings().tokens.of("acme", "t")

    assert token is not None
    assert token.startswith("t2")
    assert "secret" not in repr(Settings())


@pytest.mark.parametrize("keys", ['{"a": "a secret of ours, long"}', '{"1": "short"}', "[]"])
def test_a_key_that_protects_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("HELPDESK_MAIL_TOKEN_KEYS", keys)

    with pytest.raises(ValidationError):
        Settings()
