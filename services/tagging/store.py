"""What tagging keeps in MongoDB: lessons, and first messages that may yet be marked."""

from collections.abc import Sequence

from shared.stores.indexes import Indexed
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Database


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of tagging's that makes indexes, for whoever looks whether they are there."""
    return (MongoLessons(database, "tagging"), MongoMemories(database, "tagging"))
