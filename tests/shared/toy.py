"""A helpdesk in small: enough policy to need every step of `shared.stores.aggregates`.

A conversation's closed ticket takes no further message: the message releases its slot and opens a
new one. Mails join a thread only if their author takes part in it just then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE
from shared.contracts.base import UtcTime
from shared.errors import Poison
from shared.stores.documents import Applied, Entry, Outcome, Redirected, Refused, Released, Target
from shared.topics import TICKETS

Kind = Literal["message", "note", "mail", "invite", "ban", "close", "broken"]
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to apply: `slot` says what it is for, or else `ticket` does."""

    kind: Kind
    id: str
    slot: str | None = None
    ticket: str | None = None
    author: str = ""
    account_id: str = "acme"
    size: int = 10


def ticket_opened_by(item: Item) -> str:
    """Name the ticket that an item opens."""
    return f"{item.account_id}/ticket-of-{item.id}"


class Ticket(BaseModel):
    """The state: a thread of item ids, numbered changes, and whom the thread lets in."""

    model_config = ConfigDict(frozen=True)

    id: str
    account_id: str
    slot: str
    thread: tuple[str, ...] = ()
    seq: int = 0
    closed: bool = False
    members: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    due_at: UtcTime = FAR_FUTURE


def stored(name: str, slot: str = "", account: str = "acme", seq: int = 0) -> Ticket:
    """Make a state."""
    return Ticket(id=name, account_id=account, slot=slot or f"slot of {name}", seq=seq)


@dataclass(frozen=True, slots=True)
class Change:
    """A published fact; `seq` is 0 for a rejection."""

    seq: int
    kind: str
    item: str

    def outgoing(self, ticket: str) -> Outgoing:
        """Write the record that says so."""
        value = f"{self.seq}|{self.kind}|{self.item}"
        return Outgoing(TICKETS.name, ticket.encode(), value.encode())

    @classmethod
    def read(cls, value: bytes) -> "Change":
        """Read what `outgoing` wrote."""
        seq, kind, item = value.decode().split("|")
        return cls(int(seq), kind, item)


class Tickets:
    """The policy."""

    def id_of(self, item: Item) -> str:
        """See `shared.stores.documents.Policy`."""
        return item.id

    async def resolve(self, items: Sequence[Item]) -> list[Target]:
        """See `shared.stores.documents.Policy`."""
        return [Target(item.account_id, id=item.ticket, slot=item.slot) for item in items]

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """See `shared.stores.documents.Policy`."""
        if item.kind == "broken":
            return Refused(Poison("malformed", f"{item.id} cannot be read"))
        if item.kind == "close":
            return _closed(target, state, item)
        if state is None:
            slot = target.slot or ""
            opened = Ticket(id=ticket_opened_by(item), account_id=item.account_id, slot=slot)
            return changed(opened, item, "opened", members=(item.author,))
        if item.kind == "message" and state.closed and state.slot == item.slot:
            return Released(state.model_copy(update={"slot": f"ticket:{state.id}"}))
        if item.kind == "mail" and item.author not in state.members:
            return Redirected(Target(item.account_id, slot=f"{target.slot}:{item.author}"))
        if item.kind == "invite" and item.author not in state.strangers:
            return changed(state, item, "invited", members=(*state.members, item.author))
        if item.kind == "ban" and item.author not in state.members:
            return changed(state, item, "banned", strangers=(*state.strangers, item.author))
        return changed(state, item, "added" if item.kind == "message" else "noted")


def changed(state: Ticket, item: Item, kind: str, **update: object) -> Applied[Ticket]:
    """Make the item a numbered change of the ticket."""
    seq = state.seq + 1
    after = state.model_copy(update={"thread": (*state.thread, item.id), "seq": seq, **update})
    record = Change(seq, kind, item.id).outgoing(state.id)
    return Applied(after, Entry(item.id, size=item.size), (record,))


def _closed(target: Target, state: Ticket | None, item: Item) -> Applied[Ticket]:
    if state is not None and not state.closed:
        return changed(state, item, "closed", closed=True)
    kind, ticket = ("rejected", state.id) if state else ("unknown", target.id or "")
    rejection = Change(0, kind, item.id).outgoing(ticket)
    after = state and state.model_copy(update={"thread": (*state.thread, item.id)})
    return Applied(after, Entry(item.id, size=item.size), (rejection,))


def folded(ticket: str, changes: Sequence[Change]) -> tuple[int, tuple[str, ...], bool]:
    """Rebuild (seq, thread, closed) of a ticket from its published changes."""
    seq, thread, closed = 0, [], False
    for change in changes:
        if change.kind == "unknown":
            continue
        if change.seq not in (0, seq + 1):
            message = f"{ticket}: change {change.seq} comes first after {seq}"
            raise AssertionError(message)
        if closed and change.kind == "added":
            message = f"{ticket}: {change.item} was added to a closed ticket"
            raise AssertionError(message)
        seq = change.seq or seq
        thread.append(change.item)
        closed = closed or change.kind == "closed"
    return seq, tuple(thread), closed
