"""Which requests for a hand-off can be, and which cannot and why (HND 1)."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

from services.handoff.rules.party import PATIENCE, Party, address_of, hand_over, names_of
from services.handoff.rules.words import spoken
from shared.contracts.accounts import AccountSettings
from shared.contracts.handoffs import HandoffRequested
from shared.contracts.replying import MailAddress
from shared.topic import MEBIBYTE

LARGEST: Final = 4 * MEBIBYTE - 128 * 1024
"""Bytes of the command that gives a conversation to the team: what fits on every topic, with room
for what a ticket's event says besides."""

SOON: Final = timedelta(hours=24)
"""Within this time of the end of a hand-off, another one is the same (but of a web chat, whose
conversation is handed over once)."""

_ADDRESS: TypeAdapter[str] = TypeAdapter(MailAddress)

Why = tuple[str, str]
"""A code from a closed set, and words for people."""


def is_address(text: str) -> bool:
    """Whether it is a mail address."""
    try:
        _ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True


def new_party(request: HandoffRequested, account: AccountSettings, now: datetime) -> Party:
    """The party of a request that was just seen; what becomes of it is decided next."""
    email = request.email or address_of(request.contact)
    method = account.handoff.method
    return Party(
        account_id=request.account_id,
        channel=request.channel,
        party=request.party,
        handoff_id=request.id,
        correlation_id=request.correlation_id,
        method=method,
        reason=request.reason,
        begun_at=now,
        acts_at=now,
        language=spoken(request, account),
        names=names_of(request),
        request=request,
        email=email,
        accepted=request.confirmed,
    )


def refusal(
    party: Party, account: AccountSettings | None, before: Party | None, now: datetime
) -> Why | None:
    """Why the request of `party` cannot be; None where it can."""
    request = party.asking
    why = _not_possible(request, account, now)
    if why is None and before is not None and _is_the_same(before, now):
        why = ("already", f"it is or was handed over already, as {before.handoff_id}")
    # Asked last, since it costs most.
    if why is None and party.method != "message" and (size := _size(party, now)) > LARGEST:
        why = ("too_large", f"with its transcript it has {size} bytes; {LARGEST} may be")
    return why


def _not_possible(
    request: HandoffRequested, account: AccountSettings | None, now: datetime
) -> Why | None:
    if account is None:
        return "unknown_account", "there is no such account"
    if request.channel not in account.channels:
        return "channel_off", f"the account has not switched {request.channel} on"
    if now - request.occurred_at > PATIENCE:
        return "too_old", "it was asked for more than a day ago"
    if request.channel == "email" and request.ticket_id is None:
        return "no_ticket", "a mail conversation is named by its ticket_id"
    if request.channel == "webchat" and not request.conversation_id:
        return "no_conversation", "a web chat is named by its conversation_id"
    if request.email and not is_address(request.email):
        return "bad_address", "email is no mail address"
    return None


def _is_the_same(before: Party, now: datetime) -> bool:
    if not before.ended:
        return True
    taken = before.outcome in {"handed_over", "fell_back"}
    if before.channel == "webchat":
        return taken
    return (taken or before.outcome == "message_shown") and now - before.ended_at <= SOON


def _size(party: Party, now: datetime) -> int:
    command = hand_over(party, party.asking, now)
    return len(command.model_dump_json(exclude_none=True).encode())
