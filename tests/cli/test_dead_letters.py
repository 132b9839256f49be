"""Dead letters: which are meant, what is put back of them, and what becomes of it (ING 7)."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer

from shared.bus.delivery import REPLAYED, Handler, Headers, Record, dead_letter
from shared.cli.letters import Letter, Wanted
from shared.cli.moments import moment
from shared.cli.plain import tame
from shared.cli.replaying import RECEIVED_AT, Replay, original, timestamp
from shared.contracts.commands import AddNote, ReplyToTicket
from shared.contracts.marketing import SendDelivered
from shared.contracts.tickets import AgentReplied, CustomerWrote, TicketFact, TicketOpened
from shared.embedded.servers import Servers
from shared.errors import Poison
from shared.running.settings import KafkaSettings
from shared.topic import Service
from shared.topics import BY_NAME, COMMANDS, DEAD, SENDS, TICKETS
from tests.architecture.tree import ROOT
from tests.pipeline.kafka_stage import kafka_stage
from tests.pipeline.stage import MemoryStage, acme

THEN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
"""When the records were published."""

DIED = THEN + timedelta(minutes=1)
NOW = THEN + timedelta(hours=5)
SMS = "helpdesk.inbound.sms"


def a_record(topic: str = SMS, headers: Headers = (), offset: int = 7) -> Record:
    return Record(topic, 3, offset, b"key", b"\xff{raw", headers, THEN)


def died(
    record: Record, *, service: Service = "ingest", reason: str = "malformed", offset: int = 0
) -> Letter:
    """Build the dead letter of a record, as it lies on its topic."""
    out = dead_letter(record, Poison(reason, "why"), service=service, tries=1, now=DIED)
    assert out.topic == DEAD[service].name
    lying = Record(out.topic, 1, offset, out.key, out.value, out.headers, DIED)
    return Letter(service, lying)


def put_back(letter: Letter, now: datetime = NOW) -> Record:
    """Let a letter be replayed; the record on its topic."""
    out = original(letter, now)
    return Record(out.topic, 3, 99, out.key, out.value, out.headers, timestamp(letter, now))


# Which are meant


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        (Wanted(), True),
        (Wanted(services=frozenset({"ingest"})), True),
        (Wanted(services=frozenset({"spam", "ticketing"})), False),
        (Wanted(reasons=frozenset({"malformed", "bug"})), True),
        (Wanted(reasons=frozenset({"unknown_account"})), False),
        (Wanted(topics=frozenset({SMS})), True),
        (Wanted(topics=frozenset({"helpdesk.tickets"})), False),
        (Wanted(since=DIED, until=DIED + timedelta(seconds=1)), True),
        (Wanted(since=DIED + timedelta(seconds=1)), False),
        (Wanted(until=DIED), False),
        (Wanted(positions=frozenset({"ingest:1:0"})), True),
        (Wanted(positions=frozenset({"ingest:0:1"})), False),
    ],
)
def test_filters_choose_by_service_reason_topic_time_and_place(
    wanted: Wanted, *, meant: bool
) -> None:
    assert (died(a_record()) in wanted) is meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("90m", NOW - timedelta(minutes=90)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("2026-03-04T10:00:00+01:00", THEN),
        ("2026-03-04T09:00", THEN),
        ("2026-03-04", THEN.replace(hour=0)),
    ],
)
def test_a_time_is_said_as_it_is_or_as_long_ago(said: str, meant: datetime) -> None:
    assert moment(said, NOW) == meant


@pytest.mark.parametrize("said", ["yesterday", "5", "-3d", "3 d", ""])
def test_what_is_no_time_is_refused(said: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment(said, NOW)


def test_nothing_that_a_stranger_sent_steers_the_terminal() -> None:
    assert tame("a\x1b[2Jb\r\x07\u202e").plain == "a\ufffd[2Jb\ufffd\ufffd\ufffd"
    assert tame("[bold]x[/]").plain == "[bold]x[/]"


# What is put back


@pytest.mark.spec("ING 7")
def test_a_record_is_put_back_as_it_was_and_says_that_it_was_replayed() -> None:
    headers = (("x-provider", b"twilio"), ("odd", b"\xff\xfe"), ("none", None))
    record = put_back(died(a_record(headers=headers), offset=4))
    assert (record.topic, record.key, record.value) == (SMS, b"key", b"\xff{raw")
    assert record.headers[:3] == headers
    assert record.header(REPLAYED) == f"{NOW.isoformat()} ingest:1:4"
    assert not any(name.startswith("helpdesk-dead-") for name, _ in record.headers)


@pytest.mark.spec("ING 7")
def test_an_inbound_record_keeps_the_time_of_its_receipt() -> None:
    unsaid = put_back(died(a_record()), THEN + timedelta(days=60))
    assert unsaid.header(RECEIVED_AT) == THEN.isoformat()
    said = ("X-Received-At", b"2026-03-04T08:59:00Z")
    record = put_back(died(a_record(headers=(said,))))
    assert record.timestamp == THEN
    assert [name for name, _ in record.headers] == ["X-Received-At", REPLAYED]


def test_a_record_keeps_its_time_unless_it_would_be_taken_away_at_once() -> None:
    letter = died(a_record("helpdesk.commands"), service="ticketing")
    assert timestamp(letter, NOW) == THEN
    late = THEN + timedelta(days=80)
    assert late - timestamp(letter, late) < BY_NAME["helpdesk.commands"].retention
    assert timestamp(died(a_record("helpdesk.profiles")), late) == THEN


@pytest.mark.spec("ING 7")
def test_a_record_that_died_again_is_put_back_once() -> None:
    first = died(a_record(), offset=0)
    again = died(put_back(first), offset=1)
    third = died(put_back(again), offset=2)
    assert third.root == again.root == first.position
    plan = Replay(NOW)
    assert [plan.put_back(letter) is not None for letter in (first, again, third)] == [
        True,
        False,
        False,
    ]
    assert plan.skipped == {"the same record again": 2}
    assert len([1 for name, _ in original(third, NOW).headers if name == REPLAYED]) == 1


def test_a_header_that_somebody_else_wrote_hides_no_record() -> None:
    one = died(a_record(), offset=0)
    forged = Record(SMS, 3, 8, b"key", b"other", ((REPLAYED, b"now ingest:1:0"),), THEN)
    plan = Replay(NOW)
    assert plan.put_back(one)
    assert plan.put_back(died(forged, offset=1))


@pytest.mark.parametrize("topic", ["helpdesk.accounts", "helpdesk.profiles"])
def test_what_would_take_the_place_of_newer_settings_is_left(topic: str) -> None:
    letter = died(a_record(topic))
    assert Replay(NOW).put_back(letter) is None
    assert Replay(NOW, compacted=True).put_back(letter)


@pytest.mark.parametrize("topic", ["", "somebodys.topic", "helpdesk.dead.ingest"])
def test_what_came_from_no_topic_of_ours_is_left(topic: str) -> None:
    plan = Replay(NOW)
    assert plan.put_back(died(a_record(topic))) is None
    assert plan.skipped


# A ticket event that comes after newer ones


class Doomed:
    """A handler that cannot take the first event of a kind, once."""

    def __init__(self, handler: Handler, kind: type[TicketFact]) -> None:
        self._handler = handler
        self._kind = kind
        self._died = ""

    async def __call__(self, batch: Sequence[Any]) -> dict[int, Poison]:
        refused = {}
        for place, event in enumerate(batch):
            if isinstance(event, self._kind) and not self._died:
                self._died = event.id
                refused[place] = Poison("bug", "it was not to be")
        rest = [event for place, event in enumerate(batch) if place not in refused]
        if rest:
            await self._handler(rest)
        return refused


async def told(stage: MemoryStage) -> str:
    """An SMS after a campaign's, answered, and a note; the ticket's id."""
    routing = {"round_robin": True, "routing": [{"when": "segment", "is": "vip", "team_id": "a"}]}
    teams = [{"id": "a", "name": "A", "members": ["ann"]}]
    await stage.account(acme(assignment=routing, teams=teams, autoclose={"enabled": True}))
    await stage.online("ann")
    delivered = stage.clock()
    await stage.publish(
        SENDS,
        SendDelivered(
            account_id="acme",
            id="send",
            occurred_at=delivered,
            correlation_id="send",
            send_id="send",
            source="campaign",
            source_id="spring",
            phone="+393331112222",
            delivered_at=delivered,
        ),
    )
    stage.clock.forward(minutes=1)
    await stage.whatsapp("Do you ship to Malta?")
    await stage.sms("Yes please!")
    ticket_id = next(id_ for id_, ticket in stage.board.items() if ticket.channel == "sms")
    other = next(id_ for id_ in stage.board if id_ != ticket_id)
    await stage.command(ReplyToTicket, other, text="We do.")
    await stage.command(AddNote, other, text="Malta")
    return ticket_id


@pytest.mark.spec("ING 7")
@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("service", ["autoclose", "assignment", "attribution"])
@pytest.mark.parametrize("kind", [TicketOpened, CustomerWrote, AgentReplied])
async def test_a_ticket_event_put_back_after_newer_ones_does_no_harm(
    service: Service, kind: type[TicketFact]
) -> None:
    plain, stage = MemoryStage(), MemoryStage()
    await told(plain)
    (bus,) = [bus for bus in stage.log.buses if bus.service == service]
    bus.handlers[TICKETS.name] = Doomed(bus.handlers[TICKETS.name], kind)
    ticket_id = await told(stage)
    (letter,) = [Letter(service, record) for record in stage.records(DEAD[service])]

    for _ in range(2):
        found = Replay(NOW).put_back(letter)
        assert found
        await stage.append([found[0]])

    credit = stage.board[ticket_id].credit
    assert credit
    assert credit.source_id == "spring"
    for each in (plain, stage):
        await each.forward(days=3)
    assert [(t.channel, t.status, t.assignee, t.team_id) for t in stage.board.values()] == [
        (t.channel, t.status, t.assignee, t.team_id) for t in plain.board.values()
    ]
    assert sorted(stage.kinds(ticket_id)) == sorted(plain.kinds(ticket_id))
    asked, asked_plainly = ({each.id for each in s.bodies(COMMANDS)} for s in (stage, plain))
    assert len(asked) <= len(asked_plainly) + 1


# On Kafka


@pytest.mark.slow
@pytest.mark.parametrize("words", [("list",), ("show", "ingest:0:0"), ("replay",)])
async def test_a_broker_that_is_away_is_said_in_words(words: tuple[str, ...]) -> None:
    code, _, err = await helpdesk(KafkaSettings(bootstrap="127.0.0.1:1"), *words)
    assert code == 1
    assert "Kafka does not answer" in err
    assert "Traceback" not in err


async def helpdesk(settings: KafkaSettings, *words: str) -> tuple[int, str, str]:
    """Run the command; exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from shared.cli import main; main()", "dead-letters", *words),
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")},
            "HELPDESK_KAFKA__BOOTSTRAP": settings.bootstrap,
            "HELPDESK_KAFKA__TOPIC_PREFIX": settings.topic_prefix,
            "COLUMNS": "200",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.connected
