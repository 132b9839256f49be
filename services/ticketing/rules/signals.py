"""What signals and attributions show on a ticket (ING 3, ATT 7)."""

from services.ticketing.rules import bounces
from services.ticketing.rules.early_records import WITH_KEYWORDS, early_entry
from services.ticketing.rules.ticket import Draft, Ticket, thread_entry
from shared.contracts.marketing import MessageAttributed
from shared.contracts.signals import Signal
from shared.contracts.tickets import NoticeAdded, TicketAttributed, TicketCredit
from shared.stores.documents import Applied

KEYWORD = "ING 3: a keyword"
"""Why a thread shows what a contact said that is no message: by this such a line is known."""


def concerns_tickets(signal: Signal) -> bool:
    """Whether threads show the signal: a bounce or complaint (ING 4), or a keyword (ING 3)."""
    return signal.kind in bounces.KINDS or is_keyword(signal)


def is_keyword(signal: Signal) -> bool:
    """Whether it is a keyword, on a channel that has keywords (ING 3)."""
    return signal.kind == "keyword" and signal.channel in WITH_KEYWORDS


def signal_seen(ticket: Ticket | None, signal: Signal) -> Applied[Ticket]:
    """A keyword is a notice in a ticket that is not closed, and wakes nothing (ING 3).

    A STOP is remembered even by a closed ticket, until a later START: no reply goes out meanwhile
    (TKT 13). A keyword that comes before its contact's ticket waits for it (see `early_records`).

    A ticket that was opened after the keyword was received does not show it, so that a replay
    shows the same as the first time.
    """
    if ticket is None:
        return Applied(None, early_entry(signal, "ING 3: it came before any ticket of its contact"))
    shows = ticket.status != "closed" and signal.occurred_at >= ticket.opened_at
    said = signal.text or signal.keyword or ""
    text = f"Keyword {signal.keyword or ''} ({signal.keyword_class or 'unknown'}): {said}"
    entry = thread_entry(
        signal.id,
        signal.account_id,
        "notice" if shows else "hidden",
        sent_at=signal.occurred_at,
        text=text,
        because=KEYWORD,
        seq=ticket.seq,
    )
    ticket = _heeding(ticket, signal)
    if not shows:
        return Applied(ticket, entry)
    draft = Draft(ticket, signal.id, signal.correlation_id, signal.occurred_at)
    draft.happen(
        NoticeAdded, "ING 3: a keyword opens and resets nothing", code="keyword", text=text
    )
    return draft.applied(entry)


def _heeding(ticket: Ticket, signal: Signal) -> Ticket:
    """The ticket with its contact's last STOP or START, by the time of receipt.

    Of two that were received at the same moment the STOP counts.
    """
    if signal.keyword_class not in ("stop", "start"):
        return ticket
    at, out = signal.occurred_at, signal.keyword_class == "stop"
    if ticket.opted_at is not None and (at, out) < (ticket.opted_at, ticket.opted_out):
        return ticket
    return ticket.model_copy(update={"opted_out": out, "opted_at": at})


def message_attributed(ticket: Ticket | None, fact: MessageAttributed) -> Applied[Ticket]:
    """The newest fact about a message shows on its ticket (ATT 7)."""
    if ticket is not None and ticket.account_id != fact.account_id:
        ticket = None
    credit = TicketCredit(
        message_id=fact.message_id,
        revision=fact.revision,
        send_id=fact.credit.send_id if fact.credit else None,
        source=fact.credit.source if fact.credit else None,
        source_id=fact.credit.source_id if fact.credit else None,
    )
    known = ticket.credit if ticket else None
    old = (
        known is not None
        and known.message_id == fact.message_id
        and known.revision >= fact.revision
    )
    source = f"{credit.source} {credit.source_id}" if fact.credit else "nothing any more"
    entry = thread_entry(
        fact.id,
        fact.account_id,
        "hidden" if ticket is None or old else "notice",
        sent_at=fact.occurred_at,
        text=f"Attributed to {source}",
        because=fact.because,
        seq=ticket.seq if ticket else None,
    )
    if ticket is None or old:
        return Applied(ticket, entry)
    draft = Draft(ticket, fact.id, fact.correlation_id, fact.occurred_at)
    draft.happen(TicketAttributed, f"ATT: {fact.because}", {"credit": credit}, credit=credit)
    return draft.applied(entry)
