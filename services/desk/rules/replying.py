"""Whether a reply may go out, as ticketing will decide it (TKT 13). Pure."""

from datetime import datetime, timedelta
from typing import Final

from services.desk.rules.rows import Row
from services.desk.rules.shown import ShownReplying
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.contracts.tickets import TicketSummary

REOPENABLE: Final[frozenset[Channel]] = frozenset({"email", "sms", "whatsapp"})
"""The channels whose closed tickets may be opened again (TKT 1 to 5)."""


def replying(of: Row, settings: AccountSettings, now: datetime, *, stopped: bool) -> ShownReplying:
    """Whether a reply may go out now, as ticketing will decide it (TKT 13)."""
    ticket = of.summary
    assert ticket is not None  # noqa: S101  # what has none is in no list
    by_channel = _by_channel(of, ticket, settings, now, stopped=stopped)
    if ticket.status != "closed":
        return by_channel
    if ticket.channel not in REOPENABLE:
        return ShownReplying(allowed=False, code="not_open", also="cannot_reopen")
    return ShownReplying(
        allowed=False,
        code="not_open",
        until=by_channel.until,
        reopens=by_channel.allowed,
        also=by_channel.code,
    )


def _by_channel(
    of: Row, ticket: TicketSummary, settings: AccountSettings, now: datetime, *, stopped: bool
) -> ShownReplying:
    """The same for a ticket that is not closed."""
    if ticket.channel == "sms":
        if not ticket.address.lstrip("+").isdigit():
            return ShownReplying(allowed=False, code="cannot_receive")
        if stopped or ticket.contact.sms_consent == "none":
            return ShownReplying(allowed=False, code="no_consent")
    if ticket.channel == "email" and not ticket.contact.identities:
        return ShownReplying(allowed=False, code="cannot_receive")
    windows = settings.reply_windows
    window = {"whatsapp": windows.whatsapp, "instagram": windows.instagram}.get(ticket.channel)
    if window is None:
        return ShownReplying(allowed=True)
    waited = now - of.customer_at
    until = now + (window - max(waited, timedelta(0)))
    return ShownReplying(waited <= window, None if waited <= window else "window_over", until=until)
