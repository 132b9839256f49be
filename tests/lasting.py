"""Keeping what tests store: the database's own clock is no fake."""

from shared.stores.mongo import Database


async def let_nothing_expire(database: Database) -> None:
    """Nothing is deleted by age: what is new by a test's clock would be old by the database's."""
    for name in await database.list_collection_names():
        collection = database[name]
        for index, said in (await collection.index_information()).items():
            if "expireAfterSeconds" in said:
                await collection.drop_index(index)
