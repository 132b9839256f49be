"""What a service is wired to: the bus, as the services' `app.py` and the tests see it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from shared.bus.accounts import Accounts
from shared.bus.delivery import Handler, Outgoing
from shared.topic import Topic


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


class FollowingBus(Bus, Protocol):
    """A bus that also lets every replica hold all of a compacted topic."""

    def follow(self, topic: Topic[Any], apply: Callable[[Any], None]) -> None:
        """Call `apply` with all that a compacted topic says, in every replica.

        What it says when the service starts is applied before any handler is called.
        """
