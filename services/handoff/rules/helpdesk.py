"""Giving a conversation to the account's own team: ticketing is asked until it answers (HND 3)."""

from datetime import datetime, timedelta
from typing import Final

from services.handoff.rules.ending import Change, End, close
from services.handoff.rules.party import AUTHOR, Party, hand_over
from services.handoff.rules.words import text_of
from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import ReplyToTicket
from shared.contracts.tickets import CommandRejected, TicketHandedOver
from shared.values.ids import computed_id

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)


def begin(party: Party, now: datetime) -> Change:
    """Ask ticketing to take it; what it says ends the hand-off."""
    since = now if party.handing_at == FAR_FUTURE else party.handing_at
    begun = {"phase": "helpdesk", "handing_at": since, "given_at": now, "sent": 0}
    return ask(party.model_copy(update=begun), now)


def ask(party: Party, now: datetime) -> Change:
    """Ask, or ask again: it is the same command each time."""
    wait = min(_FIRST_WAIT * int(2 ** min(party.sent, 10)), _LONGEST_WAIT)
    asked = party.model_copy(update={"sent": party.sent + 1, "acts_at": now + wait})
    return Change(asked, (hand_over(party, party.asking, party.given_at),))


def answered(
    party: Party,
    event: TicketHandedOver | CommandRejected,
    account: AccountSettings,
    now: datetime,
    *,
    available: bool,
) -> Change:
    """What ticketing's word makes of the hand-off; `available`: an agent is there for it.

    The visitor is told that the team has it. Where nobody is there, whoever sends automatic replies
    tells them (ARP 2).
    """
    if party.phase != "helpdesk":
        return Change(party)
    if isinstance(event, CommandRejected):
        return close(party, End("refused", event.code, event.reason), now)
    outcome = End(
        "fell_back" if party.notice else "handed_over",
        words=party.notice,
        ticket_id=event.ticket_id,
        available=available,
    )
    said = (_told(party, event, account, now),) if available else ()
    return close(party, outcome, now, *said)


def _told(
    party: Party, event: TicketHandedOver, account: AccountSettings, now: datetime
) -> ReplyToTicket:
    text = text_of(
        "team_has_it",
        party.language,
        account,
        event.ticket.contact,
        now,
        email=party.email,
        ticket=event.ticket,
    )
    return ReplyToTicket(
        account_id=party.account_id,
        id=computed_id("handoff.team_has_it", party.account_id, party.handoff_id),
        occurred_at=now,
        correlation_id=party.correlation_id,
        ticket_id=event.ticket_id,
        author=AUTHOR,
        text=text,
        auto_reply=True,
    )
