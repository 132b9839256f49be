"""What screening does with messages, and with events that show how agents judge contacts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.spam.advice import Adviser, opinions
from services.spam.rules import teaching
from services.spam.rules.engine import Engine, Opinion, combined
from services.spam.rules.text import Features, features
from services.spam.rules.verdict import (
    ContactRef,
    Standing,
    audited,
    of_known_contact,
    standings,
    verdict,
)
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish, Refusals
from shared.contracts.accounts import SpamSettings
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited, Verdict
from shared.contracts.tickets import (
    CommandRejected,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
)
from shared.errors import Poison
from shared.learning.languages import language_of
from shared.learning.teaching import Memories
from shared.stores.erased import Erasures
from shared.topics import ERASURES, LESSONS, SCREENED
from shared.values.ids import computed_id


class Contacts(Protocol):
    """How agents have judged contacts; kept for ever."""

    async def load(self, contacts: Collection[ContactRef]) -> dict[ContactRef, Standing]:
        """The standing of each contact that has one."""

    async def add(self, standings: Mapping[ContactRef, Standing]) -> None:
        """Combine each with the stored standing of its contact, and store that."""

    @property
    def erasures(self) -> Erasures:
        """Which contacts were erased."""

    async def erase(self, contacts: Collection[ContactRef], at: datetime) -> None:
        """Forget how these were judged up to `at`."""


Judged = Callable[[str, Verdict], None]
"""Called with the channel of a message and its verdict."""

Marked = Callable[[TicketMarkedSpam | TicketMarkedNotSpam], None]
"""Called with an agent's mark."""


def uncounted(_channel: str, _verdict: Verdict) -> None:
    """Do nothing with a verdict."""
    return


def unnoticed(_mark: TicketMarkedSpam | TicketMarkedNotSpam) -> None:
    """Do nothing with a mark."""
    return


@dataclass(frozen=True, slots=True)
class Screening:
    """Gives every message its verdict. `engines` are asked in their order.

    `judged` is called with each verdict of a batch once the batch is published, for a metric.
    `shadow` is an engine that is only tried: what it says stands in the verdict, and does not
    count. `advisers` are asked about what the engines leave open; they must not raise.
    """

    contacts: Contacts
    accounts: Accounts
    engines: Sequence[Engine]
    publish: Publish
    judged: Judged = uncounted
    shadow: Engine | None = None
    advisers: Sequence[Adviser] = ()

    async def messages_received(
        self, messages: Sequence[InboundMessage | MessageEdited | MessageDeleted]
    ) -> Refusals | None:
        """Afterwards all are published in their order, inbound messages with a verdict (SPM 1).

        A message that its verdict makes too large for the topic is refused.
        """
        seen = {
            place: features(message)
            for place, message in enumerate(messages)
            if isinstance(message, InboundMessage)
        }
        said = await opinions(tuple(seen.values()), self.engines, self.advisers)
        verdicts = {
            place: self._verdict(each, thought)
            for (place, each), thought in zip(seen.items(), said, strict=True)
        }
        suspects = {
            place: ContactRef(messages[place].account_id, messages[place].contact.id)
            for place, by_content in verdicts.items()
            if by_content.spam
        }
        kept = await self.contacts.load(set(suspects.values()))
        for place, contact in suspects.items():
            reached = verdicts[place]
            if kept.get(contact, Standing()).known:
                verdicts[place] = of_known_contact(reached)
            else:
                share = self._settings(contact.account_id).audit
                verdicts[place] = audited(reached, messages[place].id, share)
        records = [
            SCREENED.record(
                message.model_copy(update={"verdict": verdicts[place]})
                if place in verdicts
                else message
            )
            for place, message in enumerate(messages)
        ]
        refusals = {
            place: Poison("too_large", f"{messages[place].id} is too large with its verdict")
            for place, record in enumerate(records)
            if len(record.value or b"") > SCREENED.max_bytes
        }
        await self.publish([r for place, r in enumerate(records) if place not in refusals])
        for place, reached in verdicts.items():
            self.judged(messages[place].channel, reached)
        return refusals or None

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards it is stored whom agents answered, vouched for or marked as spam (SPM 3)."""
        facts = (event for event in events if isinstance(event, TicketFact))
        found = standings(facts)
        await self.contacts.add(found)
        # Added first, then looked for: an erasure first notes the contact, and then looks here.
        for contact, at in (await self.contacts.erasures.of(found) if found else {}).items():
            await self.contacts.erase([ContactRef(*contact)], at)

    async def erasures_asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards it is forgotten how erased contacts were judged, and that is answered."""
        for ask in batch:
            if not isinstance(ask, EraseContact):
                continue
            named = [ContactRef(ask.account_id, contact) for contact in ask.contacts]
            there = await self.contacts.load(named)
            if not ask.dry_run:
                await self.contacts.erasures.note(ask.account_id, ask.contacts, ask.occurred_at)
                await self.contacts.erase(named, ask.occurred_at)
            id_ = computed_id("erased", ask.account_id, ask.id, "spam")
            told = answer(ask, "spam", id_, {"contacts": len(there)})
            await self.publish([ERASURES.record(told)])

    def _settings(self, account_id: str) -> SpamSettings:
        account = self.accounts.get(account_id)
        return account.spam if account else SpamSettings()

    def _verdict(self, seen: Features, said: Sequence[Opinion]) -> Verdict:
        reached = verdict(said, self._settings(seen.account_id), language_of(seen.text))
        if self.shadow is None or (tried := self.shadow.opinion(seen)) is None:
            return reached
        return reached.model_copy(update={"shadow": combined([*said, tried])})


@dataclass(frozen=True, slots=True)
class Marks:
    """Turns what agents do with tickets into lessons (SPM 3)."""

    memories: Memories
    publish: Publish
    marked: Marked = unnoticed

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards new tickets' first messages are remembered, and each mark is a lesson."""
        facts = [event for event in events if isinstance(event, TicketFact)]
        await self.memories.remember(teaching.first_messages(facts))
        marks = teaching.marks(facts)
        kept = await self.memories.recall(marks)
        found = (teaching.lesson_of_mark(mark, kept) for mark in marks.values())
        await self.publish([LESSONS.record(lesson) for lesson in found if lesson is not None])
        await self.memories.await_silence({**teaching.answered(facts), **dict.fromkeys(marks)})
        for mark in marks.values():
            self.marked(mark)
