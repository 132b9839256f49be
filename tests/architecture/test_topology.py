"""Who reads and writes what: the real apps and the registry say the same."""

import os
import re
from collections.abc import Iterable
from typing import Any

import pytest

from shared import topics
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.bus.kafka_bus import KafkaBus
from shared.cli.demo import samples
from shared.cli.demo.story import Story
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.commands import MarkSpam, PublishSnapshots, ReplyToTicket, TagTicket
from shared.contracts.erasures import EraseContact
from shared.contracts.handoffs import HandoffRequested
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Service, Topic
from shared.topics import ACCOUNTS, BY_NAME, DEAD, ERASURES, HANDOFFS, INBOUND, TOPICS, WEIGHTS
from tests.architecture.tree import ROOT
from tests.cli.memory_world import MemoryWorld
from tests.pipeline.stage import ANN
from tests.wired import built

each_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("HELPDESK_"):
            monkeypatch.delenv(name)


def names(topics: Iterable[Topic[Any]]) -> set[str]:
    return {topic.name for topic in topics}


def a_bus(service: Service) -> KafkaBus:
    return KafkaBus(service, KafkaSettings(), transient=lambda _: False)


async def _nothing(_: object) -> None:
    return


def test_there_are_as_many_services_as_the_registry_knows() -> None:
    folders = {file.parent.name for file in (ROOT / "services").glob("*/__main__.py")}

    assert folders == set(SERVICES)


@each_service
async def test_a_service_consumes_what_the_registry_says(service: Service) -> None:
    app = built(service)

    # Everybody follows the settings, all of them; who dead-letters the bad ones is ingest alone.
    # Of weights it is who learns.
    twice = {
        "ingest": {ACCOUNTS.name},
        "spam": {WEIGHTS.name},
        "tagging": {WEIGHTS.name},
    }.get(service, set())
    assert app.bus.service == service
    assert app.bus.consumed | app.bus.followed == names(t for t in TOPICS if service in t.consumers)
    assert app.bus.consumed & app.bus.followed == twice
    assert isinstance(app.bus.accounts, AccountsTable)


@each_service
async def test_building_an_app_twice_starts_and_shares_nothing(service: Service) -> None:
    one, other = built(service), built(service)

    assert one.bus is not other.bus
    assert one.bus.ready() == other.bus.ready() == "not in the consumer group yet"
    assert one.bus.live() is None


async def test_what_the_services_publish_is_what_the_registry_says() -> None:
    world = MemoryWorld()
    stage = world.stage
    await Story(world, stage.clock()).tell()
    await _a_customer_falls_silent(world)
    await _an_agent_marks_and_tags(world)
    await _a_contact_is_asked_for(world)
    await _the_ai_agent_hands_over(world)
    await _a_mail_has_a_file(world)
    await _nobody_is_there_to_answer(world)

    # What the desk publishes people ask for: it is told apart, below.
    told = {(s, t.name) for t in TOPICS for s in t.producers if t is not DEAD[s] and s != "desk"}
    dead = {(s, t.name) for s, t in DEAD.items()}
    assert stage.log.published - dead == told
    assert stage.log.published & dead == {("ingest", DEAD["ingest"].name)}


def test_the_desk_makes_records_of_the_topics_that_the_registry_lets_it_publish_to() -> None:
    made = {
        name
        for file in (ROOT / "services/desk").rglob("*.py")
        for name in re.findall(r"\b([A-Z_]+)\.record\(", file.read_text())
    }
    # Settings are changed by compare and set, as an operator changes them.
    made |= {"ACCOUNTS"} if "AccountsTopic" in _text("services/desk/web/settings_log.py") else set()

    registered = {t.name for t in TOPICS if "desk" in t.producers and t is not DEAD["desk"]}
    assert {getattr(topics, name).name for name in made} == registered


def _text(path: str) -> str:
    return (ROOT / path).read_text()


async def _nobody_is_there_to_answer(world: MemoryWorld) -> None:
    """An SMS to an account that answers by itself, and tells its team."""
    text = {"en": "We shall answer."}
    said = {
        "account_id": "quiet",
        "channels": ["sms"],
        "addresses": [
            {"channel": "sms", "value": "+390299999999"},
            {"channel": "email", "value": "help@quiet.example"},
        ],
        "auto_replies": {
            "sms": {"enabled": True, "text": text},
            "new_sms": {"to": ["lead@quiet.example"]},
        },
    }
    await world.publish([ACCOUNTS.record(AccountSettings.model_validate(said))])
    await world.publish([samples.sms("Hello?", sid="SMQ", to="+390299999999")])


