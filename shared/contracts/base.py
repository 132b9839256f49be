"""The parts that every contract is made of."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, WrapValidator


def to_milliseconds(moment: datetime) -> datetime:
    """The same moment in UTC, cut to whole milliseconds, as the database keeps it."""
    whole = moment.microsecond // 1000 * 1000
    if moment.tzinfo is UTC and moment.microsecond == whole:
        return moment
    if not moment.utcoffset():  # as most are: this is done for every time of every record
        return moment.replace(microsecond=whole, tzinfo=UTC)
    return moment.astimezone(UTC).replace(microsecond=whole)


_AS_WE_WRITE = len("2026-01-05T08:00:00.000000Z")


def _in_utc(said: Any, understood: Callable[[Any], datetime]) -> datetime:  # noqa: ANN401
    # A record of ours has four times or more, and by itself the library takes twice as long.
    if type(said) is datetime and said.tzinfo is UTC:
        return to_milliseconds(said)
    if type(said) is str and len(said) == _AS_WE_WRITE and said[7:20:3] + said[26] == "-T::.Z":
        try:
            return to_milliseconds(datetime.fromisoformat(said))
        except ValueError:
            pass  # the library says in words what is wrong
    try:
        return to_milliseconds(understood(said))
    except OverflowError as error:
        message = "there is no such time in UTC"
        raise ValueError(message) from error


UtcTime = Annotated[AwareDatetime, WrapValidator(_in_utc)]
"""An aware time, in UTC, to the millisecond: what is stored and what is sent compare equal."""

AccountId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A brand's id. Keys are joined by colons, so it has none."""

Whole = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that the database can hold."""

Id = Annotated[str, Field(min_length=1, max_length=512)]

TagName = Annotated[str, Field(min_length=1, max_length=100)]

Channel = Literal["webchat", "email", "sms", "instagram", "whatsapp"]
CHANNELS: tuple[Channel, ...] = ("webchat", "email", "sms", "instagram", "whatsapp")


class Contract(BaseModel):
    """A value of the public language: immutable; unknown fields are ignored.

    How it is read and written is made when it is first used: a service uses few of all contracts.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True
    )


class Envelope(Contract):
    """What everything on a topic carries.

    `id` is computed, never drawn: the same cause gives the same id. `correlation_id` is the id of
    the inbound message (or of the command) that began it, through every hop.
    """

    account_id: AccountId
    id: Id
    occurred_at: UtcTime
    correlation_id: Id


class Author(Contract):
    """Who asked for a change or wrote an outbound message."""

    kind: Literal["agent", "ai", "system", "integration"]
    id: Id
    name: str | None = None


class Identity(Contract):
    """One name under which a channel knows a contact."""

    type: Literal[
        "email",
        "e164",
        "short_code",
        "sender_name",
        "wa_id",
        "wa_bsuid",
        "igsid",
        "visitor",
        "external",
    ]
    value: Id

    @property
    def key(self) -> str:
        """`type:value`, unique within an account (an igsid holds its page too)."""
        return f"{self.type}:{self.value}"


SmsConsent = Literal["none", "transactional", "marketing"]


class Contact(Contract):
    """The customer as known on a channel, with their profile where one is known (ING 8).

    `id` stays what it was first made from; a profile linked later merges nothing.
    """

    id: Id
    identities: tuple[Identity, ...] = ()
    display_name: str | None = None
    profile_id: str | None = None
    segments: tuple[str, ...] = ()
    sms_consent: SmsConsent = "none"
