"""What visitors are asked and told, in their language: the account's words, else ready ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.handoffs import HandoffRequested
from shared.contracts.tickets import TicketSummary
from shared.learning.text import LONGEST_TEXT
from shared.values import wording

Which = Literal["message", "connect", "ask_address", "team_has_it", "agent_answers"]


def spoken(request: HandoffRequested, account: AccountSettings) -> str:
    """The visitor's language: as the AI agent says, as their lines look, else the account's."""
    if request.language:
        return request.language
    said, length = [], 0
    for line in request.transcript:
        if line.who == "visitor" and line.text and length < LONGEST_TEXT:
            said.append(line.text)
            length += len(line.text)
    return wording.guessed(" ".join(said)) or account.language


def text_of(  # what the text may name
    which: Which,
    language: str,
    account: AccountSettings,
    contact: Contact,
    now: datetime,
    *,
    email: str | None = None,
    ticket: TicketSummary | None = None,
) -> str:
    """The text in that language, with what it names; what nothing is known for is left out.

    The account's own words come first, in the account's language if not in the visitor's.
    """
    own: Mapping[str, str] = getattr(account.handoff, which)
    found = wording.chosen(f"handoff.{which}", own, language, account)
    if found is None:
        return ""
    text, of = found
    more: dict[str, object] = {"contact.address": email} if email else {}
    if ticket is not None:
        more |= {"ticket.number": ticket.number, "ticket.subject": ticket.subject}
    return wording.completed(text, wording.values(account, contact, now, of, more))
