"""MongoDB's and Redis' answers are timed, for services alone."""

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings, RedisSettings
from shared.stores import redis
from shared.stores.mongo import Mongo, insert_new

pytestmark = pytest.mark.connected


def answers(service: str, dependency: str, operation: str, outcome: str) -> float:
    labels = {"dependency": dependency, "operation": operation, "outcome": outcome}
    name = "helpdesk_dependency_request_duration_seconds_count"
    return REGISTRY.get_sample_value(name, {"service": service, **labels}) or 0


async def test_each_command_of_mongodb_is_timed(servers: Servers, unique: str) -> None:
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique), unique)
    things = mongo.database["things"]
    await insert_new(things, [{"_id": 1}])
    assert await insert_new(things, [{"_id": 1}]) == {0}
    await things.find_one({"_id": 1})
    await mongo.ping()

    assert answers(unique, "mongo", "insert", "ok") == 2
    assert answers(unique, "mongo", "find", "ok") == 1
    assert answers(unique, "mongo", "other", "ok") == 1
    assert answers(unique, "mongo", "insert", "error") == 0
    await mongo.close()


async def test_a_command_without_an_answer_failed(unique: str, servers: Servers) -> None:
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique), unique)
    with pytest.raises(Exception, match=r".+"):
        await mongo.database.command("no such command")
    await mongo.close()

    assert answers(unique, "mongo", "other", "error") == 1


async def test_each_pipeline_of_redis_is_timed(servers: Servers, unique: str) -> None:
    cache = redis.connect(RedisSettings(url=SecretStr(servers.redis)), unique)
    async with cache.pipeline(transaction=False) as pipeline:
        pipeline.set(f"{unique}:a", 1)
        pipeline.get(f"{unique}:a")
        assert await pipeline.execute() == [True, b"1"]
    await cache.aclose()

    assert answers(unique, "redis", "pipeline", "ok") == 1
