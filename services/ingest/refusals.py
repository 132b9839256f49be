"""Why ingest refuses a record, or a part of one: a closed set."""

from typing import Literal

from pydantic import ValidationError

from shared.errors import Poison

Reason = Literal[
    "empty",  # no value, or a payload with nothing in it
    "malformed",  # not what its content type or provider says
    "unknown_provider",  # nobody's format that ingest knows
    "wrong_channel",  # another channel's traffic on this channel's topic
    "no_address",  # it does not say which of the account's addresses it was sent to
    "no_sender",  # it does not say whom it is from
    "unknown_account",  # no account has the address
    "account_mismatch",  # the header names another account than the address belongs to
    "channel_off",  # the account has not switched the channel on (ING 4)
    "too_large",  # what would be published is larger than the topic takes
]


class Refused(Poison):
    """A record, or a part of it, that ingest can never take, for one of the known reasons."""

    reason: Reason

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason, text)


def in_words(error: ValidationError) -> str:
    """The first of what is wrong with it: where, and what."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or error.title
    return f"{where}: {first['msg']}"
