"""What screening does with messages, and with events that show how agents judge contacts."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.spam.rules.engine import Engine
from services.spam.rules.text import features
from services.spam.rules.verdict import (
    ContactRef,
    Standing,
    of_known_contact,
    standings,
    verdict,
)
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish, Refusals
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited, Verdict
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.errors import Poison
from shared.topics import SCREENED


class Contacts(Protocol):
    """How agents have judged contacts; kept for ever."""

    async def load(self, contacts: Collection[ContactRef]) -> dict[ContactRef, Standing]:
        """The standing of each contact that has one."""

    async def add(self, standings: Mapping[ContactRef, Standing]) -> None:
        """Combine each with the stored standing of its contact, and store that."""


Judged = Callable[[str, bool], None]
"""Called with the channel of a message and whether it is spam."""


def uncounted(_channel: str, _spam: bool) -> None:  # noqa: FBT001  # a verdict is one or the other
    """Do nothing with a verdict."""
    return


@dataclass(frozen=True, slots=True)
class Screening:
    """Gives every message its verdict. `engines` are asked in their order.

    `judged` is called with each verdict of a batch once the batch is published, for a metric.
    """

    contacts: Contacts
    accounts: Accounts
    engines: Sequence[Engine]
    publish: Publish
    judged: Judged = uncounted

    async def messages_received(
        self, messages: Sequence[InboundMessage | MessageEdited | MessageDeleted]
    ) -> Refusals | None:
        """Afterwards all are published in their order, inbound messages with a verdict (SPM 1).

        A message that its verdict makes too large for the topic is refused.
        """
        verdicts = {
            place: self._verdict(message)
            for place, message in enumerate(messages)
            if isinstance(message, InboundMessage)
        }
        suspects = {
            place: ContactRef(messages[place].account_id, messages[place].contact.id)
            for place, by_content in verdicts.items()
            if by_content.spam
        }
        kept = await self.contacts.load(set(suspects.values()))
        for place, contact in suspects.items():
            if kept.get(contact, Standing()).known:
                verdicts[place] = of_known_contact(verdicts[place])
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
            self.judged(messages[place].channel, reached.spam)
        return refusals or None

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards it is stored whom agents answered, vouched for or marked as spam (SPM 3)."""
        facts = (event for event in events if isinstance(event, TicketFact))
        await self.contacts.add(standings(facts))

    def _verdict(self, message: InboundMessage) -> Verdict:
        seen = features(message)
        opinions = (engine.opinion(seen) for engine in self.engines)
        account = self.accounts.get(message.account_id)
        settings = account.spam if account else SpamSettings()
        return verdict([o for o in opinions if o is not None], settings.threshold)
