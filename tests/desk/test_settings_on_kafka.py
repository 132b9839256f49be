"""Settings at the desk on Kafka and MongoDB: what it writes, services and operators read."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.desk.store.own import MongoOwn
from services.desk.web.settings_log import SettingsLog
from shared.bus.account_changes import change, history_of
from shared.bus.accounts import AccountsTable
from shared.bus.following import Follower
from shared.bus.kafka import create_topics
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings, MongoSettings
from shared.stores.mongo import Mongo
from shared.topics import ACCOUNTS
from tests.desk.settings_desk import Desk, a_desk, an_account
from tests.desk.test_settings_api import PERIOD, put
from tests.stacks import choose

pytestmark = pytest.mark.connected


@pytest.fixture
async def desk(servers: Servers, unique: str) -> AsyncIterator[Desk]:
    """A desk of acme, whose settings an operator has published."""
    kafka = KafkaSettings(
        bootstrap=servers.kafka,
        topic_prefix=f"{unique}-",
        idempotent_producer=choose(os.environ).is_apache_kafka,
    )
    await create_topics(kafka, replication=1, partitions=1)
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    own = MongoOwn(mongo.database)
    await own.ensure_indexes()
    log = SettingsLog(kafka)
    await change(log, an_account(revision=None), None, "root")
    following: list[Follower] = []
    table = AccountsTable(lambda: following[0].refresh())  # noqa: PLW0108  # it is made after this
    following.append(Follower(kafka, ACCOUNTS, table.apply))
    await following[0].start()
    yield a_desk(log=log, own=own, table=table)
    await following[0].stop()
    await log.close()
    await mongo.close()


async def test_of_two_at_once_one_is_told_and_what_the_other_did_is_noted(desk: Desk) -> None:
    async with desk.client("manager") as one, desk.client("admin") as other:
        tag = (await one.get("/api/v1/settings/auto-closing")).headers["ETag"]
        answers = await asyncio.gather(
            put(one, "auto-closing", PERIOD, tag),
            put(other, "auto-closing", {"autoclose": {"period": "P3D"}}, tag),
        )
        now = (await one.get("/api/v1/settings")).json()
        changes = (await one.get("/api/v1/settings/changes")).json()["items"]

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    won = answers.index(next(answer for answer in answers if answer.status_code == 200))
    assert now["autoclose"]["period"] == ["P9D", "P3D"][won]
    settings = history_of(await desk.log.read(), "acme").settings
    assert settings is not None
    assert settings.autoclose.period.days == [9, 3][won]
    assert [each["by"] for each in changes] == [["mara", "adam"][won]]
    assert {c["path"]: c["before"] for c in changes[0]["changes"]}["autoclose.period"] == "P2D"


async def test_what_an_operator_changes_is_among_the_changes(desk: Desk) -> None:
    seen = history_of(await desk.log.read(), "acme").settings
    await change(desk.log, an_account(name="Lumen"), seen, "root")
    async with desk.client("manager") as client:
        changes = (await client.get("/api/v1/settings/changes")).json()["items"]
        page = await client.get("/desk/settings/changes")

    assert [(each["kind"], each["by"]) for each in changes] == [("operator", "root")]
    assert changes[0]["changes"][0]["after"] == "Lumen"
    assert "Lumen" in page.text
