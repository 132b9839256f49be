"""`helpdesk contacts erase`: its command line, and what it says of services that do not answer."""

import asyncio
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner, Result

from services.ingest.contact_commands import Person, app
from shared.bus.kafka import create_topics
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings


def erase(*options: str) -> Result:
    return CliRunner().invoke(app, ["contacts", "erase", "--account", "acme", *options])


@pytest.mark.parametrize(
    "options",
    [(), ("--phone", "12"), ("--email", "nobody"), ("--contact", "e164"), ("--contact", ":7")],
    ids=str,
)
def test_a_contact_that_is_not_named_is_a_wrong_command_line(options: Sequence[str]) -> None:
    assert erase(*options).exit_code == 2


def test_a_number_is_its_whatsapp_id_too_and_the_other_way_round() -> None:
    nobody = Person(frozenset(), frozenset())

    assert nobody.joined(["e164:+393331234567"], []).contacts == {
        "e164:+393331234567",
        "wa_id:393331234567",
    }
    assert "e164:+393331234567" in nobody.joined(["wa_id:393331234567"], []).contacts


@pytest.mark.connected
@pytest.mark.parametrize("more", [(), ("--yes", "--json")], ids=str)
async def test_services_that_do_not_answer_in_time_are_named(
    servers: Servers, unique: str, monkeypatch: pytest.MonkeyPatch, more: Sequence[str]
) -> None:
    prefix = f"{unique}-"
    settings = KafkaSettings(bootstrap=servers.kafka, topic_prefix=prefix)
    await create_topics(settings, replication=1, partitions=1)
    monkeypatch.setenv("HELPDESK_KAFKA__BOOTSTRAP", servers.kafka)
    monkeypatch.setenv("HELPDESK_KAFKA__TOPIC_PREFIX", prefix)
    monkeypatch.setenv("HELPDESK_MONGO__URL", servers.mongo)
    monkeypatch.setenv("HELPDESK_REDIS__URL", servers.redis)

    def ask() -> Result:
        return erase("--email", "anna@example.com", "--wait", "0.3", *more)

    result = await asyncio.to_thread(ask)

    assert result.exit_code == 4
    assert result.stdout == ""
