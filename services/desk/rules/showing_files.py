"""How the files of a thread's lines are shown, and who takes part in its mails. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from services.desk.rules.addresses import is_address
from services.desk.rules.files import File, file_name, state_of
from services.desk.rules.lines import Line
from services.desk.rules.shown import ShownFile
from shared.contracts.messages import Attachment
from shared.contracts.tickets import TicketSummary

_MOST_ADDRESSED: Final = 20


def files_of(of: Line) -> Sequence[Mapping[str, Any]]:
    """The files of a line, as they were described."""
    message = of.message or {}
    files = message.get("attachments", ()) if of.kind == "message" else of.attachments
    return () if of.deleted else files


def file_ids(lines: Iterable[Line]) -> set[str]:
    """The ids of the files of these lines, of those that have any."""
    return {str(file["file_id"]) for of in lines for file in files_of(of) if file.get("file_id")}


def shown_files(of: Line, known: Mapping[str, File], now: datetime) -> tuple[ShownFile, ...]:
    """The files of a line; `known` are those of which something is there, by their ids."""
    return tuple(_file(of, place, each, known, now) for place, each in enumerate(files_of(of)))


def _file(
    of: Line, place: int, described: Mapping[str, Any], known: Mapping[str, File], now: datetime
) -> ShownFile:
    file = Attachment.model_validate(described)
    named = file.model_copy(
        update={"filename": file_name(file.filename) if file.filename else None}
    )
    there = known.get(file.file_id or "")
    state = state_of(file, of.received_at, there, now)
    href = None
    if state == "here":
        ticket = quote(of.ticket_id or "", safe="")
        href = f"/api/v1/tickets/{ticket}/files/{quote(file.file_id or '', safe='')}"
    elif state == "elsewhere":
        href = f"/desk/files/{of.id}/{place}"
    return ShownFile(named, href, state)


def addressed(lines: Iterable[Line], ticket: TicketSummary) -> tuple[str, ...]:
    """Who takes part in a mail's thread besides its contact and the account's mailbox."""
    without = {ticket.address.casefold(), *(each.value for each in ticket.contact.identities)}
    found: dict[str, str] = {}
    for of in lines:
        mail = (of.message or {}).get("mail") or {}
        for each in (mail.get("sender"), *mail.get("to", ()), *mail.get("cc", ())):
            address = str(each or "")
            local, at, domain = address.casefold().partition("@")
            # Answers come back to the mailbox with a token behind a plus.
            ours = {address.casefold(), f"{local.partition('+')[0]}{at}{domain}"} & without
            if is_address(address) and not ours:
                found.setdefault(address.casefold(), address)
    return tuple(found.values())[:_MOST_ADDRESSED]
