"""What replies does with what happened: each item once, to what is remembered of its contact."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from services.replies.rules import deciding, news
from services.replies.rules.correspondent import Correspondent, correspondent_id
from services.replies.rules.messages import AUTHOR
from services.replies.rules.news import News
from shared.bus.accounts import Accounts
from shared.bus.delivery import Refusals
from shared.clock import Clock
from shared.contracts.accounts import AccountSettings
from shared.contracts.handoffs import HandoffEnded
from shared.contracts.signals import Signal
from shared.contracts.tickets import AgentReplied, CommandRejected, CustomerWrote, TicketFact
from shared.errors import Poison
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Entry, Outcome, Target

Counted = Callable[[str, str], None]
"""Called with a kind of reply, and with `sent` or the reason for which none was."""

_KINDS = {"ReplyToTicket": "reply", "FollowUpByMail": "follow_up"}


def settings_of(accounts: Accounts, account_id: str) -> AccountSettings:
    """The account's settings; for an unknown account, settings by which nothing is sent."""
    return accounts.get(account_id) or AccountSettings(account_id=account_id)


@dataclass(slots=True)
class Contacts:
    """Replies' aggregates: what is remembered of each contact."""

    accounts: Accounts
    clock: Clock
    _told: list[tuple[str, str]] = field(default_factory=list)

    def told(self) -> list[tuple[str, str]]:
        """What was decided since it was last asked for; of a race that was lost, too."""
        told, self._told = self._told, []
        return told

    def id_of(self, item: News) -> str:
        """See `shared.stores.documents.Policy`."""
        return news.id_of(item)

    async def resolve(self, items: Sequence[News]) -> Sequence[Target]:
        """See `shared.stores.documents.Policy`. Each item names its contact: nothing is read."""
        return [
            Target(item.account_id, id=correspondent_id(item.account_id, news.contact_of(item)))
            for item in items
        ]

    def decide(
        self, _target: Target, state: Correspondent | None, item: News
    ) -> Outcome[Correspondent]:
        """See `Policy` (`shared.stores.documents`). The account's present settings count."""
        settings = settings_of(self.accounts, item.account_id)
        decided = deciding.decide(state, item, settings, self.clock())
        self._told += decided.told
        entry = Entry(id=news.id_of(item), body={"at": news.happened_at(item)})
        return Applied(decided.known, entry, tuple(decided.publish))


@dataclass(frozen=True, slots=True)
class Replies:
    """Answers what customers wrote, and remembers what they have not read.

    `taken` is called with news that is applied: see `erasing.Erasing.taken`.
    """

    contacts: Aggregates[Correspondent, News]
    policy: Contacts
    accounts: Accounts
    taken: Callable[[Collection[News]], Awaitable[None]]
    counted: Counted

    async def tickets_changed(
        self, events: Sequence[TicketFact | CommandRejected]
    ) -> Refusals | None:
        """Afterwards each customer's message has its automatic reply, or is known to get none."""
        for event in events:
            if isinstance(event, CommandRejected) and event.author == AUTHOR:
                self.counted(_KINDS.get(event.command_type, "reply"), f"refused_{event.code}")
        return await self.take(
            [event if isinstance(event, CustomerWrote | AgentReplied) else None for event in events]
        )

    async def signals_seen(self, signals: Sequence[Signal]) -> Refusals | None:
        """Afterwards it is known who has come to their chat, left it, or read what is there."""
        return await self.take(list(signals))

    async def handoffs_told(self, facts: Sequence[object]) -> Refusals | None:
        """Afterwards visitors whom nobody can take over have been told so."""
        return await self.take([fact if isinstance(fact, HandoffEnded) else None for fact in facts])

    async def take(self, items: Sequence[News | None]) -> dict[int, Poison]:
        """Apply those items from which anything could follow; returns the refusals by place."""
        found = {
            place: item
            for place, item in enumerate(items)
            if item is not None
            and news.concerns(item, settings_of(self.accounts, item.account_id).auto_replies)
        }
        places = list(found)
        refused = await self.contacts.apply(list(found.values()))
        for kind, outcome in self.policy.told():
            self.counted(kind, outcome)
        await self.taken(found.values())
        return {places[index]: why for index, why in refused.items()}
