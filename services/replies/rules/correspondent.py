"""What is remembered of a contact, so that each automatic reply is sent once (ARP)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.clock import FAR_FUTURE
from shared.contracts.base import Contact, Contract, UtcTime
from shared.values.ids import computed_id

Kind = Literal["sms", "webchat", "follow_up", "new_sms"]
Mode = Literal["open", "closed"]
"""In business hours, or outside."""

KINDS: Final[tuple[Kind, ...]] = ("sms", "webchat", "follow_up", "new_sms")
TO_CONTACTS: Final[frozenset[Kind]] = frozenset({"sms", "webchat", "follow_up"})

DAY: Final = timedelta(days=1)
MOST_CHATS, MOST_MISSED, MOST_SENT = 20, 10, 50
LONGEST_MISSED = 2_000


class Sent(Contract):
    """An automatic reply that was sent because of something at `at`."""

    kind: Kind
    at: UtcTime


class Missed(Contract):
    """An answer that the visitor has not read, as far as is known."""

    seq: int
    at: UtcTime
    text: str
    correlation_id: str


class Chat(Contract):
    """A conversation by web chat.

    `told`: which of the account's two messages it got last. `came_at` and `left_at` are when the
    visitor was last known to come and to leave; `wrote_seq` is the ticket's seq when they last
    wrote; `mailed_at` when they were sent the one mail, or it was decided that they get none.
    """

    conversation_id: str
    ticket_id: str = ""
    active_at: UtcTime
    told: Mode | None = None
    language: str | None = None
    contact: Contact | None = None
    number: int = 0
    missed: tuple[Missed, ...] = ()
    came_at: UtcTime | None = None
    left_at: UtcTime | None = None
    read_at: UtcTime | None = None
    wrote_seq: int = 0
    mailed_at: UtcTime | None = None
    began_as_spam: bool = False
    due_at: UtcTime = FAR_FUTURE

    @property
    def has_left(self) -> bool:
        """Whether the visitor is away; it is not known of one who was never seen to leave."""
        return self.left_at is not None and (self.came_at is None or self.left_at > self.came_at)

    @property
    def is_mailed(self) -> bool:
        """Whether the one mail is done with, and the visitor has not come back since."""
        if self.mailed_at is None:
            return False
        return self.came_at is None or self.came_at <= self.mailed_at

    @property
    def email(self) -> str | None:
        """The visitor's mail address, where it is known."""
        identities = self.contact.identities if self.contact else ()
        return next((each.value for each in identities if each.type == "email"), None)


class Correspondent(Contract):
    """A contact of an account: what they were sent without an agent, and their latest web chats.

    `told_team_at` is when the team was last mailed about an SMS of theirs; `last_sms` the text of
    the last automatic SMS.
    """

    id: str
    account_id: str
    slot: str
    sent: tuple[Sent, ...] = ()
    chats: tuple[Chat, ...] = ()
    told_team_at: UtcTime | None = None
    last_sms: str = ""

    @property
    def due_at(self) -> datetime:
        """When the earliest mail to a chat's visitor may be due."""
        return min((chat.due_at for chat in self.chats), default=FAR_FUTURE)

    def chat(self, conversation_id: str, at: datetime) -> Chat:
        """Their chat of that id; a new one where none is known."""
        for chat in self.chats:
            if chat.conversation_id == conversation_id:
                return chat
        return Chat(conversation_id=conversation_id, active_at=at)

    def with_chat(self, chat: Chat) -> "Correspondent":
        """The same with that chat as it is now; of very many, the least active are forgotten."""
        others = [each for each in self.chats if each.conversation_id != chat.conversation_id]
        kept = sorted([*others, chat], key=lambda each: each.active_at)[-MOST_CHATS:]
        return self.model_copy(update={"chats": tuple(kept)})

    def having_sent(self, kind: Kind, at: datetime) -> "Correspondent":
        """The same after a reply of that kind."""
        kept = sorted([*self.sent, Sent(kind=kind, at=at)], key=lambda each: each.at)
        return self.model_copy(update={"sent": tuple(kept[-MOST_SENT:])})

    def last(self, kind: Kind) -> datetime | None:
        """When the last reply of that kind was sent."""
        return max((each.at for each in self.sent if each.kind == kind), default=None)

    def count(self, kinds: Iterable[Kind], at: datetime) -> int:
        """How many replies of those kinds were sent within a day of `at`."""
        return sum(each.kind in set(kinds) and abs(at - each.at) < DAY for each in self.sent)


def correspondent_id(account_id: str, contact_id: str) -> str:
    """The id of what is remembered of a contact."""
    return computed_id("correspondent", account_id, contact_id)


def unknown(account_id: str, contact_id: str) -> Correspondent:
    """A contact of whom nothing is remembered yet."""
    id_ = correspondent_id(account_id, contact_id)
    return Correspondent(id=id_, account_id=account_id, slot=contact_id)
