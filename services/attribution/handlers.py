"""What attribution does with the records it consumes: each goes to its contact's history."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from services.attribution.rules.decisions import News, decide, impossible
from services.attribution.rules.history import History, e164, history_id, phone_of
from shared.bus.accounts import Accounts
from shared.bus.delivery import Refusals
from shared.clock import Clock
from shared.contracts.accounts import AttributionSettings
from shared.contracts.marketing import SendDelivered, SendFailed
from shared.contracts.tickets import (
    CommandRejected,
    CustomerWrote,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
)
from shared.errors import Poison
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Outcome, Target
from shared.topics import ATTRIBUTIONS


@dataclass(frozen=True, slots=True)
class Contacts:
    """Attribution's aggregates: one history for each contact, by account and phone."""

    accounts: Accounts

    def id_of(self, item: News) -> str:
        """See `shared.stores.documents.Policy`."""
        return item.id

    async def resolve(self, items: Sequence[News]) -> Sequence[Target]:
        """See `shared.stores.documents.Policy`. Each item names its contact: nothing is read."""
        return [
            Target(item.fact.account_id, id=history_id(item.fact.account_id, item.phone))
            for item in items
        ]

    def decide(self, target: Target, state: History | None, item: News) -> Outcome[History]:
        """See `Policy` (`shared.stores.documents`). The account's present window counts (ATT 1).

        News that comes again leaves the history as it is: there is no ledger.
        """
        account = self.accounts.get(target.account_id)
        settings = account.attribution if account else AttributionSettings()
        history, facts = decide(state, item, settings)
        return Applied(history, publish=tuple(ATTRIBUTIONS.record(fact) for fact in facts))


@dataclass(frozen=True, slots=True)
class Attribution:
    """Keeps every contact's history, and publishes the credits that change (ATT 7).

    `taken` is called with news that is applied: see `erasing.Erasing.taken`.
    """

    contacts: Aggregates[History, News]
    clock: Clock
    taken: Callable[[Collection[News]], Awaitable[None]]

    async def send_reported(self, reports: Sequence[SendDelivered | SendFailed]) -> Refusals:
        """Afterwards every credit is as if these sends had been known from the start (ATT 5).

        A report is refused if its phone is no number in E.164, or if its time is over a day ahead.
        """
        now = self.clock()
        news: dict[int, News] = {}
        refused: dict[int, Poison] = {}
        for place, report in enumerate(reports):
            phone = e164(report.phone)
            if phone is None:
                text = f"phone {report.phone!r} is no number in E.164 (example: +393331234567)"
                refused[place] = Poison("malformed", text)
            elif why := impossible(report, now):
                refused[place] = Poison("malformed", why)
            else:
                news[place] = News(phone, report)
        return refused | await self._take(news)

    async def ticket_changed(self, events: Sequence[TicketFact | CommandRejected]) -> Refusals:
        """Afterwards every credit takes these SMS and spam marks into account (ATT 2, ATT 6)."""
        news = {
            place: News(phone_of(event.ticket.contact), event)
            for place, event in enumerate(events)
            if isinstance(event, CustomerWrote | TicketMarkedSpam | TicketMarkedNotSpam)
            and event.ticket.channel == "sms"
        }
        return await self._take(news)

    async def _take(self, news: Mapping[int, News]) -> dict[int, Poison]:
        """Apply the news, given by their places in the batch; returns the refusals by place."""
        places = list(news)
        refused = await self.contacts.apply(list(news.values()))
        await self.taken(news.values())
        return {places[index]: why for index, why in refused.items()}
