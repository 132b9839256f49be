"""Attribution's store in memory: the same promises as `MongoContacts`."""

from services.attribution.rules.history import History
from tests.memory import MemoryAggregates


class MemoryContacts(MemoryAggregates[History]):
    """Contacts' histories in a dictionary."""
