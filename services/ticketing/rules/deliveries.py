"""The delivery of replies, as gateways report it (TKT 13). No timer starts or stops by it."""

from services.ticketing.rules import slots
from services.ticketing.rules.replies import Refusal, outbound_id
from services.ticketing.rules.ticket import DeliveryStatus, Draft, Ticket, ledger_id, thread_entry
from shared.contracts.commands import ReportDelivery
from shared.contracts.tickets import DeliveryFailed, DeliveryReported
from shared.stores.documents import Entry

_SAYS_AS_MUCH: dict[DeliveryStatus | None, int] = {
    None: 0,
    "sent": 1,
    "delivered": 2,
    # A mail that a server took may still bounce.
    "failed": 3,
    # What was read has arrived, whatever was said before.
    "read": 4,
}


def says_more(status: DeliveryStatus, known: DeliveryStatus | None) -> bool:
    """Whether a status says more than the known one, as reports come in any order."""
    return _SAYS_AS_MUCH[status] > _SAYS_AS_MUCH[known]


def report(draft: Draft, command: ReportDelivery) -> Refusal | None:
    """The ticket learns its reply's status, and the id that the provider gave the mail (TKT 2)."""
    ticket = draft.ticket
    named = {command.outbound_id, outbound_id(command.account_id, command.outbound_id)}
    known = next((d for d in ticket.deliveries if d.outbound_id in named), None)
    if known is None:
        reason = f"{command.outbound_id} is none of the ticket's newest replies"
        return Refusal("nothing_to_change", reason)
    more = says_more(command.status, known.status)
    mail_id = _new_mail_id(ticket, command)
    if not more and mail_id is None:
        return Refusal("nothing_to_change", f"it is known to be {known.status} already")
    status = command.status if more else known.status or command.status
    changes: dict[str, object] = {
        "deliveries": tuple(
            each.model_copy(update={"status": status}) if each is known else each
            for each in ticket.deliveries
        )
    }
    if mail_id is not None:
        changes["mail_ids"] = slots.bounded([*ticket.mail_ids, mail_id])
    if more and command.status == "failed":
        draft.happen(
            DeliveryFailed,
            "TKT 13: the channel's provider says so",
            changes,
            message_id=known.outbound_id,
            error=command.error or "",
            mail_id=mail_id,
        )
        return None
    draft.happen(
        DeliveryReported,
        "TKT 13: the channel's provider says so",
        changes,
        message_id=known.outbound_id,
        status=status,
        mail_id=mail_id,
    )
    return None


def _new_mail_id(ticket: Ticket, command: ReportDelivery) -> str | None:
    mail_id = (command.mail_id or "").strip().removeprefix("<").removesuffix(">")
    if ticket.channel != "email" or not mail_id or mail_id in ticket.mail_ids:
        return None
    if len(mail_id) > slots.LONGEST_MAIL_ID:
        return None
    return mail_id


def line(draft: Draft, command: ReportDelivery) -> Entry:
    """The report's entry: a notice for a failure; any other status shows on the reply itself."""
    (event,) = [e for e in draft.events if isinstance(e, DeliveryReported | DeliveryFailed)]
    failed = isinstance(event, DeliveryFailed)
    return thread_entry(
        ledger_id(command),
        command.account_id,
        "notice" if failed else "hidden",
        sent_at=command.occurred_at,
        text=f"Not delivered: {command.error or 'no reason given'}" if failed else "",
        because=event.because,
        author=command.author.model_dump(),
        message_id=event.message_id,
        delivery=command.status,
        mail_key=f"{draft.ticket.mails_at}|{event.mail_id}" if event.mail_id else None,
    )
