"""All services by TLS, each as a user of its own with the least rights, on Apache Kafka itself.

The servers and the services run once for this module.
"""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.bus.acls import acls
from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer
from shared.contracts.base import Author, Identity
from shared.contracts.commands import CloseTicket, ReplyToTicket
from shared.contracts.presence import AgentWentOnline
from shared.contracts.profiles import Profile
from shared.contracts.tickets import TicketFact
from shared.errors import Transient
from shared.topic import SERVICES
from shared.topics import (
    ACCOUNTS,
    COMMANDS,
    INBOUND,
    MESSAGES,
    OUTBOUND,
    PRESENCE,
    PROFILES,
    TICKETS,
)
from tests.e2e.harness import Replica
from tests.e2e.secure import PREFIX, Secured, secured
from tests.pipeline.stage import PHONE, acme

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(170)]

RETURN = "Hi, I would like to return my shoes and get a refund please"
NUMBERS = ("+393331110001", "+393331110002")
CUSTOMERS = Profile(
    account_id="acme",
    profile_id="p1",
    identities=tuple(Identity(type="e164", value=number) for number in NUMBERS),
    sms_consent="transactional",
)
HELPDESK = (sys.executable, "-c", "from shared.cli import main; main()")
PLANTED = "xylophone-zanzibar"
"""A word of a customer's that must stand in no log, metric or listing."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """The servers, and every service as its own user, ready."""
    with secured(tmp_path_factory.mktemp("secure")) as place:
        account = acme(business_hours={}, assignment={"round_robin": True})
        place.say(ACCOUNTS.record(account), PROFILES.record(CUSTOMERS))
        replicas = [place.run(name, **place.environment_of(name)) for name in SERVICES]
        for replica in replicas:
            place.wait(f"{replica.service} is ready", lambda of=replica: _ready(of))  # type: ignore[misc]
        profiles = 'helpdesk_messages_processed_total{outcome="handled",service="ingest",topic='
        place.wait(
            "the customers are known",
            lambda: f'{profiles}"{PROFILES.name}"}} 1' in replicas[0].get("/metrics"),
        )
        yield place


def _ready(replica: Replica) -> bool:
    try:
        replica.get("/ready")
    except (OSError, StopIteration):
        return False
    return True


def _now() -> datetime:
    return datetime.now(UTC)


def _online(agent: str) -> AgentWentOnline:
    unique = secrets.token_hex(8)
    return AgentWentOnline(
        account_id="acme",
        id=unique,
        occurred_at=_now(),
        correlation_id=unique,
        agent_id=agent,
        said_by=agent,
    )


def _sms(text: str, sender: str) -> Outgoing:
    body = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "AccountSid": "AC1",
        "From": sender,
        "To": PHONE,
        "Body": text,
        "NumMedia": "0",
    }
    return Outgoing(
        INBOUND["sms"].name, b"raw", json.dumps(body).encode(), (("x-provider", b"twilio"),)
    )


def _facts(place: Secured, sender: str) -> list[TicketFact]:
    bodies = [TICKETS.parse(record) for record in place.told(TICKETS)]
    facts = [body for body in bodies if isinstance(body, TicketFact)]
    return [fact for fact in facts if sender in fact.ticket.contact.id]


def _command(kind: Any, ticket_id: str, **fields: Any) -> Outgoing:
    unique = secrets.token_hex(8)
    ann = Author(kind="agent", id="ann")
    return COMMANDS.record(
        kind(
            account_id="acme",
            id=unique,
            occurred_at=_now(),
            correlation_id=unique,
            ticket_id=ticket_id,
            author=ann,
            **fields,
        )
    )


def journey(place: Secured, sender: str, reply: str) -> None:
    """An SMS comes in; its ticket is tagged, assigned, answered, and closed by a command."""
    place.say(PRESENCE.record(_online("ann")), _sms(f"{RETURN} {PLANTED}", sender))
    place.wait(
        "tagged and assigned",
        lambda: any(
            f.ticket.assignee and "Returns" in f.ticket.tags for f in _facts(place, sender)
        ),
    )
    ticket_id = _facts(place, sender)[0].ticket_id
    place.say(_command(ReplyToTicket, ticket_id, text=reply))
    place.wait("answered", lambda: any(reply.encode() in r.value for r in place.told(OUTBOUND)))  # type: ignore[operator]
    place.say(_command(CloseTicket, ticket_id))
    place.wait("closed", lambda: _facts(place, sender)[-1].ticket.status == "closed")


def test_with_the_least_rights_each_service_takes_its_part_in_a_journey(place: Secured) -> None:
    journey(place, NUMBERS[0], f"send them back, {PLANTED}")


def test_renewed_certificates_and_a_renewed_password_are_taken_up_without_a_restart(
    place: Secured,
) -> None:
    running = [replica for replica in place.replicas if replica.process.poll() is None]

    place.renew_password("ticketing")
    place.renew_certificates()

    journey(place, NUMBERS[1], "and again")
    assert all(replica.process.poll() is None for replica in running)


def _ends(place: Secured, service: str, **more: str) -> tuple[int, str]:
    """How a process of the service ends, and what it has written."""
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}"],
        env={**os.environ, **place.environment_of(service), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


def test_a_wrong_password_is_told_with_the_setting_and_without_the_password(
    place: Secured,
) -> None:
    wrong = place.folder / "wrong.password"
    wrong.write_text("hunter2-hunter2")

    code, said = _ends(place, "autoclose", HELPDESK_KAFKA__PASSWORD_FILE=str(wrong))

    assert code == 1
    assert "user 'autoclose' is refused" in said
    assert "HELPDESK_KAFKA__PASSWORD_FILE" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "PLAIN"])
def test_every_mechanism_that_can_be_set_lets_a_service_in(place: Secured, mechanism: str) -> None:
    environment = place.environment_of("attribution")
    replica = place.run("attribution", **environment, HELPDESK_KAFKA__SASL_MECHANISM=mechanism)
    try:
        place.wait(f"it is in by {mechanism}", lambda: _ready(replica))
    finally:
        replica.process.terminate()
        assert replica.process.wait(30) == 0


def test_an_authority_that_is_not_trusted_is_told_with_the_setting(place: Secured) -> None:
    # The client's own certificate signed no server's.
    code, said = _ends(place, "autoclose", HELPDESK_KAFKA__CA_FILE=str(place.certificates.client))

    assert code == 1
    assert "HELPDESK_KAFKA__CA_FILE" in said
    assert "Traceback" not in said


def test_a_service_as_another_ones_user_does_not_start_and_says_which_topics(
    place: Secured,
) -> None:
    code, said = _ends(
        place,
        "attribution",
        HELPDESK_KAFKA__USERNAME="spam",
        HELPDESK_KAFKA__PASSWORD_FILE=str(place.password_file("spam")),
    )

    assert code == 1
    assert f"{PREFIX}helpdesk.sends" in said
    assert "user 'spam' may not" in said
    assert "Traceback" not in said


def test_a_user_without_its_group_stops_and_says_which_group(place: Secured) -> None:
    code, said = _ends(
        place,
        "attribution",
        HELPDESK_KAFKA__USERNAME="groupless",
        HELPDESK_KAFKA__PASSWORD_FILE=str(place.password_file("groupless")),
    )

    assert code == 1
    assert f"group {PREFIX}helpdesk.attribution is not allowed to user 'groupless'" in said
    assert "Traceback" not in said


def test_publishing_to_a_topic_of_others_waits_and_says_who_may_not_what(place: Secured) -> None:
    async def publish() -> None:
        producer = Producer(place.kafka_of("autoclose"))
        await producer.start()
        try:
            await producer.publish([Outgoing(TICKETS.name, b"acme:1", b"{}")])
        finally:
            await producer.stop()

    # Transient: a record that meets it waits in place until the right is given.
    with pytest.raises(Transient) as refused:
        asyncio.run(publish())

    assert "helpdesk.tickets" in str(refused.value)
    assert "is not allowed to user 'autoclose'" in str(refused.value)


def test_no_secret_and_no_word_of_a_customer_is_in_logs_metrics_or_listings(
    place: Secured,
) -> None:
    # What dies: no message at all, one of no type, and one whose customer is nobody's.
    odd = [b"not json " + PLANTED.encode(), json.dumps({"type": PLANTED, "text": PLANTED}).encode()]
    place.say(*(Outgoing(topic.name, b"k", v) for topic in (MESSAGES, COMMANDS) for v in odd))
    place.say(_sms(f"{PLANTED} {RETURN}", "+393331110009"))
    place.wait("seen", lambda: bool(_facts(place, "+393331110009")))
    spam = next(replica for replica in place.replicas if replica.service == "spam")
    place.wait("dead", lambda: spam.metric("helpdesk_dead_letters_total") >= 1)

    texts = {f"{r.service}'s log": r.log.read_text() for r in place.replicas}
    alive = [r for r in place.replicas if r.process.poll() is None]
    texts |= {f"{r.service}'s metrics": r.get("/metrics") for r in alive}
    for how in ((), ("--json",)):
        listed = subprocess.run(
            [*HELPDESK, "dead-letters", "list", *how],
            env={**os.environ, "COLUMNS": "400", **place.environment_of("operator")},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "malformed" in listed.stdout
        texts[f"the listing {how}"] = listed.stdout + listed.stderr

    assert len(alive) == len(SERVICES)
    planted = re.compile("|".join(map(re.escape, [PLANTED, *place.passwords.values()])))
    found = {where: planted.search(text) for where, text in texts.items()}
    assert {w: m[0] for w, m in found.items() if m} == {}


def test_the_rights_are_no_more_than_the_registry_says() -> None:
    assert {(acl.name, acl.operation) for acl in acls("autoclose", PREFIX)} == {
        (f"{PREFIX}helpdesk.tickets", "read"),
        (f"{PREFIX}helpdesk.signals", "read"),
        (f"{PREFIX}helpdesk.accounts", "read"),
        (f"{PREFIX}helpdesk.commands", "write"),
        (f"{PREFIX}helpdesk.dead.autoclose", "write"),
        (f"{PREFIX}helpdesk.autoclose", "read"),
    }
