"""Ticketing, as far as assignment rests on it: a stand-in for its tests.

Commands are carried out once by id, stale ones are refused, every change is numbered.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shared.bus.accounts import AccountsTable
from shared.contracts.base import Author, Contact
from shared.contracts.commands import AssignTicket, Command, RouteTicket, UnassignTicket
from shared.contracts.tickets import (
    CommandRejected,
    CustomerWrote,
    TicketAssigned,
    TicketClosed,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketOpened,
    TicketReopened,
    TicketRouted,
    TicketSummary,
    TicketTagged,
    TicketUnassigned,
)

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA = Author(kind="agent", id="anna")


@dataclass
class Ticketing:
    """Tickets, the stream they are told on, and the commands for them; time moves when told."""

    now: datetime = MONDAY
    accounts: AccountsTable = field(default_factory=AccountsTable)
    commands: list[Command] = field(default_factory=list)
    stream: list[TicketFact | CommandRejected] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Tickets that ticketing does not know, whatever the stream says of them."""
    tickets: dict[str, tuple[str, int, TicketSummary]] = field(default_factory=dict)
    carried_out: int = 0
    known: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    """Agents of whom ticketing, and not yet assignment, knows that they left."""

    def opens(self, ticket_id: str, account_id: str = "acme", **changes: Any) -> None:
        """A customer's message opens a ticket (`changes` are of its summary)."""
        summary = TicketSummary(
            number=len(self.tickets) + 1,
            channel="email",
            address="help@acme.example",
            contact=Contact(id="c1", segments=changes.pop("segments", ())),
            status="open",
            opened_at=self.now,
        )
        self.tickets[ticket_id] = (account_id, 0, summary)
        need = None if changes.get("spam") else 1
        self.happens(ticket_id, TicketOpened, unassigned_epoch=need, **changes)

    def happens(
        self,
        ticket_id: str,
        kind: type[TicketFact],
        cause: str = "cause",
        more: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """The next fact of a ticket, with what it changes of the summary."""
        account_id, seq, summary = self.tickets[ticket_id]
        summary, seq = summary.model_copy(update=changes), seq + 1
        self.tickets[ticket_id] = (account_id, seq, summary)
        self.stream.append(
            kind.model_validate(
                {
                    "account_id": account_id,
                    "id": f"{ticket_id}:{seq}",
                    "occurred_at": self.now,
                    "correlation_id": "m1",
                    "ticket_id": ticket_id,
                    "seq": seq,
                    "cause_id": cause,
                    "ticket": summary,
                    **(more or {}),
                }
            )
        )

    def is_tagged(self, ticket_id: str, tag: str) -> None:
        """An agent adds a tag."""
        tags = (*self.summary(ticket_id).tags, tag)
        self.happens(ticket_id, TicketTagged, more={"author": ANNA, "tags": (tag,)}, tags=tags)

    def is_taken(self, ticket_id: str, agent_id: str, cause: str = "by hand") -> None:
        """The ticket gets this assignee."""
        seq = self.tickets[ticket_id][1] + 1
        self.happens(
            ticket_id,
            TicketAssigned,
            cause,
            {"author": ANNA, "assignee": agent_id},
            assignee=agent_id,
            assignee_epoch=seq,
            unassigned_epoch=None,
            ai_handled=False,
        )

    def is_left(self, ticket_id: str, cause: str = "by hand", *, share_again: bool = False) -> None:
        """The ticket is in Unassigned again."""
        seq = self.tickets[ticket_id][1] + 1
        self.happens(
            ticket_id,
            TicketUnassigned,
            cause,
            {"author": ANNA, "previous": "x"},
            assignee=None,
            assignee_epoch=seq,
            unassigned_epoch=seq if share_again else None,
        )

    def is_closed(self, ticket_id: str) -> None:
        """An agent closes the ticket."""
        self.happens(
            ticket_id,
            TicketClosed,
            more={"author": ANNA, "reason": "done"},
            status="closed",
            unassigned_epoch=None,
        )

    def is_reopened(self, ticket_id: str) -> None:
        """The customer writes again."""
        seq, free = self.tickets[ticket_id][1] + 1, self.summary(ticket_id).assignee is None
        self.happens(
            ticket_id, TicketReopened, status="open", unassigned_epoch=seq if free else None
        )

    def is_spam(self, ticket_id: str) -> None:
        """An agent marks it as spam."""
        more = {"author": ANNA}
        self.happens(ticket_id, TicketMarkedSpam, more=more, spam=True, unassigned_epoch=None)

    def is_no_spam(self, ticket_id: str) -> None:
        """An agent marks it as not spam."""
        seq, free = self.tickets[ticket_id][1] + 1, self.summary(ticket_id).assignee is None
        self.happens(
            ticket_id,
            TicketMarkedNotSpam,
            more={"author": ANNA},
            spam=False,
            unassigned_epoch=seq if free else None,
        )

    def gets_mail(self, ticket_id: str) -> None:
        """The customer writes to an open ticket."""
        more = {"message_id": "m", "text": "hello", "sent_at": self.now, "received_at": self.now}
        self.happens(ticket_id, CustomerWrote, more=more)

    def summary(self, ticket_id: str) -> TicketSummary:
        """The ticket as it is now."""
        return self.tickets[ticket_id][2]

    def assignee(self, ticket_id: str) -> str | None:
        """Who has the ticket."""
        return self.summary(ticket_id).assignee

    def carry_out(self) -> None:
        """Ticketing takes all commands that it has not taken, each id once."""
        todo, self.carried_out = self.commands[self.carried_out :], len(self.commands)
        for command in todo:
            if command.id not in self.known:
                self.known.add(command.id)
                self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        if command.ticket_id in self.lost:
            self._refuse(command, "unknown_ticket")
            return
        account_id, _, now = self.tickets[command.ticket_id]
        assert command.account_id == account_id
        settings = self.accounts.get(account_id)
        assert settings is not None
        match command:
            case AssignTicket():
                waits = now.unassigned_epoch is not None
                wants = (command.assignee_epoch, command.unassigned_epoch)
                if not waits or wants != (now.assignee_epoch, now.unassigned_epoch):
                    self._refuse(command, "stale")
                elif command.assignee not in {agent.id for agent in settings.agents} - self.gone:
                    self._refuse(command, "unknown_agent")
                else:
                    self.is_taken(command.ticket_id, command.assignee, command.id)
            case UnassignTicket():
                if command.assignee_epoch != now.assignee_epoch or now.assignee is None:
                    self._refuse(command, "stale")
                else:
                    self.is_left(command.ticket_id, command.id, share_again=command.share_again)
            case RouteTicket():
                if command.team_id == now.team_id:
                    self._refuse(command, "nothing_to_change")
                elif now.assignee is not None:
                    self._refuse(command, "stale")
                else:
                    more = {"author": command.author, "team_id": command.team_id}
                    self.happens(
                        command.ticket_id, TicketRouted, command.id, more, team_id=command.team_id
                    )

    def _refuse(self, command: Command, code: str) -> None:
        self.stream.append(
            CommandRejected.model_validate(
                {
                    "account_id": command.account_id,
                    "id": f"rejected:{command.id}",
                    "occurred_at": self.now,
                    "correlation_id": command.correlation_id,
                    "ticket_id": command.ticket_id,
                    "command_id": command.id,
                    "command_type": type(command).__name__,
                    "author": command.author,
                    "code": code,
                    "reason": code,
                }
            )
        )
