"""Where a client puts a key: as docs/integrate.md says, and as Kafka's client for Java does."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from shared.embedded.servers import Servers
from tests.integrate import kcat
from tests.integrate.examples import make_topics, module, reaching, run
from tests.integrate.page import KEYS, PARTITIONS, java, librdkafka
from tests.servers import find_java, kafka_jars

pytestmark = [pytest.mark.connected, pytest.mark.kafka]


async def test_a_key_lies_where_the_page_says(
    servers: Servers, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = reaching(servers, unique) | kcat.environment()
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    desk = module("desk")
    names = [f"{unique}-helpdesk.{name}" for name in ("kcat", "python", "untold")]
    await make_topics(servers, *names, partitions=PARTITIONS)
    async with desk.producer() as kafka:
        for key in KEYS:
            await run("sh", "publish.sh", "kcat", key, environment=variables, told="{}")
            await desk.publish(kafka, "python", key, {})
            bare = ("-b", servers.kafka, "-t", f"{unique}-helpdesk.untold", "-P", "-k", key)
            subprocess.run(["kcat", *bare], input=b"x", check=True)  # noqa: ASYNC221, S607

    lies = await _partitions_by_topic(servers, unique)
    right = dict(zip(KEYS, await asyncio.to_thread(_by_java, tmp_path), strict=True))
    assert {key: java(key) for key in KEYS} == right
    assert lies["kcat"] == lies["python"] == right
    assert lies["untold"] == {key: librdkafka(key) for key in KEYS} != right


async def _partitions_by_topic(servers: Servers, unique: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {"kcat": {}, "python": {}, "untold": {}}
    consumer = AIOKafkaConsumer(
        *(f"{unique}-helpdesk.{name}" for name in found),
        bootstrap_servers=servers.kafka,
        auto_offset_reset="earliest",
    )
    async with consumer, asyncio.timeout(20):
        while any(len(keys) < len(KEYS) for keys in found.values()):
            record = await consumer.getone()
            found[record.topic.rpartition(".")[2]][record.key.decode()] = record.partition
    return found


def _by_java(folder: Path) -> list[int]:
    """What Kafka's own client for Java says of the keys."""
    source = folder / "Partitions.java"
    source.write_text(JAVA)
    done = subprocess.run(
        [find_java(), "-cp", f"{kafka_jars()}/*", str(source), str(PARTITIONS), *KEYS],
        check=True,
        capture_output=True,
        text=True,
    )
    return [int(line) for line in done.stdout.split()]


JAVA = """
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

public class Partitions {
    public static void main(String[] said) {
        for (int at = 1; at < said.length; at++) {
            byte[] key = said[at].getBytes(StandardCharsets.UTF_8);
            System.out.println(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(said[0])));
        }
    }
}
"""
