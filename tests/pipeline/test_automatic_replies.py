"""Automatic replies: a text without consent, a chat at night, and machines that answer machines."""

from typing import Any

import pytest

from shared.contracts.base import Identity
from shared.contracts.commands import ReplyToTicket
from shared.contracts.profiles import Profile
from shared.contracts.tickets import CommandRejected
from shared.topics import PROFILES
from tests.pipeline.stage import Stage, acme

SUBSCRIBE = {
    "en": "Hi {{contact.first_name|default('there')}}, reply YES to subscribe, then we can answer.",
    "it": "Ciao! Rispondi SÌ per iscriverti: poi potremo rispondere.",
}
THERE = {"en": "Hello, somebody is with you in a moment."}
AWAY = {
    "en": "We are closed and open again at {{hours.opens_at}}.",
    "it": "Apriamo {{hours.opens_at}}.",
}


def answering(**replies: Any) -> Any:
    return acme(auto_replies=replies)


def replied(stage: Stage) -> list[str]:
    return [out.text for out in stage.outbound()]


@pytest.mark.spec("ARP 1", "ARP 4")
async def test_who_has_not_consented_is_answered_once_a_day_and_the_customer_goes_on_waiting(
    stage: Stage,
) -> None:
    await stage.account(answering(sms={"enabled": True, "text": SUBSCRIBE}))

    await stage.sms("Where is my order?")
    await stage.sms("Hello???")

    ticket_id, ticket = stage.only_ticket()
    assert replied(stage) == ["Hi there, reply YES to subscribe, then we can answer."]
    assert stage.outbound()[0].auto_reply
    assert ticket.unread
    assert ticket.customer_waits_since is not None
    assert ticket.waiting_epoch is None, "an automatic reply starts no timer (ACL 2)"

    await stage.forward(hours=25)
    await stage.sms("Dove è il mio ordine? Non è arrivato e vorrei sapere quando")

    assert replied(stage)[1:] == ["Ciao! Rispondi SÌ per iscriverti: poi potremo rispondere."]
    assert "AgentReplied" in stage.kinds(ticket_id)


@pytest.mark.spec("ARP 1")
async def test_who_has_consented_and_who_said_stop_get_no_automatic_reply(in_memory: Stage) -> None:
    await in_memory.account(answering(sms={"enabled": True, "text": SUBSCRIBE}))
    await in_memory.publish(
        PROFILES,
        Profile(
            account_id="acme",
            profile_id="p1",
            identities=(Identity(type="e164", value="+393331112222"),),
            sms_consent="marketing",
        ),
    )
    await in_memory.sms("Where is my order?")
    assert replied(in_memory) == []

    await in_memory.sms("One question", sender="+393339990000")
    await in_memory.sms("STOP", sender="+393339990000")
    await in_memory.forward(hours=30)
    await in_memory.sms("And another", sender="+393339990000")

    assert len(replied(in_memory)) == 1
    (refused,) = [e for e in in_memory.events if isinstance(e, CommandRejected)]
    assert (refused.code, refused.author.id) == ("no_consent", "replies")


@pytest.mark.spec("ARP 2")
async def test_a_chat_is_told_who_is_there_and_again_only_when_the_hours_have_changed(
    stage: Stage,
) -> None:
    await stage.account(answering(webchat={"open": THERE, "closed": AWAY}))

    await stage.chat("Hello")
    await stage.chat("Anybody there?")
    assert replied(stage) == ["Hello, somebody is with you in a moment."]

    await stage.forward(hours=9)  # 19:00 in Rome
    await stage.chat("Still there?")
    await stage.chat("Hm.")
    assert replied(stage)[1:] == ["We are closed and open again at Thursday 09:00."]

    await stage.chat("Buonasera, vorrei sapere quando arriva il mio ordine", conversation="chat-2")
    assert replied(stage)[2:] == ["Apriamo giovedì 09:00."]


@pytest.mark.spec("ARP 2")
async def test_where_only_the_closed_hours_have_a_text_it_is_told_once_they_begin(
    in_memory: Stage,
) -> None:
    await in_memory.account(answering(webchat={"closed": AWAY}))
    await in_memory.chat("Hello")
    assert replied(in_memory) == []

    await in_memory.forward(hours=9)  # 19:00 in Rome
    await in_memory.chat("Still there?")

    assert replied(in_memory) == ["We are closed and open again at Thursday 09:00."]


@pytest.mark.spec("ARP 2", "SPM 2")
async def test_a_chat_that_began_with_what_looked_like_spam_is_welcomed_with_its_first_real_line(
    in_memory: Stage,
) -> None:
    spam = "Congratulations! You won a prize, claim your $5000 now: http://win-prize.example/claim"
    await in_memory.account(answering(webchat={"open": THERE}))
    await in_memory.chat(spam)
    assert in_memory.only_ticket()[1].spam

    await in_memory.chat("Sorry, that was my cat. Where is my order 1042?")

    assert replied(in_memory) == list(THERE.values())


@pytest.mark.spec("ARP 2")
async def test_a_chat_that_is_under_way_is_not_welcomed_when_the_account_switches_that_on(
    in_memory: Stage,
) -> None:
    await in_memory.account(acme())
    await in_memory.chat("Hello")
    await in_memory.account(answering(webchat={"open": THERE, "closed": AWAY}))

    await in_memory.chat("My order number is 7.")
    assert replied(in_memory) == []

    await in_memory.forward(hours=9)
    await in_memory.chat("Still there?")
    assert len(replied(in_memory)) == 1, "but that the hours have changed is told"


@pytest.mark.spec("ARP 4")
async def test_a_contact_gets_five_automatic_replies_a_day_at_most(in_memory: Stage) -> None:
    await in_memory.account(answering(webchat={"open": THERE}))

    for number in range(9):
        await in_memory.chat("Hello", conversation=f"chat-{number}")

    assert len(replied(in_memory)) == 5


