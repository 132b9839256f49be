"""How often and when another helpdesk is tried, and what its answers mean (HND 4)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.handoff.rules.ending import Change, End, close, told
from services.handoff.rules.helpdesk import begin
from services.handoff.rules.party import Party
from services.handoff.rules.words import text_of
from shared.contracts.accounts import AccountSettings
from shared.values.ids import computed_id

Kind = Literal["made", "found", "busy", "away", "timeout", "denied", "invalid", "unclear", "absent"]
"""What came of an attempt. `busy`: too many requests. `away`: cannot be reached, or fails itself.
`denied`: does not let us in, or is not set up. `invalid`: refuses the ticket as it is. `unclear`:
answers what says nothing. `absent`: the ticket is not there, and was only looked for."""

ATTEMPT: Final = timedelta(seconds=60)
"""The longest that an attempt takes: after this it is given up, whatever it waits for."""

UNCERTAIN: Final = timedelta(minutes=2)
"""How long after an attempt that may have made the ticket the next one begins at the earliest."""

LEASE: Final = ATTEMPT + UNCERTAIN + timedelta(minutes=1)
"""How long an attempt is its claimant's: after this, whoever made the claim is taken for dead."""

_FIRST_WAIT: Final = timedelta(seconds=15)
_LONGEST_WAIT: Final = timedelta(minutes=15)
_LONGEST_ASKED: Final = timedelta(hours=1)
NAMES: Final = {"zendesk": "Zendesk", "gorgias": "Gorgias"}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt.

    `words` is for people. `wait` is how long the other side asks to be left alone. `uncertain`:
    the ticket may have been made, or may yet be.
    """

    kind: Kind
    words: str = ""
    external_id: str | None = None
    external_url: str | None = None
    wait: timedelta | None = None
    uncertain: bool = False


def claimed(party: Party, attempt: int, token: str, now: datetime) -> Party:
    """The party once the attempt of that number is its claimant's; the same if it is not to be."""
    if party.phase != "outside" or party.attempt + 1 != attempt:
        return party
    return party.model_copy(
        update={
            "attempt": attempt,
            "claimed_by": token,
            "last": now >= party.deadline,
            "acts_at": now + LEASE,
        }
    )


def attempted(
    party: Party, attempt: int, result: Result, account: AccountSettings, now: datetime
) -> Change:
    """What an attempt's result makes of the hand-off.

    Of an attempt that is taken for dead it counts only that the ticket is there.
    """
    if party.phase != "outside":
        return Change(party)
    if result.kind in {"made", "found"}:
        return _taken(party, result, account, now)
    if attempt != party.attempt:
        return Change(party)
    if party.last:
        return _fall_back(
            party, f"it was tried for a day; {result.words or 'it is not there'}", now
        )
    if result.kind == "invalid" and not result.uncertain:
        if party.reduced:
            return _fall_back(party, result.words, now)
        return Change(party.model_copy(update={"reduced": True, "acts_at": now}))
    return Change(party.model_copy(update={"acts_at": _next_try(party, result, now)}))


def _taken(party: Party, result: Result, account: AccountSettings, now: datetime) -> Change:
    contact, email = party.asking.contact, party.email
    text = text_of("agent_answers", party.language, account, contact, now, email=email)
    end = End("handed_over", external_id=result.external_id, external_url=result.external_url)
    return close(party, end, now, told(party, text, now))


def _fall_back(party: Party, words: str, now: datetime) -> Change:
    notice = f"{NAMES.get(party.method, party.method)} did not take it: {words}"[:500]
    return begin(party.model_copy(update={"notice": notice, "claimed_by": ""}), now)


def _next_try(party: Party, result: Result, now: datetime) -> datetime:
    wait = backoff(party)
    if result.wait is not None:
        wait = max(wait, min(result.wait, _LONGEST_ASKED))
    if not result.uncertain:
        return min(now + wait, max(party.deadline, now))
    return min(now + max(wait, UNCERTAIN), max(party.deadline, now + UNCERTAIN))


def backoff(party: Party) -> timedelta:
    """How long to wait after the newest attempt: doubled each time, and unlike another party's.

    It is the same whenever it is asked for: what makes it unlike is computed from the hand-off.
    """
    doubled = min(_FIRST_WAIT * int(2 ** min(party.attempt - 1, 10)), _LONGEST_WAIT)
    drawn = computed_id("backoff", party.account_id, party.handoff_id, str(party.attempt))
    share = uuid.UUID(drawn).int % 1000 / 1000
    return doubled * (0.5 + share / 2)
