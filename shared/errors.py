"""Errors: what an error's class says about the record that is being handled.

HelpdeskError
├── WrongSettings   the settings cannot work, whatever comes: the process ends with exit code 2.
├── Poison      it can never succeed: malformed, an unknown account, too large. Dead letter, now.
└── Transient   not now: a broker or a database is away. The partition waits, in order.

Anything else is a bug: a few tries, then the dead letters, and an alert. A command that is refused
is no error but a `CommandRejected`; an expected no-op (a duplicate, a stale seq) is a value.
"""


class HelpdeskError(Exception):
    """Anything the pipeline itself raises."""


class Poison(HelpdeskError):
    """The record can never succeed. `reason` is one of a closed set; the text is for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Transient(HelpdeskError):
    """What the record needs is away for now; the same record may succeed later."""


class WrongSettings(HelpdeskError):
    """The settings cannot work. The text names the variable, and shows no secret."""
