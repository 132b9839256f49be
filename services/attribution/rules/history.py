"""What is known of one contact: the sends they received, what they wrote, which tickets are spam.

Sends, messages and marks are sets, each with a rule for what a repeat changes. So the order in
which records arrive makes no difference to what is known in the end.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import PlainSerializer

from shared.clock import EPOCH, FAR_FUTURE
from shared.contracts.base import AccountId, Contact, Contract, UtcTime
from shared.contracts.marketing import Credit
from shared.values.phones import variants

Seconds = Annotated[timedelta, PlainSerializer(timedelta.total_seconds, return_type=float)]
"""A duration, stored as a number of seconds."""

_SEPARATORS = str.maketrans("", "", " \u00a0.-/()")
_DIGITS = frozenset("0123456789")
_SHORTEST_NUMBER, _LONGEST_NUMBER = 4, 15


class Send(Contract):
    """A marketing SMS to the contact. `heard_at` is the time of the report that came first.

    A send counts if it was delivered and has not failed, in whichever order these two are heard of
    (ATT 3).
    """

    send_id: str
    source: Literal["campaign", "flow"]
    source_id: str
    heard_at: UtcTime
    delivered_at: UtcTime | None = None
    failed: bool = False

    @property
    def at(self) -> datetime:
        """When it was delivered; until that is known, when it was first heard of."""
        return self.delivered_at or self.heard_at

    @property
    def order(self) -> tuple[datetime, str]:
        """By what sends are sorted: their time, and at the same instant their id."""
        return self.at, self.send_id

    @property
    def counts(self) -> bool:
        """Whether a message can be credited to it."""
        return self.delivered_at is not None and not self.failed

    @property
    def credit(self) -> Credit:
        """The credit of a message that is attributed to this send."""
        return Credit(send_id=self.send_id, source=self.source, source_id=self.source_id)


class Message(Contract):
    """An SMS from the contact, with its credit as last published (`revision` 0: not yet).

    `window` is the account's attribution window as it was when the message was first heard of.
    """

    message_id: str
    ticket_id: str
    seq: int
    received_at: UtcTime
    spam: bool
    correlation_id: str
    window: Seconds
    credit: Credit | None = None
    revision: int = 0

    @property
    def order(self) -> tuple[datetime, str, int]:
        """By what messages are sorted: their time, at the same instant their ticket and `seq`."""
        return self.received_at, self.ticket_id, self.seq


class Marks(Contract):
    """Whether a ticket is spam, as of its event `seq`.

    The messages up to the ticket's event `cleared` are no spam, whatever screening said: somebody
    looked at the ticket and marked it as not spam. `marked_at` is the time of the event `seq`.
    """

    ticket_id: str
    seq: int
    spam: bool
    cleared: int = 0
    marked_at: UtcTime


class History(Contract):
    """One contact of one account, with what is published of their messages.

    `newest` is the latest time that a send's report or a message had. A delivery or a message that
    is older than `floor` comes too late: it is not added any more. Neither time ever goes back.
    """

    account_id: AccountId
    phone: str
    sends: tuple[Send, ...] = ()
    messages: tuple[Message, ...] = ()
    marks: tuple[Marks, ...] = ()
    newest: UtcTime = EPOCH
    floor: UtcTime = EPOCH

    @property
    def id(self) -> str:
        """The document's id: there is one contact of that phone in an account."""
        return history_id(self.account_id, self.phone)

    @property
    def slot(self) -> str:
        """The same as the id: an account has one history for each contact."""
        return self.id

    @property
    def due_at(self) -> datetime:
        """Never: time alone changes no attribution."""
        return FAR_FUTURE


def history_id(account_id: str, phone: str) -> str:
    """The document's id. Account ids have no colon, so no two contacts share one."""
    return f"{account_id}:{phone}"


def e164(text: str) -> str | None:
    """A recipient's number as contacts have it, a plus and digits; None for anything else.

    Separators are dropped and a leading 00 becomes a plus: "0039 333 1234567" is "+393331234567".
    A number without its country's code gives None, since it could be anybody's. Where there are
    several numbers for one person (see `variants`), the one that contacts have is returned.
    """
    number = text.translate(_SEPARATORS)
    if number.startswith("00"):
        number = "+" + number[2:]
    digits = number.removeprefix("+")
    if digits == number or digits.startswith("0") or not set(digits) <= _DIGITS:
        return None
    if not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
        return None
    return variants(number)[0]


def phone_of(contact: Contact) -> str:
    """The phone that sends to this contact have; of several, the one that is the contact's id."""
    numbers = [each for each in contact.identities if each.type in {"e164", "short_code"}]
    numbers.sort(key=lambda each: (each.key != contact.id, each.type != "e164"))
    return numbers[0].value if numbers else contact.id
