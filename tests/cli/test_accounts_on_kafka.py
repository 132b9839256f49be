"""`helpdesk accounts` on Kafka: published, shown, compared, and two operators at once."""

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shared.bus.account_changes import change, history_of
from shared.bus.account_topic import AccountsTopic
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.bus.following import Follower
from shared.bus.kafka import Producer, create_topics
from shared.contracts.accounts import AccountSettings
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from shared.topics import ACCOUNTS
from tests.architecture.tree import ROOT
from tests.stacks import choose

SAMPLE = str(ROOT / "docs" / "accounts")

Told = tuple[int, str, str]


async def helpdesk(settings: KafkaSettings, *words: str) -> Told:
    """Run the command; exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from shared.cli import main; main()", "accounts", *words),
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")},
            "HELPDESK_KAFKA__BOOTSTRAP": settings.bootstrap,
            "HELPDESK_KAFKA__TOPIC_PREFIX": settings.topic_prefix,
            "HELPDESK_KAFKA__IDEMPOTENT_PRODUCER": str(settings.idempotent_producer),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    assert b"Traceback" not in err
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def kafka(servers: Servers, unique: str) -> KafkaSettings:
    """Settings for brokers that have the topics, with nothing on them."""
    settings = KafkaSettings(
        bootstrap=servers.kafka,
        topic_prefix=f"{unique}-",
        idempotent_producer=choose(os.environ).is_apache_kafka,
    )
    await create_topics(settings, replication=1, partitions=1)
    return settings


async def held(settings: KafkaSettings) -> AccountsTable:
    """What a service holds that starts now."""
    table = AccountsTable()
    follower = Follower(settings, ACCOUNTS, table.apply)
    try:
        await follower.start()
    finally:
        await follower.stop()
    return table


async def publish(settings: KafkaSettings, *records: Outgoing) -> None:
    producer = Producer(settings)
    await producer.start()
    try:
        await producer.publish(records)
    finally:
        await producer.stop()


def lumen(name: str, revision: int | None = None) -> AccountSettings:
    return AccountSettings(account_id="lumen", name=name, revision=revision)


@pytest.mark.connected
async def test_an_account_is_published_shown_changed_and_shown_again(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    code, out, _ = await helpdesk(kafka, "diff", SAMPLE)
    assert (code, out.splitlines()[0]) == (1, "lumen: a new account")
    code, out, err = await helpdesk(kafka, "apply", SAMPLE, "--dry-run")
    assert (code, "nothing was published" in err) == (0, True)
    assert '  ~ name: "" → "Lumen Lamps"' in out
    assert list(await held(kafka)) == []

    code, out, err = await helpdesk(kafka, "apply", SAMPLE, "--yes", "--as", "ann")
    assert code == 0, err
    assert out.splitlines()[-1] == "lumen: applied, revision 1"

    code, out, _ = await helpdesk(kafka, "show", "lumen")
    assert code == 0
    assert out.startswith("# lumen as it is in force: revision 1, published by ann at 20")
    file = tmp_path / "lumen.yaml"
    file.write_text(out)
    assert (await helpdesk(kafka, "diff", str(file)))[:2] == (0, "")
    assert (await helpdesk(kafka, "apply", str(file), "--yes"))[:2] == (0, "")
    _, said, _ = await helpdesk(kafka, "show", "lumen", "--json")
    assert json.loads(said)["revision"] == 1

    file.write_text(out.replace("name: Lumen Lamps", "name: Lumen"))
    code, out, _ = await helpdesk(kafka, "diff", str(file), "--json")
    (account,) = json.loads(out)["accounts"]
    assert (code, account["refused"]) == (1, None)
    assert account["differences"] == [{"path": "name", "before": "Lumen Lamps", "after": "Lumen"}]
    code, out, _ = await helpdesk(kafka, "apply", str(file), "--yes", "--json")
    (account,) = json.loads(out)["accounts"]
    assert (code, account["outcome"], account["revision"]) == (0, "applied", 2)
    (settings,) = await held(kafka)
    assert (settings.name, settings.revision) == ("Lumen", 2)

    # The file still rests on revision 1: it says the same, so nothing is to be done.
    assert (await helpdesk(kafka, "apply", str(file), "--yes"))[0] == 0
    file.write_text(file.read_text().replace("name: Lumen", "name: Other"))
    code, out, err = await helpdesk(kafka, "apply", str(file), "--yes")
    assert code == 3
    assert "the file rests on revision 1, in force is revision 2, published by" in err
    assert '  ~ name: "Lumen Lamps" → "Lumen"' in err
    (settings,) = await held(kafka)
    assert settings.name == "Lumen"

    code, out, err = await helpdesk(kafka, "show", "lumne")
    assert (code, out, err) == (1, "", "error: there is no account 'lumne'; there are: lumen\n")


@pytest.mark.connected
async def test_an_address_that_another_account_has_is_refused_with_its_place(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    await helpdesk(kafka, "apply", SAMPLE, "--yes")
    file = tmp_path / "other.yaml"
    file.write_text("account_id: other\naddresses: [{channel: email, value: HELP@lumen.example}]\n")

    for command in ("apply", "diff"):
        code, out, err = await helpdesk(kafka, command, str(file))
        assert (code, out) == (2, "") if command == "diff" else code == 2
    code, _, err = await helpdesk(kafka, "apply", str(file), "--yes")

    assert code == 2
    assert f"{file}:2:37: addresses[0].value: email HELP@lumen.example is an address of" in err
    assert (await held(kafka)).get("other") is None


@pytest.mark.connected
async def test_of_two_operators_at_once_one_is_told_what_the_other_changed(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    await helpdesk(kafka, "apply", SAMPLE, "--yes")
    _, shown, _ = await helpdesk(kafka, "show", "lumen")
    for name in ("ann", "bob"):
        text = shown.replace("name: Lumen Lamps", f"name: By {name}")
        (tmp_path / f"{name}.yaml").write_text(text)

    told = await asyncio.gather(
        *(
            helpdesk(kafka, "apply", str(tmp_path / f"{name}.yaml"), "--yes", "--as", name)
            for name in ("ann", "bob")
        )
    )

    assert sorted(code for code, _, _ in told) == [0, 3]
    winner, loser = ("ann", "bob") if told[0][0] == 0 else ("bob", "ann")
    _, _, err = told[1] if winner == "ann" else told[0]
    # It is 3 where both published at once, and the loser published the winner's once more.
    assert re.search(f"in force is revision [23], published by {winner}", err)
    assert f'  ~ name: "Lumen Lamps" → "By {winner}"' in err
    (settings,) = await held(kafka)
    assert settings.name == f"By {winner}"
    assert (await helpdesk(kafka, "diff", str(tmp_path / f"{loser}.yaml")))[0] == 1


@dataclass
class Delayed:
    """The topic for somebody who looks, and is then held up until the other has published."""

    log: AccountsTopic
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    read = property(lambda self: self.log.read)

    async def append(self, record: Outgoing) -> None:
        self.looked.set()
        await self.goes_on.wait()
        await self.log.append(record)


@pytest.mark.connected
async def test_who_lost_a_race_leaves_the_winner_last_on_the_topic(kafka: KafkaSettings) -> None:
    async with AccountsTopic(kafka) as one, AccountsTopic(kafka) as other:
        await publish(kafka, ACCOUNTS.record(lumen("Old")))
        seen = history_of(await one.read(), "lumen").settings
        delayed = Delayed(other)
        losing = asyncio.create_task(change(delayed, lumen("Lost"), seen, "bob"))
        await asyncio.wait_for(delayed.looked.wait(), 30)

        won = await change(one, lumen("Won"), seen, "ann")
        delayed.goes_on.set()
        lost = await asyncio.wait_for(losing, 30)

        records = [r for r in await one.read() if r.key == b"lumen"]
    assert (won.fate, lost.fate) == ("applied", "refused")
    assert [json.loads(r.value or b"")["name"] for r in records] == ["Old", "Won", "Lost", "Won"]
    assert [json.loads(r.value or b"").get("revision") for r in records] == [None, 1, 1, 2]
    (settings,) = await held(kafka)
    assert settings.name == "Won"


@pytest.mark.connected
async def test_what_a_killed_loser_left_is_said_and_mended_by_the_next_apply(
    kafka: KafkaSettings, tmp_path: Path
) -> None:
    await publish(kafka, *map(ACCOUNTS.record, (lumen("Won", 2), lumen("Lost", 2))))

    code, out, err = await helpdesk(kafka, "show", "lumen", "--json")
    assert (code, json.loads(out)["name"]) == (0, "Won")
    assert "the next `helpdesk accounts apply` of any file mends that" in err
    file = tmp_path / "other.yaml"
    file.write_text("account_id: other\n")
    code, _, err = await helpdesk(kafka, "apply", str(file), "--yes")

    assert code == 0
    assert "lumen: mended what a change left that lost and was cut off" in err
    async with AccountsTopic(kafka) as log:
        records = [r for r in await log.read() if r.key == b"lumen"]
    assert json.loads(records[-1].value or b"") == json.loads(records[0].value or b"") | {
        "revision": 3
    }


@pytest.mark.connected
@pytest.mark.kafka
async def test_the_topic_keeps_for_a_day_what_a_race_left(kafka: KafkaSettings) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # noqa: PLC0415

    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        name = kafka.topic_prefix + ACCOUNTS.name
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        (answer,) = await admin.describe_configs([resource])
    finally:
        await admin.close()

    entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert entries["cleanup.policy"] == "compact"
    assert entries["min.compaction.lag.ms"] == str(24 * 60 * 60 * 1000)


@pytest.mark.slow
@pytest.mark.parametrize("words", [("show", "lumen"), ("diff", SAMPLE), ("apply", SAMPLE, "--yes")])
async def test_a_broker_that_is_away_is_said_in_words(words: tuple[str, ...]) -> None:
    code, out, err = await helpdesk(KafkaSettings(bootstrap="127.0.0.1:1"), *words)

    assert (code, out) == (4, "")
    assert "Kafka does not answer" in err


@pytest.mark.connected
async def test_a_topic_that_is_not_there_is_said_in_words(servers: Servers, unique: str) -> None:
    nowhere = KafkaSettings(bootstrap=servers.kafka, topic_prefix=f"{unique}-")

    code, out, err = await helpdesk(nowhere, "diff", SAMPLE)

    assert (code, out) == (4, "")
    assert f"the brokers have no topic {unique}-helpdesk.accounts; `helpdesk topics" in err
