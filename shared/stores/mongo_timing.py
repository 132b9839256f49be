"""How long MongoDB takes to answer, command by command."""

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from shared.running.calls import Calls

OPERATIONS = frozenset(
    ("aggregate", "delete", "distinct", "find", "findAndModify", "getMore", "insert", "update")
)


class Timing(CommandListener):
    """Tells `Calls` of each command; the driver calls it from its threads."""

    def __init__(self, service: str) -> None:
        self._calls = Calls(service, "mongo", OPERATIONS)

    def started(self, event: CommandStartedEvent) -> None:
        """Nothing is known yet."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note the command; a duplicate key is an answer, no failure."""
        self._calls.took(event.command_name, event.duration_micros / 1e6, "ok")

    def failed(self, event: CommandFailedEvent) -> None:
        """Note the command that was refused, or that got no answer."""
        self._calls.took(event.command_name, event.duration_micros / 1e6, "error")
