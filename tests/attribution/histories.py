"""Random stories of one contact, and what is true of them, found the slow and plain way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from services.attribution.rules.decisions import Fact
from shared.contracts.marketing import SendDelivered, SendFailed
from shared.contracts.tickets import CustomerWrote, TicketMarkedNotSpam, TicketMarkedSpam
from tests.attribution.story import AGENT, DAY, HOUR, MOMENT, MONDAY, Ticket, delivered, failed

# Instants that fall together, lie a window apart, or a millisecond more.
INSTANTS = st.builds(
    lambda half_days, moments: MONDAY + half_days * 12 * HOUR + moments * MOMENT,
    st.integers(0, 10),
    st.sampled_from([0, 0, 0, 1]),
)
STEPS = st.sampled_from(["message", "message", "message", "scam", "spam", "not spam"])


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, in its own order."""

    sends: tuple[SendDelivered | SendFailed, ...]
    ticket: tuple[Fact, ...]

    @property
    def facts(self) -> list[Fact]:
        """All there is to hear."""
        return [*self.sends, *self.ticket]

    def truth(self, window: timedelta = DAY) -> dict[str, str]:
        """The send that each message is credited to, by the definition of ATT 1 to 3 and 6."""
        lost = {send.send_id for send in self.sends if isinstance(send, SendFailed)}
        received = [
            send
            for send in self.sends
            if isinstance(send, SendDelivered) and send.send_id not in lost
        ]
        messages = [message for message in self._messages() if not self._is_spam(message)]

        def last_before(at: datetime) -> SendDelivered | None:
            before = [send for send in received if send.delivered_at <= at]
            return max(before, key=lambda send: (send.delivered_at, send.send_id), default=None)

        credited = {}
        for message in messages:
            send = last_before(message.received_at)
            earlier = any(
                (other.received_at, other.seq) < (message.received_at, message.seq)
                and last_before(other.received_at) == send
                for other in messages
            )
            if send and not earlier and message.received_at - send.delivered_at <= window:
                credited[message.message_id] = send.send_id
        return credited

    def _messages(self) -> list[CustomerWrote]:
        return [fact for fact in self.ticket if isinstance(fact, CustomerWrote)]

    def _is_spam(self, message: CustomerWrote) -> bool:
        marks = [
            fact for fact in self.ticket if isinstance(fact, TicketMarkedSpam | TicketMarkedNotSpam)
        ]
        flagged = self.ticket[0].ticket.spam if isinstance(self.ticket[0], CustomerWrote) else False
        for mark in marks:
            flagged = isinstance(mark, TicketMarkedSpam)
        judged = any(
            isinstance(mark, TicketMarkedNotSpam)
            and mark.author == AGENT
            and mark.seq > message.seq
            for mark in marks
        )
        return flagged or (message.spam and not judged)


@st.composite
def stories(
    draw: st.DrawFn, instants: st.SearchStrategy[datetime] = INSTANTS, most: int = 8
) -> Story:
    """A contact with a few sends, some of which fail, and a ticket with marks."""
    sends: list[SendDelivered | SendFailed] = []
    for number, at in enumerate(draw(st.lists(instants, max_size=most * 2 // 3))):
        sends.append(delivered(f"s{number}", at, source="flow" if number % 2 else "campaign"))
        if draw(st.integers(0, 3)) == 0:
            sends.append(failed(f"s{number}", at + HOUR))
    ticket = Ticket()
    for at, step in sorted(draw(st.lists(st.tuples(instants, STEPS), min_size=1, max_size=most))):
        match step:
            case "spam" if ticket.events:
                ticket.marked_spam(at)
            case "not spam" if ticket.events:
                ticket.marked_not_spam(at)
            case _:
                ticket.wrote(at, spam=step == "scam")
    return Story(tuple(sends), tuple(_heard(ticket)))


LATE = st.integers(0, 14).map(lambda half_days: half_days * 12 * HOUR)
MUCH_LATER = st.integers(0, 200).map(lambda half_days: half_days * 12 * HOUR)
WEEKS = st.builds(
    lambda half_days, moments: MONDAY + half_days * 12 * HOUR + moments * MOMENT,
    st.integers(0, 100),
    st.sampled_from([0, 0, 1]),
)


@st.composite
def told_late(draw: st.DrawFn) -> tuple[Story, list[Fact]]:
    """A story of weeks, and its facts as they are heard: a week late at most, some again."""
    story = draw(stories(WEEKS, most=25))
    heard = [(_time_of(fact) + draw(LATE), place) for place, fact in enumerate(story.facts)]
    again = draw(st.lists(st.sampled_from(heard), max_size=8))
    heard += [(at + draw(MUCH_LATER), place) for at, place in again]
    return story, [story.facts[place] for _, place in sorted(heard)]


def _time_of(fact: Fact) -> datetime:
    match fact:
        case SendDelivered():
            return fact.delivered_at
        case CustomerWrote():
            return fact.received_at
        case _:
            return fact.occurred_at


def _heard(ticket: Ticket) -> list[Fact]:
    kinds = CustomerWrote | TicketMarkedSpam | TicketMarkedNotSpam
    return [event for event in ticket.events if isinstance(event, kinds)]


@st.composite
def told_anyhow(draw: st.DrawFn, story: Story) -> list[Fact]:
    """Every fact of the story at least once, some again, in any order."""
    facts = story.facts
    again = draw(st.lists(st.sampled_from(facts), max_size=5))
    return draw(st.permutations([*facts, *again]))