@pytest.mark.spec("ARP 4")
async def test_spam_gets_no_automatic_reply(in_memory: Stage) -> None:
    spam = "Congratulations! You won a prize, claim your $5000 now: http://win-prize.example/claim"
    await in_memory.account(
        acme(
            spam={"threshold": 0.01, "grey": 0.001},
            auto_replies={"sms": {"enabled": True, "text": SUBSCRIBE, "to": "everybody"}},
        )
    )

    await in_memory.sms(spam)

    _, ticket = in_memory.only_ticket()
    assert ticket.spam
    assert replied(in_memory) == []


@pytest.mark.spec("ARP 4")
async def test_our_own_replies_coming_back_as_messages_do_not_go_round(in_memory: Stage) -> None:
    """Another instance of ourselves, with the same settings, answers each of our replies."""
    await in_memory.account(
        answering(
            sms={"enabled": True, "to": "everybody", "text": SUBSCRIBE, "every": "PT1M"},
            webchat={"open": THERE, "closed": AWAY},
        )
    )
    await in_memory.sms("Hello")
    await in_memory.chat("Hello")
    seen = 0

    for _ in range(30):
        await in_memory.forward(minutes=5)
        outs = in_memory.outbound()
        for out in outs[seen:]:
            if out.channel == "sms":
                await in_memory.sms(out.text)
            else:
                await in_memory.chat(out.text)
        seen = len(outs)

    assert len(replied(in_memory)) == 2


@pytest.mark.spec("ARP 4")
async def test_an_auto_responder_that_always_says_something_new_is_answered_five_times_a_day(
    in_memory: Stage,
) -> None:
    await in_memory.account(
        answering(sms={"enabled": True, "to": "everybody", "text": SUBSCRIBE, "every": "PT1M"})
    )

    for number in range(20):
        await in_memory.sms(f"I am driving and cannot read your message number {number}.")
        await in_memory.forward(minutes=10)

    assert len(replied(in_memory)) == 5


@pytest.mark.spec("ARP 4")
@pytest.mark.parametrize("sender", ["40404", "ACME-BANK"])
async def test_short_codes_and_names_get_no_automatic_reply(in_memory: Stage, sender: str) -> None:
    await in_memory.account(answering(sms={"enabled": True, "to": "everybody", "text": SUBSCRIBE}))

    await in_memory.sms("Your code is 1234, do not share it with anybody", sender=sender)

    assert replied(in_memory) == []


@pytest.mark.spec("ARP 5")
async def test_the_team_is_mailed_about_a_new_sms_once_in_ten_minutes(stage: Stage) -> None:
    await stage.account(answering(new_sms={"to": ["Lead@acme.example", "ops@acme.example"]}))

    await stage.sms("Where is my order?")
    await stage.sms("It is number 7.")
    await stage.forward(minutes=11)
    await stage.sms("Hello?")

    mails = stage.outbound()
    assert [mail.contact.id for mail in mails] == [
        "email:lead@acme.example",
        "email:ops@acme.example",
    ] * 2
    assert all(mail.auto_reply and mail.channel == "email" for mail in mails)
    assert "Where is my order?" in mails[0].text
    assert mails[0].subject == "New SMS from +393331112222 (ticket 1)"


@pytest.mark.spec("ARP 1")
async def test_a_replay_of_everything_sends_nothing_again(in_memory: Stage) -> None:
    await in_memory.account(
        answering(
            sms={"enabled": True, "text": SUBSCRIBE},
            webchat={"open": THERE},
            new_sms={"to": ["lead@acme.example"]},
        )
    )
    await in_memory.sms("Where is my order?")
    await in_memory.chat("Hello")
    before = [out.id for out in in_memory.outbound()]
    seqs = {key: ticket.message_count for key, ticket in in_memory.board.items()}

    await in_memory.again()

    assert list(dict.fromkeys(out.id for out in in_memory.outbound())) == before
    assert {key: ticket.message_count for key, ticket in in_memory.board.items()} == seqs


@pytest.mark.spec("ARP 1")
async def test_what_was_written_long_ago_is_answered_by_people_only(in_memory: Stage) -> None:
    """Switching replies on and reading the topics again does not wake the past."""
    await in_memory.account(acme())
    await in_memory.sms("Where is my order?")
    await in_memory.forward(days=3)
    await in_memory.account(answering(sms={"enabled": True, "text": SUBSCRIBE}))

    await in_memory.again()

    assert replied(in_memory) == []


@pytest.mark.spec("ARP 4")
async def test_an_agents_answer_follows_an_automatic_one_as_ever(in_memory: Stage) -> None:
    await in_memory.account(answering(webchat={"open": THERE}))
    await in_memory.chat("Hello")
    ticket_id, _ = in_memory.only_ticket()

    await in_memory.command(ReplyToTicket, ticket_id, text="How can I help?")

    ticket = in_memory.board[ticket_id]
    assert replied(in_memory)[-1] == "How can I help?"
    assert (ticket.unread, ticket.customer_waits_since) == (False, None)
    assert in_memory.kinds(ticket_id).count("AgentReplied") == 2


@pytest.mark.spec("ARP 1", "TKT 13")
async def test_only_the_accounts_own_automatic_reply_needs_no_consent(in_memory: Stage) -> None:
    await in_memory.account(acme())
    await in_memory.sms("Where is my order?")
    ticket_id, _ = in_memory.only_ticket()

    for kind in ("ai", "agent", "integration"):
        author = {"kind": kind, "id": "x"}
        await in_memory.command(ReplyToTicket, ticket_id, author=author, text="Hi", auto_reply=True)

    assert replied(in_memory) == []
