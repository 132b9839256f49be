"""Tags are added and removed (TKT 11, TAG 2)."""

from services.ticketing.rules.command_effects import asked
from services.ticketing.rules.replies import Refusal
from services.ticketing.rules.ticket import Draft
from shared.contracts.commands import TagTicket, UntagTicket
from shared.contracts.tickets import TicketTagged, TicketUntagged

MOST_TAGS = 200
"""How many tags a ticket may have: each of its events carries all of them."""


def change_tags(draft: Draft, command: TagTicket | UntagTicket) -> Refusal | None:
    """Add those of the tags that the ticket does not have, or remove those that it has.

    What somebody removed is not added again by the system (TAG 2).
    """
    if isinstance(command, TagTicket):
        return _tag(draft, command)
    ticket = draft.ticket
    gone = tuple(tag for tag in ticket.tags if tag in command.tags)
    if not gone:
        return Refusal("nothing_to_change", "it has none of these tags", "has_no_tags")
    changed = {"tags": tuple(tag for tag in ticket.tags if tag not in gone)}
    if command.author.kind != "system":
        changed["untagged"] = tuple(dict.fromkeys((*ticket.untagged, *gone)))[-MOST_TAGS:]
    draft.happen(
        TicketUntagged, f"TKT 11: {asked(command)}", changed, author=command.author, tags=gone
    )
    return None


def _tag(draft: Draft, command: TagTicket) -> Refusal | None:
    ticket = draft.ticket
    by_itself = command.author.kind == "system"
    new = tuple(tag for tag in dict.fromkeys(command.tags) if tag not in ticket.tags)
    if not new:
        return Refusal("nothing_to_change", "it has these tags already", "has_tags")
    if by_itself and not (new := tuple(tag for tag in new if tag not in ticket.untagged)):
        return Refusal("nothing_to_change", "somebody removed these tags from it")
    if len(ticket.tags) + len(new) > MOST_TAGS:
        reason = f"a ticket has {MOST_TAGS} tags at most"
        return Refusal("too_large", reason, "most_tags", {"number": str(MOST_TAGS)})
    changed = {
        "tags": (*ticket.tags, *new),
        "untagged": tuple(tag for tag in ticket.untagged if tag not in new),
    }
    because = f"TAG 1: {command.reason}" if by_itself else f"TKT 11: {asked(command)}"
    draft.happen(TicketTagged, because, changed, author=command.author, tags=new)
    return None
