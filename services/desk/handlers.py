"""What the desk makes of the topics it reads: the read model, and news for the open pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from services.desk.erasing import is_late
from services.desk.filing import NOWHERE, Sent, follow
from services.desk.keeping import Answers, Around
from services.desk.rules import facts, following
from services.desk.rules.answers import Answered, answer_of, told_of
from services.desk.rules.facts import Said
from services.desk.rules.visits import BELIEVED, visits
from services.desk.storing import ReadModel, Seats, stored
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.clicks import LinkFollowed
from shared.contracts.commands import TicketCommand
from shared.contracts.marketing import SendOutcome
from shared.contracts.messages import InboundMessage, OnChannel
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline, Presence
from shared.contracts.profiles import Profile, ProfileEvent
from shared.contracts.signals import Signal
from shared.contracts.snapshots import SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, ContentErased, TicketFact
from shared.stores.erased import Named
from shared.topic import Deleted
from shared.topics import COMMANDS
from shared.values.attendance import Attendance

_COMMANDS: TypeAdapter[Any] = TypeAdapter(TicketCommand)
_TYPING = timedelta(seconds=8)

S = TypeVar("S", InboundMessage, Signal)


class Models(Protocol):
    """Which read model is to be written to."""

    async def serving(self) -> ReadModel:
        """The one that pages are answered from; what it says is right for some seconds."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that open pages of an account want to know, of one of the kinds of events."""

    account_id: str
    kind: str
    body: Mapping[str, Any]


