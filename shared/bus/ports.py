"""What a service is wired to: the bus, as the services' `app.py` and the tests see it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from shared.bus.accounts import Accounts
from shared.bus.delivery import Handler, Outgoing
from shared.topics import Topic


class Bus(Protocol):
    """Delivers topics' records to handlers in batches and publishes theirs."""

    @property
    def accounts(self) -> Accounts:
        """The settings table, filled before any handler is called."""

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        """Call `handler` with the topic's records: in order per partition, at least once."""

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        """Call `sweep` again and again, `interval` apart, once the topics are caught up with."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish in order; return when all are acknowledged, else raise Transient."""
