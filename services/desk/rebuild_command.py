"""What `helpdesk desk rebuild` does, wired."""

from collections.abc import Callable
from datetime import timedelta

from services.desk.live.telling import RedisTelling
from services.desk.rebuilding import REBUILT_FROM, Rebuilding, RebuildUnfinished
from services.desk.settings import Settings
from services.desk.store.around import MongoAround
from services.desk.store.own import MongoOwn
from services.desk.store.read import SIDES
from shared.bus.accounts import AccountsTable
from shared.bus.kafka import Producer
from shared.bus.rereading import Rereading
from shared.cli import labelled
from shared.clock import system_clock
from shared.errors import Transient
from shared.stores import mongo, redis
from shared.stores.mongo import Mongo
from shared.topics import ACCOUNTS
from shared.values.ids import attempt_token

__all__ = ["RebuildUnfinished", "rebuild"]


async def rebuild(wait: timedelta, said: Callable[[str], None]) -> int:
    """Afterwards the other side serves; returns how many records were taken.

    Raises RebuildRefused, RebuildUnfinished, and Transient where MongoDB does not answer.
    """
    settings = Settings()
    accounts = AccountsTable()
    await labelled.apply_all(ACCOUNTS, accounts.apply)
    database = Mongo(settings.mongo)
    cache = redis.connect(settings.redis)
    producer = Producer(settings.kafka, "desk")
    own = MongoOwn(database.database)
    try:
        await producer.start()
        async with Rereading(settings.kafka, REBUILT_FROM) as topics:
            return await Rebuilding(
                token=attempt_token(),
                state=own,
                side_of=own.model,
                sides=SIDES,
                topics=topics,
                around=MongoAround(database.database),
                accounts=accounts,
                publish=producer.publish,
                telling=RedisTelling(cache, settings.redis.prefix),
                clock=system_clock,
                is_transient=mongo.is_transient,
                wait=wait,
                said=said,
            ).run()
    except Exception as error:
        if mongo.is_transient(error):
            raise Transient(f"MongoDB does not answer: {error}") from error
        raise
    finally:
        await producer.stop()
        await database.close()
        await cache.aclose()