class Telling(Protocol):
    """The way to the open pages, of whichever replica."""

    async def tell(self, news: Sequence[News]) -> None:
        """Tell them; where that fails, they are told later that they missed something."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes batches of records. All that they say is in the read model before pages are told."""

    models: Models
    around: Around
    answers: Answers
    telling: Telling
    accounts: Accounts
    clock: Clock
    publish: Publish
    files: Sent = NOWHERE

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Tickets and threads are as the events say, and who gave a command here is answered."""
        told = [event for event in events if isinstance(event, TicketFact)]
        seats = await self._take([facts.of_event(event) for event in told])
        if leads := list(following.leads(told)):
            await self.around.links.keep(leads)
        erased = {
            f"{event.account_id}:{event.ticket_id}"
            for event in told
            if isinstance(event, ContentErased) and event.whole
        }
        await self.answers.forget_drafts(erased)
        if erased:
            await self.around.links.erase(erased)
        await follow(self.files, told, {ticket: await self._thread_of(ticket) for ticket in erased})
        answers = [answer for event in events if (answer := answer_of(event))]
        await self.answers.keep(answers)
        await self._follow_up(answers)
        changed = dict.fromkeys((event.account_id, event.ticket_id) for event in told)
        news = [_changed(*ticket, seats) for ticket in changed]
        news += [News(answer.account_id, "command", told_of(answer)) for answer in answers]
        await self.telling.tell(news)

    async def _thread_of(self, ticket: str) -> list[str]:
        thread = await (await self.models.serving()).whole_thread(ticket)
        return sorted(line.id for line, _ in thread.values())

    async def _follow_up(self, answers: Sequence[Answered]) -> None:
        """What an agent asked for after a reply is given once the reply is out, and only then."""
        accepted = [f"{a.account_id}:{a.command_id}" for a in answers if a.event is not None]
        following = await self.answers.following(accepted)
        if following:
            commands = [_COMMANDS.validate_json(each) for each in following]
            await self.publish([COMMANDS.record(command) for command in commands])

    async def messages_screened(self, messages: Sequence[OnChannel]) -> None:
        """Lines have all that the channel said of them. Edits come by the ticket stream.

        What comes only after its contact was erased is left out: looked for first, and again once
        it is stored.
        """
        new = await self._unerased([m for m in messages if isinstance(m, InboundMessage)])
        said = {message.id: facts.of_message(message) for message in new}
        seats = await self._take([Said(lines=(line,)) for line in said.values()])
        kept = {message.id for message in await self._unerased(new)}
        late = [line.erased() for id_, line in said.items() if id_ not in kept]
        await self._take([Said(lines=(line,)) for line in late])
        await self.telling.tell([_changed(*ticket, seats) for ticket in seats])

    async def snapshots_taken(
        self, snapshots: Sequence[TicketSnapshot | SnapshotsPublished]
    ) -> None:
        """Tickets and threads are as the snapshots say, where nothing newer was known.

        Pages are told where that was news.
        """
        pages = [each for each in snapshots if isinstance(each, TicketSnapshot)]
        seats = await self._take([facts.of_snapshot(page) for page in pages])
        if leads := list(following.leads(pages)):
            await self.around.links.keep(leads)
        accounts = dict.fromkeys(account for account, _ in seats)
        await self.telling.tell([News(account, "reload", {}) for account in accounts])

    async def links_followed(self, clicks: Sequence[LinkFollowed]) -> None:
        """Each is counted once, and pages are told of which tickets links were followed."""
        tickets = await self.around.links.follow(clicks)
        told = [News(account, "followed", {"ticket_id": id_}) for account, id_ in sorted(tickets)]
        await self.telling.tell(told)

    async def signals_seen(self, signals: Sequence[Signal]) -> None:
        """A STOP or START is kept, and who came to a web chat or left.

        Pages are told of the latter, and of who types.
        """
        signals = await self._unerased(signals)
        stops = [
            (s.account_id, s.channel, s.contact.id, s.occurred_at, s.keyword_class == "stop")
            for s in signals
            if s.kind == "keyword" and s.contact and s.keyword_class in ("stop", "start")
        ]
        await self.around.stopped(stops)
        now = self.clock()
        seen = visits(signals, now)
        await self.around.visited(seen)
        await self.telling.tell(
            [
                News(
                    visit.account_id,
                    "visitor",
                    {
                        "channel": "webchat",
                        "contact": visit.contact,
                        "conversation": visit.conversation,
                        "here": visit.here,
                        "at": visit.at.isoformat(),
                    },
                )
                for visit in seen
                if now - visit.at < BELIEVED
            ]
        )
        await self.telling.tell(
            [
                News(
                    signal.account_id,
                    "typing",
                    {
                        "channel": signal.channel,
                        "contact": signal.contact.id if signal.contact else None,
                        "conversation": signal.conversation_id,
                        "until": (signal.occurred_at + _TYPING).isoformat(),
                    },
                )
                for signal in signals
                if signal.kind == "typing" and abs(now - signal.occurred_at) < _TYPING
            ]
        )

    async def sends_told(self, sends: Sequence[SendOutcome]) -> None:
        """What campaigns and flows sent is kept, to be shown in threads."""
        named = [
            (send, [(send.account_id, name) for name in _of_phone(send.phone)]) for send in sends
        ]
        erased = await self.around.erased({name for _, names in named for name in names})
        kept = [s for s, names in named if not is_late(erased, names, s.occurred_at)]
        await self.around.sent(kept)

    async def profiles_changed(self, profiles: Sequence[Profile | Deleted]) -> None:
        """Profiles are as they were said to be last."""
        await self.around.profiles(profiles)

    async def profile_events_seen(self, events: Sequence[ProfileEvent]) -> None:
        """Each is kept."""
        names = {event.id: (event.account_id, f"profile:{event.profile_id}") for event in events}
        erased = await self.around.erased(set(names.values()))
        kept = [e for e in events if not is_late(erased, [names[e.id]], e.occurred_at)]
        await self.around.profile_events(kept)

    async def presence_told(self, events: Sequence[Presence]) -> None:
        """Who is online is known; only an agent themself makes themself so (ASG 2)."""
        own = [event for event in events if event.said_by == event.agent_id]
        known = await self.around.attendances({(e.account_id, e.agent_id) for e in own})
        before = dict(known)
        now = self.clock()
        for event in own:
            # What is said of a time to come must not count for more than what is said later.
            when = min(event.occurred_at, now)
            limit = self._heartbeat_limit(event.account_id)
            at = (event.account_id, event.agent_id)
            said = known.get(at, Attendance(event.account_id, event.agent_id))
            if isinstance(event, AgentHeartbeat):
                known[at] = said.beat(when, limit)
            else:
                online = isinstance(event, AgentWentOnline)
                known[at] = said.chosen(when, online=online)
        changed = [each for at, each in known.items() if before.get(at) != each]
        await self.around.attend(changed)
        news = []
        for each in changed:
            old = before.get((each.account_id, each.agent_id))
            shown = each.is_online(now, limit := self._heartbeat_limit(each.account_id))
            # Heartbeats that were late end a silence that pages may have been told of.
            if old is None or old.online != each.online or old.is_online(now, limit) != shown:
                body = {"agent": each.agent_id, "online": shown}
                news.append(News(each.account_id, "presence", body))
        await self.telling.tell(news)

    def _heartbeat_limit(self, account_id: str) -> timedelta:
        settings = self.accounts.get(account_id)
        return settings.assignment.heartbeat_limit if settings else timedelta(seconds=60)

    async def _unerased(self, said: Sequence[S]) -> list[S]:
        """What was not erased, or received after that."""
        names = {each.id: _names(each) for each in said}
        erased = await self.around.erased({name for own in names.values() for name in own})
        return [each for each in said if not is_late(erased, names[each.id], each.occurred_at)]

    async def _take(self, said: Sequence[Said]) -> Seats:
        return await stored(await self.models.serving(), said) if said else {}


def _changed(account_id: str, ticket_id: str, seats: Seats) -> News:
    """That the ticket changed, and whose it was and is; None where that is not known (any more)."""
    had = seats.get((account_id, ticket_id))
    of = None if had is None else sorted(seat or "" for seat in had)
    return News(account_id, "ticket", {"ticket_id": ticket_id, "of": of})


def _names(said: InboundMessage | Signal) -> list[Named]:
    contact = said.contact
    if contact is None:
        return []
    return [(said.account_id, name) for name in (contact.id, *(i.key for i in contact.identities))]


def _of_phone(phone: str) -> list[str]:
    return [phone, *(f"{kind}:{phone}" for kind in ("e164", "wa_id"))]
