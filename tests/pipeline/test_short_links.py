"""Links in SMS go out as short ones, and the thread keeps what the agent wrote."""

import pytest

from shared.contracts.commands import ReplyToTicket
from shared.contracts.tickets import AgentReplied
from tests.pipeline.stage import Stage, acme
from tests.pipeline.test_automatic_replies import SUBSCRIBE

LINKS = {"short_domain": "go.acme.example"}


@pytest.mark.spec("OUT 1")
async def test_links_in_sms_become_short_ones_the_same_each_time(stage: Stage) -> None:
    texts = {"en": f"{SUBSCRIBE['en']} See https://acme.example/sms-terms?lang=en."}
    await stage.account(acme(links=LINKS, auto_replies={"sms": {"enabled": True, "text": texts}}))
    await stage.sms("Where is my order?")

    (out,) = stage.outbound()
    ticket_id, _ = stage.only_ticket()
    replied = stage.facts(ticket_id)[-1]
    assert isinstance(replied, AgentReplied)
    (link,) = replied.links
    assert link.url == "https://acme.example/sms-terms?lang=en"
    assert link.short == f"https://go.acme.example/{link.code}"
    assert out.text.endswith(f" See {link.short}.")
    assert replied.text.endswith(" See https://acme.example/sms-terms?lang=en.")

    await stage.again()
    assert {out.text for out in stage.outbound()} == {out.text}


@pytest.mark.spec("OUT 1")
async def test_links_on_other_channels_and_of_accounts_without_a_short_domain_stay(
    in_memory: Stage,
) -> None:
    await in_memory.account(acme(links=LINKS))
    await in_memory.chat("Hello")
    ticket_id, _ = in_memory.only_ticket()

    await in_memory.command(ReplyToTicket, ticket_id, text="See https://acme.example/a")

    assert in_memory.outbound()[-1].text == "See https://acme.example/a"
