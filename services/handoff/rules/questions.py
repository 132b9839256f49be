"""What a visitor is asked before anything is created, and what their answers mean (HND 2)."""

from datetime import datetime
from typing import Final

from services.handoff.rules import helpdesk
from services.handoff.rules.ending import Change, End, close, told
from services.handoff.rules.party import Party
from services.handoff.rules.requests import is_address
from services.handoff.rules.words import Which, text_of
from shared.contracts.accounts import AccountSettings
from shared.contracts.handoffs import VisitorAnswered, VisitorAsked
from shared.values.ids import computed_id

MOST_ASKED: Final = 5
"""How often a visitor is asked in all, where what they name is no mail address."""

_TEXTS: Final[dict[str, Which]] = {"connect": "connect", "address": "ask_address"}


def go_on(party: Party, account: AccountSettings, now: datetime) -> Change:
    """Ask what is still to be asked, else hand the conversation over by the account's method."""
    if party.method == "message":
        contact, email = party.asking.contact, party.email
        text = text_of("message", party.language, account, contact, now, email=email)
        return close(party, End("message_shown"), now, told(party, text, now))
    if party.channel == "webchat":
        if not party.accepted:
            return _ask(party.model_copy(update={"phase": "connect"}), account, now)
        if party.email is None:
            return _ask(party.model_copy(update={"phase": "address"}), account, now)
    if party.method == "helpdesk":
        return helpdesk.begin(party, now)
    begun = {"phase": "outside", "handing_at": now, "acts_at": now}
    return Change(party.model_copy(update=begun))


def _ask(
    party: Party, account: AccountSettings, now: datetime, *, until: datetime | None = None
) -> Change:
    request, question = party.asking, "connect" if party.phase == "connect" else "address"
    due_at = until or now + account.handoff.answer_within
    number = party.asked + 1
    which, contact, email = _TEXTS[question], request.contact, party.email
    asked = VisitorAsked(
        account_id=party.account_id,
        id=computed_id("handoff.asked", party.account_id, party.handoff_id, str(number)),
        occurred_at=now,
        correlation_id=party.correlation_id,
        handoff_id=party.handoff_id,
        channel=party.channel,
        conversation_id=request.conversation_id,
        contact=request.contact,
        question="connect" if question == "connect" else "address",
        text=text_of(which, party.language, account, contact, now, email=email),
        due_at=due_at,
    )
    return Change(party.model_copy(update={"asked": number, "acts_at": due_at}), (asked,))


def answered(
    party: Party, answer: VisitorAnswered, account: AccountSettings, now: datetime
) -> Change:
    """What an answer makes of the hand-off: of one that asks nothing (any more) it makes nothing.

    What is no mail address is asked for again, without more time.
    """
    if party.handoff_id != answer.handoff_id or party.phase not in {"connect", "address"}:
        return Change(party)
    if answer.accepted is False:
        return close(party, End("declined", words="the visitor said no"), now)
    named = (answer.email or "").strip()
    good = is_address(named)
    changed = party
    if good:
        names = tuple(dict.fromkeys((*party.names, f"email:{named}")))
        changed = party.model_copy(update={"email": named, "names": names})
    if answer.accepted or party.phase == "address":
        changed = changed.model_copy(update={"accepted": True})
    waits = changed.email is None if party.phase == "address" else not changed.accepted
    if not waits:
        return go_on(changed, account, now)
    if named and not good and party.phase == "address" and party.asked < MOST_ASKED:
        return _ask(changed, account, now, until=party.acts_at)
    return Change(changed)


def unanswered(party: Party, now: datetime) -> Change:
    """The time for an answer is over: nothing was created, and nothing will be."""
    if party.phase == "connect":
        return close(party, End("no_answer", words="the visitor did not answer in time"), now)
    return close(party, End("no_address", words="the visitor named no mail address in time"), now)
