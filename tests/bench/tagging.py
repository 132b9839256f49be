"""What tagging costs: messages a second on one core, and how near its handler is to a bare loop.

All in this process, without a broker: the bare loop parses, chooses by the same function, and
writes; the handler does what the service does with a batch.
"""

import asyncio
import time
from collections.abc import Sequence

from services.tagging.handlers import Tagging
from services.tagging.rules.choosing import chosen, tagged
from services.tagging.rules.own_tags import OwnTags, of_seeds
from services.tagging.rules.teaching import words_of
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.clock import EPOCH
from shared.contracts.accounts import TagSettings
from shared.contracts.tickets import CustomerWrote
from shared.learning import seeds
from shared.learning.features import hashed
from shared.learning.teaching import Account, Remembered
from shared.topics import COMMANDS, TICKETS
from tests.bench.figures import Figure, rate
from tests.bench.spam import BATCH, said_in_held_out
from tests.learning.memory import MemoryMemories
from tests.tagging.events import wrote

USUAL = TagSettings()


def measure() -> list[Figure]:
    """Rates of choosing, of the handler beside a bare loop, and of starting."""
    began = time.process_time()
    model = seeds.tags_model(seeds.all_seeds())
    trained = time.process_time() - began
    own = OwnTags(model, of_seeds, lambda _: USUAL)

    def bare(record: Record) -> bytes:
        said = CustomerWrote.model_validate_json(record.value or b"")
        text = words_of(said)
        found = chosen(model, [], USUAL, hashed(text), text)
        return COMMANDS.record(tagged(said, found)).value or b"" if found else b""

    events = [wrote(text, ticket=f"t{place}") for place, text in enumerate(said_in_held_out())]
    records = [_record(event) for event in events]

    def handled(batch: Sequence[Record]) -> None:
        tagging = Tagging(AccountsTable(), model, own, lambda _: Account(), _Forgetful(), _nowhere)
        parsed = [TICKETS.parse(record) for record in batch]
        asyncio.run(tagging.tickets_changed(parsed))  # type: ignore[arg-type]

    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    alone = rate(lambda event: chosen(model, [], USUAL, hashed(event.text), event.text), events)
    looped = rate(bare, records)
    served = rate(handled, batches) * len(records) / len(batches)
    return [
        Figure("tagging: choosing tags", alone, "messages/s", None, 3_000, "more"),
        Figure("tagging: its handler, to a bare loop", served, "messages/s", looped, 0.75, "more"),
        Figure("tagging: making the model of its seeds", trained, "s", None, 3, "less"),
    ]


def _record(event: CustomerWrote) -> Record:
    outgoing = TICKETS.record(event)
    return Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, outgoing.headers, EPOCH)


class _Forgetful(MemoryMemories):
    """Keeps nothing: what a database costs is measured where there is one."""

    async def remember(self, found: Sequence[Remembered]) -> None:
        """Do nothing."""


async def _nowhere(_: Sequence[Outgoing]) -> None:
    return
