"""Bounces of mail that we sent, and complaints: which ticket shows them, and how (ING 4, TKT 2).

Anybody can write a bounce, so it becomes a notice and nothing else. It closes, opens and counts
nothing, and the reply does not count as failed; it does when the channel's gateway reports that.
However many bounces come, there is one notice for each mail of the thread and each participant.
"""

from collections.abc import Iterable, Iterator, Mapping

from services.ticketing.rules import slots
from services.ticketing.rules.ticket import Draft, Ticket, thread_entry
from shared.contracts.signals import Signal
from shared.contracts.tickets import NoticeAdded
from shared.stores.documents import Applied, Target
from shared.values.mail_tokens import MailTokens, named_by, unmarked

_SAYS: Mapping[str, str] = {"bounce": "Not delivered", "complaint": "Reported as spam"}
KINDS = frozenset(_SAYS)
"""The kinds of signal that become such notices; a delay does not."""

_BECAUSE = "ING 4: a mail of the thread came back"
_PROVING = ("address", "id")
_REMEMBERED = 50


def mail_ids(signal: Signal) -> list[str]:
    """The ids of the mail that came back and of those it answered, the best evidence first."""
    detail = signal.detail
    references = detail.get("original_references", "").split()
    return list(filter(None, (detail.get("original_id", ""), *reversed(references))))


def mail_keys(signal: Signal) -> list[str]:
    """The same ids as the keys that tickets are found by: `mailbox|mail id`."""
    return [f"{signal.address}|{mail_id}" for mail_id in mail_ids(signal)]


def short_ids(signal: Signal) -> list[str]:
    """The short ids of the tickets that its tokens name, none of them verified."""
    return [short for token in _tokens(signal) if (short := named_by(token))]


def target(signal: Signal, stored: Iterable[Ticket], tokens: MailTokens) -> Target:
    """The ticket that the mail was sent from: by its token, else by its id or those it cites.

    The ticket is of the same account and mailbox. Where several fit, one in which the recipient
    takes part comes first, then the oldest. Where none fits, it is a slot that no ticket has.
    """
    known = sorted(
        (t for t in stored if _is_at(t, signal)),
        key=lambda ticket: (not _takes_part(ticket, signal), ticket.opened_at, ticket.id),
    )
    for found in _cited(signal, known, tokens):
        return Target(signal.account_id, id=found.id)
    return Target(signal.account_id, slot=slots.nobodys_slot(signal))


def _cited(signal: Signal, known: list[Ticket], tokens: MailTokens) -> Iterator[Ticket]:
    for token in _tokens(signal):
        yield from (t for t in known if tokens.proves(token, t.account_id, t.id))
    for mail_id in mail_ids(signal):
        yield from (ticket for ticket in known if mail_id in ticket.mail_ids)


def bounce_seen(ticket: Ticket | None, signal: Signal) -> Applied[Ticket]:
    """A bounce becomes a notice in its ticket, even in a closed one, and wakes nothing (ING 4).

    With no ticket, or where the ticket has the same notice already, only a hidden entry is kept.
    """
    about = _about(ticket, signal) if ticket else ""
    shows = ticket is not None and about not in ticket.bounced
    text = _text(signal)
    entry = thread_entry(
        signal.id,
        signal.account_id,
        "notice" if shows else "hidden",
        sent_at=signal.occurred_at,
        text=text,
        because=_BECAUSE,
        seq=ticket.seq if ticket else None,
    )
    if ticket is None or not shows:
        return Applied(ticket, entry)
    draft = Draft(ticket, signal.id, signal.correlation_id, signal.occurred_at)
    draft.happen(
        NoticeAdded,
        _BECAUSE,
        {"bounced": (*ticket.bounced, about)[-_REMEMBERED:]},
        code=signal.kind,
        text=text,
    )
    return draft.applied(entry)


def _about(ticket: Ticket, signal: Signal) -> str:
    """The mail of the thread and the participant that the bounce is about: one notice for each.

    A mail that the ticket does not know counts as the thread's newest, and a recipient who takes no
    part in it as none. So a stranger cannot cause one notice after the other.
    """
    cited = next(iter(mail_ids(signal)), "")
    mail_id = cited if cited in ticket.mail_ids else ticket.last_mail_id
    recipient = _recipient(signal) if _takes_part(ticket, signal) else ""
    return f"{signal.kind}|{mail_id}|{recipient}"


def _text(signal: Signal) -> str:
    detail = signal.detail
    to = f" to {_recipient(signal)}" if _recipient(signal) else ""
    codes = (detail.get(name, "") for name in ("diagnostic", "status", "subject"))
    why = next(filter(None, codes), "no reason given")
    return f"{_SAYS[signal.kind]}{to}: {why} (says {_reporter(signal)})"


def _reporter(signal: Signal) -> str:
    named = signal.contact.identities[0].value if signal.contact else ""
    # A bounce that the provider itself reports names the recipient as the contact.
    return signal.provider if named.casefold() in ("", _recipient(signal)) else named


def _recipient(signal: Signal) -> str:
    return signal.detail.get("recipient", "").strip().strip("<>").casefold()


def _takes_part(ticket: Ticket, signal: Signal) -> bool:
    recipient = _recipient(signal)
    own = {each.value.casefold() for each in ticket.contact.identities if each.type == "email"}
    return recipient in own or recipient in ticket.participants


def _is_at(ticket: Ticket, signal: Signal) -> bool:
    sends_mails = ticket.channel == "email" or ticket.mailbox is not None
    return sends_mails and (ticket.account_id, ticket.mails_at) == (
        signal.account_id,
        signal.address,
    )


def _tokens(signal: Signal) -> list[str]:
    marks = map(unmarked, signal.detail.get("tokens", "").split())
    return [token for where, token in marks if where in _PROVING]
