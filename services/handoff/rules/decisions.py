"""What happens to hand-offs, as items that have their effect once; and what each does."""

from dataclasses import dataclass
from datetime import datetime

from services.handoff.rules import helpdesk, outside, questions
from services.handoff.rules.ending import Change, End, ended, forgotten, over
from services.handoff.rules.outside import Result
from services.handoff.rules.party import Party, command_id, document_of
from services.handoff.rules.requests import new_party, refusal
from shared.contracts.accounts import AccountSettings
from shared.contracts.handoffs import HandoffRequested, VisitorAnswered
from shared.contracts.tickets import CommandRejected, TicketHandedOver
from shared.values.ids import computed_id


@dataclass(frozen=True, slots=True)
class TicketSaid:
    """What ticketing made of the command; `available`: an agent was there then."""

    event: TicketHandedOver | CommandRejected
    available: bool


@dataclass(frozen=True, slots=True)
class Due:
    """The time has come that the hand-off's `phase` waits for."""

    handoff_id: str
    phase: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whoever drew `token` makes the attempt of that number at the other helpdesk."""

    handoff_id: str
    attempt: int
    token: str


@dataclass(frozen=True, slots=True)
class Attempted:
    """What came of the attempt of that number."""

    handoff_id: str
    attempt: int
    result: Result


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The contact is erased, of whom nothing is left that was known up to then."""

    handoff_id: str


Said = HandoffRequested | VisitorAnswered | TicketSaid | Due | Claimed | Attempted | Forgotten


@dataclass(frozen=True, slots=True)
class Item:
    """Something that happens to the party in `document`, at `now`, once for its `id`."""

    id: str
    account_id: str
    document: str
    now: datetime
    said: Said


def requested(request: HandoffRequested, now: datetime) -> Item:
    """The item of a request; the hand-off's answers find its document by the id."""
    id_ = command_id(request.account_id, request.id)
    return Item(id_, request.account_id, document_of(request), now, request)


def of_answer(answer: VisitorAnswered, document: str, now: datetime) -> Item:
    """The item of a visitor's answer."""
    id_ = computed_id("handoff.answer", answer.account_id, answer.id)
    return Item(id_, answer.account_id, document, now, answer)


def of_ticket(said: TicketSaid, document: str, now: datetime) -> Item:
    """The item of what ticketing said."""
    id_ = computed_id("handoff.ticket", said.event.account_id, said.event.id)
    return Item(id_, said.event.account_id, document, now, said)


def due(party: Party, now: datetime) -> Item:
    """The item of what is due for a party. It is only due once: the time is in the id."""
    parts = party.handoff_id, party.phase, party.acts_at.isoformat()
    id_ = computed_id("handoff.due", party.account_id, *parts)
    return Item(id_, party.account_id, party.id, now, Due(parts[0], parts[1], party.acts_at))


def claim(party: Party, token: str, now: datetime) -> Item:
    """The item that makes the next attempt somebody's: of all who claim it, the first one's."""
    number = party.attempt + 1
    id_ = computed_id("handoff.claim", party.account_id, party.handoff_id, str(number))
    return Item(id_, party.account_id, party.id, now, Claimed(party.handoff_id, number, token))


def result(party: Party, came: Result, now: datetime) -> Item:
    """The item of what came of the party's newest attempt."""
    parts = party.handoff_id, str(party.attempt), party.claimed_by
    id_ = computed_id("handoff.attempted", party.account_id, *parts)
    said = Attempted(party.handoff_id, party.attempt, came)
    return Item(id_, party.account_id, party.id, now, said)


def forget(party: Party, now: datetime) -> Item:
    """The item of an erasure of the party's contact."""
    id_ = computed_id("handoff.forget", party.account_id, party.handoff_id)
    return Item(id_, party.account_id, party.id, now, Forgotten(party.handoff_id))


def decide(  # noqa: PLR0911  # one kind of item after the other
    party: Party | None, item: Item, account: AccountSettings | None
) -> Change | None:
    """What the item makes of the party; None where there is no party and there will be none.

    An account that is gone has the settings of a new one.
    """
    said, now = item.said, item.now
    settings = account or AccountSettings(account_id=item.account_id)
    if isinstance(said, HandoffRequested):
        return _asked(party, said, account, settings, now)
    if party is None:
        return None
    match said:
        case VisitorAnswered():
            return questions.answered(party, said, settings, now)
        case TicketSaid(event, available) if _is_of(party, event):
            return helpdesk.answered(party, event, settings, now, available=available)
        case Due(party.handoff_id, party.phase, party.acts_at) if party.phase == "helpdesk":
            return helpdesk.ask(party, now)
        case Due(party.handoff_id, party.phase, party.acts_at) if party.phase in {
            "connect",
            "address",
        }:
            return questions.unanswered(party, now)
        case Claimed(party.handoff_id, attempt, token):
            return Change(outside.claimed(party, attempt, token, now))
        case Attempted(party.handoff_id, attempt, came):
            return outside.attempted(party, attempt, came, settings, now)
        case Forgotten(party.handoff_id) if not party.ended:
            return forgotten(party, now)
    return Change(party)


def _asked(
    before: Party | None,
    request: HandoffRequested,
    account: AccountSettings | None,
    settings: AccountSettings,
    now: datetime,
) -> Change:
    party = new_party(request, settings, now)
    why = refusal(party, account, before, now)
    if why is None:
        return questions.go_on(party, settings, now)
    end = End("refused", *why)
    if why[0] == "already" and before is not None:
        end = End(
            "refused",
            *why,
            ticket_id=before.ticket_id,
            external_id=before.external_id,
            external_url=before.external_url,
        )
    said = ended(party, end, now)
    # Of an earlier hand-off, what is known stays: it may be under way.
    return Change(over(party, end, now) if before is None else before, (said,))


def _is_of(party: Party, event: TicketHandedOver | CommandRejected) -> bool:
    if isinstance(event, TicketHandedOver):
        return event.handoff_id == party.handoff_id
    return event.command_id == command_id(party.account_id, party.handoff_id)