async def _a_mail_has_a_file(world: MemoryWorld) -> None:
    mail = (
        b"From: ann@example.com\nSubject: s\nMessage-ID: <file@example.com>\nMIME-Version: 1.0\n"
        b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF"
    )
    settings = world.stage.bodies(ACCOUNTS)[-1]
    mailbox = next(each.value for each in settings.addresses if each.channel == "email")
    headers = (("x-rcpt-to", mailbox.encode()),)
    await world.publish([Outgoing(INBOUND["email"].name, b"raw", mail, headers)])


async def _a_customer_falls_silent(world: MemoryWorld) -> None:
    """What the demonstration has no time for: the timer of an answered ticket ends."""
    stage = world.stage
    (ticket,) = world.observed().tickets("whatsapp")
    reply = ReplyToTicket(
        account_id="sample",
        id="reply",
        occurred_at=stage.clock(),
        correlation_id="reply",
        ticket_id=ticket["id"],
        author=ANN,
        text="We do.",
    )
    await world.publish([BY_NAME["helpdesk.commands"].record(reply)])
    stage.clock.forward(days=3)
    await stage.log.settle()
    (ticket,) = world.observed().tickets("whatsapp")
    assert ticket["status"] == "closed"


async def _an_agent_marks_and_tags(world: MemoryWorld) -> None:
    """What it does not show either: a mark and a tag, which teach; and what a latecomer asks."""
    stage = world.stage
    ticket = world.observed().tickets("whatsapp")[0]
    said: dict[str, Any] = {
        "account_id": "sample",
        "occurred_at": stage.clock(),
        "correlation_id": "mark",
        "ticket_id": ticket["id"],
        "author": ANN,
    }
    tag = TagTicket(id="tag", tags=("Loyalty",), **said)
    mark = MarkSpam(id="mark", **said)
    del said["ticket_id"]
    late = PublishSnapshots(id="late", **said)
    await world.publish([BY_NAME["helpdesk.commands"].record(each) for each in (tag, mark, late)])
    await stage.log.settle()


async def _a_contact_is_asked_for(world: MemoryWorld) -> None:
    """And what an operator does."""
    ask = EraseContact(
        account_id="sample",
        id="erasure",
        occurred_at=world.stage.clock(),
        correlation_id="erasure",
        contacts=("email:nobody@example.com",),
        dry_run=True,
    )
    await world.publish([ERASURES.record(ask)])
    await world.stage.log.settle()


async def _the_ai_agent_hands_over(world: MemoryWorld) -> None:
    """And what another system asks."""
    (ticket,) = world.observed().tickets("email")[:1]
    request = HandoffRequested(
        account_id="sample",
        id="handoff",
        occurred_at=world.stage.clock(),
        correlation_id="handoff",
        channel="email",
        address="help@sample.example",
        contact=Contact(id="email:nobody@example.com"),
        ticket_id=ticket["id"],
    )
    await world.publish([HANDOFFS.record(request)])
    await world.stage.log.settle()


NOT_THEIRS = [(s, t) for s in SERVICES for t in TOPICS if s not in t.producers]
NOT_FOR_THEM = [(s, t) for s in SERVICES for t in TOPICS if s not in t.consumers]


def pairs(found: list[tuple[Service, Topic[Any]]]) -> pytest.MarkDecorator:
    ids = [f"{service}-{topic.name}" for service, topic in found]
    return pytest.mark.parametrize(("service", "topic"), found, ids=ids)


@pairs(NOT_THEIRS)
async def test_the_bus_lets_nobody_publish_where_the_registry_does_not(
    service: Service, topic: Topic[Any]
) -> None:
    mine = Outgoing(DEAD[service].name, None, b"x")

    # Refused as a whole, and before anything is sent: this bus is not even connected.
    with pytest.raises(HelpdeskError, match=f"{service} is no producer of {topic.name}"):
        await a_bus(service).publish([mine, Outgoing(topic.name, None, b"x")])


@pairs(NOT_FOR_THEM)
async def test_the_bus_lets_nobody_consume_what_the_registry_does_not(
    service: Service, topic: Topic[Any]
) -> None:
    bus = a_bus(service)

    with pytest.raises(HelpdeskError, match=f"{service} is no consumer of {topic.name}"):
        bus.consume(topic, _nothing)
    assert bus.consumed == set()