@pytest.mark.kafka
@pytest.mark.spec("ING 7")
async def test_what_came_before_its_account_is_a_ticket_after_a_replay(
    servers: Servers, unique: str
) -> None:
    async with kafka_stage(servers, unique) as stage:
        received = stage.clock()
        await stage.sms("Is anybody there?")
        await stage.raw("sms", b"\xff\x00 not an SMS")
        assert not stage.board

        code, out, err = await helpdesk(stage.settings, "list", "--json")
        assert code == 0, err
        listed = {line["reason"]: line for line in map(json.loads, out.splitlines())}
        assert len(listed) == 2
        lost = next(line for line in listed.values() if "account" in line["reason"])
        _, out, _ = await helpdesk(stage.settings, "show", lost["position"], "--json")
        assert json.loads(json.loads(out)["value"])["Body"] == "Is anybody there?"
        _, out, _ = await helpdesk(
            stage.settings, "list", "--since", "1h", "--reason", lost["reason"]
        )
        assert lost["position"] in out

        stage.clock.forward(hours=1)
        await stage.account(acme())
        _, out, _ = await helpdesk(stage.settings, "replay", "--dry-run")
        assert "2 would be put back" in out
        _, out, err = await helpdesk(stage.settings, "replay", "--dry-run", "--json")
        told = {line["position"]: line for line in map(json.loads, out.splitlines())}
        assert len(told) == 2
        assert told[lost["position"]]["topic"] == SMS
        assert "2 would be put back" in err
        await stage.settle()
        assert not stage.board

        for _ in range(2):
            code, out, err = await helpdesk(stage.settings, "replay", "--service", "ingest")
            assert (code, "2 were put back" in out) == (0, True), out + err
            await stage.settle()
            _, ticket = stage.only_ticket()
            assert (ticket.message_count, ticket.opened_at) == (1, received)

        _, out, err = await helpdesk(stage.settings, "list", "--json")
        assert len(out.splitlines()) == 4, "what cannot be understood dies at every replay"
        code, _, err = await helpdesk(stage.settings, "show", "spam:0:0")
        assert (code, "there is no dead letter spam:0:0" in err) == (1, True)
        code, _, _ = await helpdesk(stage.settings, "replay", "ingest:0:999999")
        assert code == 1
