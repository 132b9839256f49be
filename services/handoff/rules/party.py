"""What is known of a party's newest hand-off.

A party is what has one hand-off at a time: the conversation of a web chat, else the contact.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from shared.clock import EPOCH, FAR_FUTURE
from shared.contracts.base import AccountId, Author, Channel, Contact, Contract, UtcTime
from shared.contracts.commands import HandOver
from shared.contracts.handoffs import HandoffOutcome, HandoffReason, HandoffRequested
from shared.contracts.replying import HandoffMethod
from shared.values.ids import computed_id

Phase = Literal["connect", "address", "helpdesk", "outside", "ended"]
"""`connect` and `address`: a question is open. `helpdesk`: ticketing's word is waited for.
`outside`: another helpdesk has to take it."""

AUTHOR: Final = Author(kind="system", id="handoff")

PATIENCE: Final = timedelta(days=1)
"""How long another helpdesk is tried, and how old a request may be when it is first seen."""

KEPT: Final = timedelta(days=120)
"""How long after its end a hand-off is remembered: longer than its topic keeps the request."""


class Party(Contract):
    """A party and their newest hand-off, whose id is `handoff_id`.

    `request` (its transcript with it) and `email` are there until the hand-off has ended, `names`
    (contact, identities, profile: what an erasure may name) for as long as this is. `acts_at` is
    when time does something about it. `handing_at` is since when it is being handed over.
    `attempt` counts the attempts at the other helpdesk, each claimed by a token before it is made;
    `last` marks the one that only looks whether the ticket is there. `notice` says why it fell
    back, `given_at` since when ticketing is asked to take it, `sent` how often it was.
    """

    account_id: AccountId
    channel: Channel
    party: str
    handoff_id: str
    correlation_id: str
    method: HandoffMethod = "helpdesk"
    reason: HandoffReason = "other"
    phase: Phase = "ended"
    begun_at: UtcTime
    acts_at: UtcTime
    handing_at: UtcTime = FAR_FUTURE
    language: str = "en"
    names: tuple[str, ...] = ()
    request: HandoffRequested | None = None
    email: str | None = None
    accepted: bool = False
    asked: int = 0
    attempt: int = 0
    claimed_by: str = ""
    last: bool = False
    reduced: bool = False
    notice: str = ""
    given_at: UtcTime = EPOCH
    sent: int = 0
    outcome: HandoffOutcome | None = None
    ended_at: UtcTime = EPOCH
    ticket_id: str | None = None
    external_id: str | None = None
    external_url: str | None = None

    @property
    def id(self) -> str:
        """The document's id: a party has one."""
        return party_id(self.account_id, self.channel, self.party)

    @property
    def slot(self) -> str:
        """The channel and the party, which exist once in an account."""
        return f"{self.channel}:{self.party}"

    @property
    def due_at(self) -> datetime:
        """When the sweep has to act on it."""
        return self.acts_at

    @property
    def ended(self) -> bool:
        """Whether the newest hand-off is over."""
        return self.phase == "ended"

    def indexed(self) -> dict[str, object]:
        """What the store finds it by."""
        return {
            "line": self.method if self.phase == "outside" else "",
            "handing_at": FAR_FUTURE if self.ended else self.handing_at,
            "method": self.method,
            "names": [f"{self.account_id}|{name}" for name in self.names],
        }

    @property
    def asking(self) -> HandoffRequested:
        """The request, as long as the hand-off is under way."""
        if self.request is None:
            raise AssertionError("an ended hand-off is asked for nothing any more")
        return self.request

    @property
    def deadline(self) -> datetime:
        """Until when another helpdesk is tried."""
        return self.begun_at + PATIENCE


def party_id(account_id: str, channel: Channel, party: str) -> str:
    """The document's id. Account ids have no colon, so no two accounts share one."""
    return f"{account_id}:{channel}:{party}"


def document_of(request: HandoffRequested) -> str:
    """The document that a request is for."""
    return party_id(request.account_id, request.channel, request.party)


def command_id(account_id: str, handoff_id: str) -> str:
    """The id of a hand-off's `HandOver`, under which the ledger knows its request too."""
    return computed_id("handover", account_id, handoff_id)


def external_id(account_id: str, handoff_id: str) -> str:
    """What another helpdesk knows the ticket by, so that it is found again."""
    return f"helpdesk-{computed_id('outside', account_id, handoff_id)}"


def address_of(contact: Contact) -> str | None:
    """The contact's mail address, where it is among their identities."""
    return next((each.value for each in contact.identities if each.type == "email"), None)


def phone_of(contact: Contact) -> str | None:
    """The contact's phone number in E.164, where it is among their identities."""
    for each in contact.identities:
        if each.type == "e164":
            return each.value
        if each.type == "wa_id" and each.value.isdigit():
            return f"+{each.value}"
    return None


def names_of(request: HandoffRequested) -> tuple[str, ...]:
    """All that an erasure may name the request's contact by."""
    contact = request.contact
    names = [contact.id, *(each.key for each in contact.identities)]
    if request.email:
        names.append(f"email:{request.email}")
    names += [f"profile:{each}" for each in (request.profile_id, contact.profile_id) if each]
    return tuple(dict.fromkeys(names))


def hand_over(party: Party, request: HandoffRequested, at: datetime) -> HandOver:
    """The command that gives the conversation to the account's own team (HND 3)."""
    return HandOver(
        account_id=party.account_id,
        id=command_id(party.account_id, party.handoff_id),
        occurred_at=at,
        correlation_id=party.correlation_id,
        author=AUTHOR,
        handoff_id=party.handoff_id,
        channel=party.channel,
        address=request.address,
        contact=request.contact,
        conversation_id=request.conversation_id,
        ticket_id=request.ticket_id,
        reason=party.reason,
        transcript=request.transcript,
        email=party.email,
        profile_id=request.profile_id or request.contact.profile_id,
        notice=party.notice,
    )
