"""Attribution's store in memory: the same promises as `MongoContacts`."""

from dataclasses import dataclass, field

from services.attribution.rules.history import History
from tests.memory import MemoryAggregates, MemoryErasures


@dataclass(slots=True)
class MemoryContacts(MemoryAggregates[History]):
    """Contacts' histories in a dictionary."""

    erasures: MemoryErasures = field(default_factory=MemoryErasures)
