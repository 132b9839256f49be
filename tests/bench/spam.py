"""What screening costs: verdicts a second on one core, and how near its handler is to a bare loop.

Both in this process, without a broker: the bare loop parses, screens by the same function, and
writes; the handler does what the service does with a batch.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

from services.spam.handlers import Screening
from services.spam.phrasebook import shipped
from services.spam.rules.learned import Learned
from services.spam.rules.phrases import Rules
from services.spam.rules.text import features
from services.spam.rules.verdict import verdict
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.clock import EPOCH
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import InboundMessage, Verdict
from shared.learning import seeds
from shared.learning.languages import language_of
from shared.learning.teaching import Account
from shared.topics import MESSAGES
from tests.bench.figures import Figure, rate
from tests.spam.memory import MemoryContacts
from tests.spam.samples import message

BATCH = 500
HELD_OUT = Path(__file__).parents[1] / "spam" / "held_out"


def measure() -> list[Figure]:
    """Rates of the screening function, of its handler beside a bare loop, and of starting."""
    began = time.process_time()
    model = seeds.spam_model(seeds.all_seeds())
    trained = time.process_time() - began
    engines = (Rules(shipped(), alone=False), Learned(model, lambda _: Account()))

    def judged(said: InboundMessage) -> Verdict:
        seen = features(said)
        opinions = [each for engine in engines if (each := engine.opinion(seen)) is not None]
        return verdict(opinions, SpamSettings(), language_of(seen.text))

    def bare(record: Record) -> bytes:
        said = InboundMessage.model_validate_json(record.value or b"")
        reached = judged(said)
        return said.model_copy(update={"verdict": reached}).model_dump_json().encode()

    messages = [message(text, number) for number, text in enumerate(said_in_held_out())]
    records = [_record(said) for said in messages]
    screening = Screening(MemoryContacts(), AccountsTable(), engines, _nowhere)

    def handled(batch: Sequence[Record]) -> None:
        parsed = [MESSAGES.parse(record) for record in batch]
        asyncio.run(screening.messages_received(parsed))  # type: ignore[arg-type]

    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    alone = rate(judged, messages)
    looped = rate(bare, records)
    served = rate(handled, batches) * len(records) / len(batches)
    return [
        Figure("spam: the screening function", alone, "messages/s", None, 3_000, "more"),
        Figure("spam: its handler, to a bare loop", served, "messages/s", looped, 0.75, "more"),
        Figure("spam: making the model of its seeds", trained, "s", None, 3, "less"),
    ]


def said_in_held_out() -> list[str]:
    """The texts of all messages that are kept apart."""
    return [
        json.loads(line)["text"]
        for path in sorted(HELD_OUT.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]


def _record(said: InboundMessage) -> Record:
    outgoing = MESSAGES.record(said)
    return Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, outgoing.headers, EPOCH)


async def _nowhere(_: Sequence[Outgoing]) -> None:
    return
