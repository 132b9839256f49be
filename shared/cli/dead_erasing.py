"""Taking a contact's dead letters out of their topics, and leaving everybody else's there.

Brokers can delete what lies before an offset, and nothing else. So the other letters before it are
first put at the end of their partition, bytes, headers and time untouched, and are acknowledged;
only then is all before it deleted. Whoever is killed in between leaves letters there twice.
"""

from collections import Counter
from collections.abc import Collection
from urllib.parse import quote

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import connection
from shared.cli.letters import Letter, Wanted, read
from shared.cli.replaying import Sender
from shared.running.settings import KafkaSettings
from shared.topics import DEAD

SHORTEST = 6
"""Characters that a name must have: a shorter one would be found in anybody's letter."""

Place = tuple[str, int]


def needles(contacts: Collection[str]) -> frozenset[bytes]:
    """The ways in which records name these contacts (`type:value`), in small letters."""
    values = {contact.partition(":")[2].lower() for contact in contacts}
    values |= {value.rpartition(":")[2] for value in values}
    values |= {value.removeprefix("+") for value in values}
    values |= {quote(value, safe="") for value in values}
    return frozenset(value.encode() for value in values if len(value) >= SHORTEST)


def names(record: Record, wanted: Collection[bytes]) -> bool:
    """Whether the record's key, value or headers have one of these in them."""
    parts = (record.key, record.value, *(value for _, value in record.headers))
    return any(each in (part or b"").lower() for part in parts for each in wanted)


async def letters_naming(
    settings: KafkaSettings, wanted: Collection[bytes]
) -> tuple[Counter[str], dict[Place, int]]:
    """How many letters of each service name them, and where the last one of each partition is."""
    counts: Counter[str] = Counter()
    last: dict[Place, int] = {}
    async for letter, _ in read(settings, Wanted()):
        if names(letter.record, wanted):
            counts[letter.service] += 1
            last[_place(letter)] = letter.record.offset
    return counts, last


async def take_out(settings: KafkaSettings, wanted: Collection[bytes]) -> int:
    """Afterwards no letter that is there now names them; how many did."""
    counts, last = await letters_naming(settings, wanted)
    if not last:
        return 0
    async with Sender(settings) as sender:
        async for letter, _ in read(settings, Wanted()):
            record = letter.record
            before = record.offset < last.get(_place(letter), -1)
            if before and not names(record, wanted):
                same = Outgoing(record.topic, record.key, record.value, record.headers)
                await sender.send(letter, same, record.timestamp, record.partition)
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        prefix = settings.topic_prefix
        await admin.delete_records(
            {
                TopicPartition(prefix + name, partition): RecordsToDelete(before_offset=offset + 1)
                for (name, partition), offset in last.items()
            }
        )
    finally:
        await admin.close()
    return counts.total()


def _place(letter: Letter) -> Place:
    return DEAD[letter.service].name, letter.record.partition
