"""Having a contact erased: asking the services, and seeing that each has done it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.acls import group_id
from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer, connection, record_of, start
from shared.cli.reading import partitions_of
from shared.contracts.erasures import ContactErased, EraseContact
from shared.errors import HelpdeskError, Poison
from shared.running.settings import KafkaSettings
from shared.topic import FOR_EVER
from shared.topics import ERASURES, KEEPERS, PROFILES, TICKETS, TOPICS

ROLLED_AFTER = timedelta(days=7)
"""Brokers delete whole segments of a topic, and begin a new one after so long (`segment.ms`)."""

_WITHOUT_CONTACTS = frozenset(("helpdesk.accounts", "helpdesk.presence"))


class Unanswered(HelpdeskError):
    """Some services have not done their part in time; they do it once they run."""


def gone_by(now: datetime) -> dict[str, datetime]:
    """By when brokers have deleted what was on each topic until now, at the latest.

    Topics that say nothing of contacts are left out, and so are those that are kept for ever.
    """
    return {
        topic.name: now + topic.retention + ROLLED_AFTER
        for topic in TOPICS
        if topic.retention != FOR_EVER and topic.name not in _WITHOUT_CONTACTS
    }


class Services:
    """The services, as they answer on the topic of erasures within `wait` each time."""

    def __init__(self, settings: KafkaSettings, wait: timedelta) -> None:
        self._settings = settings
        self._wait = wait.total_seconds()
        self._producer = Producer(settings)
        self._consumer: Any = None
        self._partitions: list[Any] = []

    async def __aenter__(self) -> Self:
        options = connection(self._settings)
        self._consumer = AIOKafkaConsumer(
            **options, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=100
        )
        await self._producer.start()
        await start(self._consumer, self._settings)
        self._partitions = await self._of(ERASURES)
        self._consumer.assign(self._partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()
        await self._consumer.stop()

    async def _of(self, topic: Any) -> list[Any]:  # noqa: ANN401  # of any topic
        return await partitions_of(self._consumer, [topic], self._settings.topic_prefix)

    async def earlier(self, account_id: str) -> list[EraseContact]:
        """The erasures of the account that the topic still has, and that were no dry runs."""
        await self._consumer.seek_to_beginning(*self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        found: list[EraseContact] = []
        while any([await self._consumer.position(tp) < end for tp, end in ends.items()]):
            said = [body for body in await self._said() if isinstance(body, EraseContact)]
            found += [b for b in said if b.account_id == account_id and not b.dry_run]
        return found

    async def ask(self, ask: EraseContact) -> Mapping[str, ContactErased]:
        """What each service that keeps things by contact answers. Raises Unanswered."""
        await self._consumer.seek_to_end(*self._partitions)
        for partition in self._partitions:
            await self._consumer.position(partition)
        await self.publish([ERASURES.record(ask)])
        answers: dict[str, ContactErased] = {}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait
        while missing := KEEPERS - answers.keys():
            if loop.time() > deadline:
                raise Unanswered(f"no answer in time from {', '.join(sorted(missing))}")
            for body in await self._said():
                if isinstance(body, ContactErased) and body.erasure_id == ask.id:
                    answers[body.service] = body
        return answers

    async def _said(self) -> list[Any]:
        found = []
        for raws in (await self._consumer.getmany(timeout_ms=200)).values():
            for raw in raws:
                try:
                    found.append(ERASURES.parse(record_of(raw, self._settings.topic_prefix)))
                except Poison:
                    continue
        return found

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish; return when the brokers have them."""
        await self._producer.publish(records)

    async def delete_profiles(self, account_id: str, profile_ids: Collection[str]) -> None:
        """Publish that these profiles are no more."""
        await self.publish(
            [
                Outgoing(PROFILES.name, f"{account_id}:{each}".encode(), None)
                for each in sorted(profile_ids)
            ]
        )

    async def followed(self) -> None:
        """Return once all who follow tickets and profiles have handled what there is now.

        Raises Unanswered, naming those who have not in time.
        """
        waiting: dict[tuple[str, Any], int] = {}
        for topic in (TICKETS, PROFILES):
            ends = await self._consumer.end_offsets(await self._of(topic))
            names = [(each, tp, end) for each in topic.consumers for tp, end in ends.items() if end]
            waiting |= {(service, tp): end for service, tp, end in names}
        admin = AIOKafkaAdminClient(**connection(self._settings))
        await admin.start()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait
        try:
            while waiting:
                for service in {service for service, _ in waiting}:
                    group = group_id(service, self._settings.topic_prefix)  # type: ignore[arg-type]
                    done = await admin.list_consumer_group_offsets(group)
                    for (who, tp), end in list(waiting.items()):
                        if who == service and tp in done and done[tp].offset >= end:
                            del waiting[who, tp]
                if waiting and loop.time() > deadline:
                    late: list[str] = sorted({service for service, _ in waiting})
                    raise Unanswered(f"these have not followed in time: {', '.join(late)}")
                await asyncio.sleep(0.1)
        finally:
            await admin.close()
