"""What tagging does with the ticket stream: commands that tag, and lessons from agents' changes."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services.tagging.rules import teaching
from services.tagging.rules.choosing import Fit, chosen, tagged
from services.tagging.rules.own_tags import OwnTags
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.contracts.accounts import TAGS, TagSettings
from shared.contracts.commands import TagTicket
from shared.contracts.learning import Lesson
from shared.contracts.tickets import (
    CommandRejected,
    CustomerWrote,
    TicketFact,
    TicketMarkedNotSpam,
    TicketTagged,
    TicketUntagged,
)
from shared.learning.features import Indices, hashed
from shared.learning.languages import language_of
from shared.learning.model import Delta, Model
from shared.learning.teaching import Account, Memories, Remembered
from shared.learning.text import fold
from shared.topics import COMMANDS, LESSONS

A_WEEK: Final = timedelta(days=7)
_ENOUGH: Final = 600

TicketId = tuple[str, str]
"""The account and the ticket."""

Chosen = Callable[[str, Sequence[str]], None]
"""Called with a message's language and the tags that were asked for because of it, perhaps none."""

Removed = Callable[[str, bool], None]
"""Called with a tag that was given and that an agent removed, and whether within a week."""


def settings_of(accounts: Accounts, account_id: str) -> TagSettings:
    """The account's settings; for an unknown account the nine tags and no others."""
    account = accounts.get(account_id)
    return account.tags if account else TagSettings()


def unnoticed(_one: object, _other: object) -> None:
    """Do nothing with what is told."""
    return


@dataclass(frozen=True, slots=True)
class Tagging:
    """Chooses tags for new tickets, and turns agents' changes of tags into lessons.

    `taught` gives what an account's agents taught. `chosen` and `removed` are called once a batch
    is published, for metrics.
    """

    accounts: Accounts
    model: Model
    own: OwnTags
    taught: Callable[[str], Account]
    memories: Memories
    publish: Publish
    chosen: Chosen = unnoticed
    removed: Removed = unnoticed

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards tags are asked for where they surely fit, and agents' changes are lessons.

        A command's id follows from its event: an event that comes twice tags once. A ticket that
        turns out to be no spam is tagged then, by all that its customer began with.
        """
        facts = [
            event
            for event in events
            if isinstance(event, TicketFact) and self._settings(event.account_id).enabled
        ]
        batch = _Batch()
        for account_id in {event.account_id for event in facts}:
            settings = self._settings(account_id)
            made = self.own.is_made(account_id)
            # Seconds where there are thousands of examples: not on the loop.
            own = (
                self.own.of(account_id)
                if made
                else await asyncio.to_thread(self.own.of, account_id)
            )
            batch.accounts[account_id] = (settings, (own, self.taught(account_id).delta))
        for event in facts:
            if isinstance(event, CustomerWrote) and teaching.begins(event):
                self._read(event, batch)
        await self.memories.remember(batch.beginnings)
        lifted = [event for event in facts if isinstance(event, TicketMarkedNotSpam)]
        changed = [event for event in facts if teaching.is_by_agent(event)]
        kept = await self.memories.recall({ticket_of(event) for event in (*lifted, *changed)})
        await self.memories.remember(self._tagged_late(lifted, kept, batch))
        lessons = [self._lesson(event, kept) for event in changed]
        await self.publish(
            [COMMANDS.record(command) for command in batch.commands]
            + [LESSONS.record(lesson) for lesson in lessons if lesson is not None]
        )
        self._tell(batch, changed, kept)

    def _settings(self, account_id: str) -> TagSettings:
        return settings_of(self.accounts, account_id)

    def _read(self, event: CustomerWrote, batch: "_Batch") -> None:
        text = teaching.words_of(event)
        indices = hashed(text)
        command = None
        if not event.ticket.spam:
            command = batch.ask(event, self._fits(event.account_id, indices, batch, text))
            batch.told.append((text, command.tags if command else ()))
        batch.beginnings.append(
            Remembered(
                account_id=event.account_id,
                ticket_id=event.ticket_id,
                parts={event.seq: indices},
                sender=event.ticket.contact.id,
                at=event.occurred_at,
                given=command.tags if command else (),
            )
        )

    def _fits(
        self, account_id: str, indices: Indices, batch: "_Batch", text: str = ""
    ) -> list[Fit]:
        settings, deltas = batch.accounts[account_id]
        return chosen(self.model, deltas, settings, indices, text)

    def _tagged_late(
        self,
        lifted: Sequence[TicketMarkedNotSpam],
        kept: Mapping[TicketId, Remembered],
        batch: "_Batch",
    ) -> list[Remembered]:
        """Ask for the tags of tickets that are no spam after all; what is to be remembered."""
        given = []
        for event in lifted:
            beginning = kept.get(ticket_of(event))
            if beginning is None or not len(written := beginning.until(event.seq)):
                continue
            if command := batch.ask(event, self._fits(event.account_id, written, batch)):
                given.append(replace(beginning, parts={}, given=command.tags))
        return given

    def _lesson(
        self, event: TicketTagged | TicketUntagged, kept: Mapping[TicketId, Remembered]
    ) -> Lesson | None:
        known = {*TAGS, *(tag.name for tag in self._settings(event.account_id).own)}
        beginning = kept.get(ticket_of(event))
        return teaching.lesson(event, beginning, known) if beginning else None

    def _tell(
        self,
        batch: "_Batch",
        changed: Sequence[TicketTagged | TicketUntagged],
        kept: Mapping[TicketId, Remembered],
    ) -> None:
        for text, tags in batch.told:
            self.chosen(language_of(fold(text[:_ENOUGH])), tags)
        for event in changed:
            beginning = kept.get(ticket_of(event))
            if beginning and isinstance(event, TicketUntagged):
                soon = event.occurred_at - event.ticket.opened_at <= A_WEEK
                for tag in event.tags:
                    if tag in beginning.given:
                        self.removed(tag, soon)


def ticket_of(event: TicketFact) -> TicketId:
    """Which ticket the event is of."""
    return event.account_id, event.ticket_id


class _Batch:
    """What is decided for a batch of events: of one ticket's tags, each is asked for once."""

    def __init__(self) -> None:
        self.accounts: dict[str, tuple[TagSettings, tuple[Delta, Delta]]] = {}
        self.commands: list[TagTicket] = []
        self.beginnings: list[Remembered] = []
        self.told: list[tuple[str, Sequence[str]]] = []
        self._asked: defaultdict[TicketId, set[str]] = defaultdict(set)

    def ask(self, event: TicketFact, found: Sequence[Fit]) -> TagTicket | None:
        """The command that gives the ticket those of the tags that it neither has nor will have."""
        asked = self._asked[ticket_of(event)]
        new = [fit for fit in found if fit.tag not in asked and fit.tag not in event.ticket.tags]
        if not new:
            return None
        asked.update(fit.tag for fit in new)
        command = tagged(event, new)
        self.commands.append(command)
        return command
