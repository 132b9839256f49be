"""What happens in the demonstration, step by step; each step waits for what it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.bus.delivery import Outgoing
from shared.cli.demo import samples
from shared.cli.demo.observed import Json, Observed
from shared.contracts.base import Author
from shared.contracts.commands import CloseTicket, Command, ReopenTicket, ReplyToTicket
from shared.contracts.marketing import SendDelivered
from shared.contracts.presence import AgentWentOnline
from shared.contracts.profiles import Profile
from shared.topic import Service, Topic
from shared.topics import ACCOUNTS, COMMANDS, PRESENCE, PROFILES, SENDS

SPAM = (
    "CONGRATULATIONS!!! You have won a $1,000,000 crypto prize. Claim your bitcoin now, "
    "limited time offer: https://bit.ly/claim-prize-now"
)


class World(Protocol):
    """A pipeline that runs: what can be said to it, and what can be seen of it."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish, as other systems do."""

    async def taken(self, topic: Topic[Any], service: Service) -> None:
        """Return once a service has handled all that a topic holds."""

    async def until(self, what: str, holds: Callable[[Observed], bool]) -> Observed:
        """Return what is seen as soon as that holds; fail, saying what, if it never does."""


@dataclass
class Story:
    """The demonstration's steps, from the account's settings to the last customer's answer."""

    world: World
    now: datetime
    said: int = 0

    async def tell(self) -> None:
        """Go through all steps; afterwards everything that the checks look for has happened."""
        await self.set_up()
        await self.customers_write()
        await self.mail_is_answered_closed_and_answered_again()
        await self.chat_and_instagram_go_on_after_closing()
        await self.sms_answers_a_flow()
        await self.everything_has_settled()

    async def set_up(self) -> None:
        """Settings, profiles and agents are known to those who need them."""
        await self.world.publish([ACCOUNTS.record(samples.account())])
        known = [Profile.model_validate(profile) for profile in samples.profiles(self.now)]
        await self.world.publish([PROFILES.record(profile) for profile in known])
        await self.world.publish([PRESENCE.record(self._online(a)) for a in samples.AGENTS])
        await self.world.taken(PROFILES, "ingest")
        await self.world.taken(PRESENCE, "assignment")

    async def customers_write(self) -> None:
        """First messages on all channels, some twice, and what is no message."""
        now = self.now
        first_mail = samples.mail(
            f"Vera Bianchi <{samples.VERA}>",
            "Where is my order 1042?",
            "Hello,\nmy order 1042 has not arrived yet. Could you check?\n\nVera",
            message_id="CAF-1042@mail.example.com",
            now=now,
        )
        whatsapp = samples.whatsapp(
            samples.whatsapp_text("Do you ship to Malta?", wamid="wamid.A1", now=now),
            samples.whatsapp_text("And how long does it take?", wamid="wamid.A2", now=now),
        )
        await self.world.publish(
            [
                first_mail,
                first_mail,
                samples.chat("message", "chat-1", now=now, text="Is the red one in stock?"),
                samples.chat("typing", "typing-1", now=now),
                samples.instagram({"mid": "m_1", "text": "Love the new bags!"}, now=now),
                samples.instagram(
                    {
                        "mid": "m_2",
                        "text": "How much is this one?",
                        "reply_to": {"story": {"id": "178", "url": "https://cdn.example/s.jpg"}},
                    },
                    now=now,
                ),
                samples.instagram({"mid": "m_3", "text": "Thanks!", "is_echo": True}, now=now),
                whatsapp,
                whatsapp,
                samples.whatsapp(
                    {
                        "id": "wamid.OUT",
                        "status": "delivered",
                        "recipient_id": "393337654321",
                        "timestamp": str(int(now.timestamp())),
                    },
                    field="statuses",
                ),
                samples.mail(
                    f"Prizes <{samples.SPAMMER}>",
                    "You are our WINNER",
                    SPAM,
                    message_id="won@prizes.example",
                    now=now,
                ),
                samples.sms("Hi, I need help with my parcel", sid="SM9", sender="+393339999999"),
                samples.inbound(
                    "sms", b'{"MessageSid": "SM666", "Body": "half a', x_provider="twilio"
                ),
                samples.sms("wrong number?", sid="SM777", to="+15550000000"),
            ]
        )
        await self.world.until(
            "six tickets are open, all but the spam assigned",
            lambda seen: len(_held(seen)) == 5 and len(seen.tickets()) == 6,
        )

    async def mail_is_answered_closed_and_answered_again(self) -> None:
        """An agent answers and closes; the customer's answer opens the ticket again."""
        ticket = await self._ticket("email", spam=False)
        agent = ticket["assignee"]
        await self._command(ReplyToTicket, ticket, agent, text="It is on its way, Vera.")
        seen = await self.world.until("the reply is going out", lambda s: bool(s.outbound))
        out = next(iter(seen.outbound.values()))
        await self._command(CloseTicket, ticket, agent)
        await self._closed(ticket)
        await self.world.publish(
            [
                samples.mail(
                    f"Vera Bianchi <{samples.VERA}>",
                    "Re: Where is my order 1042?",
                    "It came, but one item is missing!\n\n"
                    "On Wed, 4 Mar 2026 at 10:00, Sample Shop wrote:\n"
                    "> It is on its way, Vera.\n",
                    message_id="CAF-1043@mail.example.com",
                    now=self.now,
                    answers=out["message_id"],
                )
            ]
        )
        await self.world.until(
            "the mail ticket is open again",
            lambda s: "TicketReopened" in _by_id(s, ticket)["events"],
        )

    async def chat_and_instagram_go_on_after_closing(self) -> None:
        """Closed tickets of these channels stay closed; whoever writes again gets a new one."""
        chat, instagram = await self._ticket("webchat"), await self._ticket("instagram")
        for ticket in (chat, instagram):
            await self._command(CloseTicket, ticket, ticket["assignee"])
            await self._closed(ticket)
        await self._command(ReopenTicket, chat, chat["assignee"])
        stranger = await self._ticket("sms")
        await self._command(ReplyToTicket, stranger, stranger["assignee"], text="Which parcel?")
        await self.world.publish(
            [
                samples.chat("message", "chat-2", now=self.now, text="One more question"),
                samples.instagram({"mid": "m_4", "text": "Is it still on sale?"}, now=self.now),
            ]
        )
        await self.world.until(
            "second tickets on web chat and Instagram, and two commands refused",
            lambda s: (
                len(s.tickets("webchat")) == len(s.tickets("instagram")) == 2
                and len(s.rejections) == 2
                and len(_held(s)) == 7
            ),
        )

    async def sms_answers_a_flow(self) -> None:
        """A campaign, then a flow, then answers, a keyword among them."""
        for source, age in (("campaign", 60), ("flow", 5)):
            delivered = self.now - timedelta(minutes=age)
            send = SendDelivered.model_validate(
                {
                    "account_id": samples.ACCOUNT,
                    "id": f"send-{source}:delivered",
                    "occurred_at": delivered,
                    "correlation_id": f"send-{source}",
                    "send_id": f"send-{source}",
                    "source": source,
                    "source_id": f"spring-{source}",
                    "phone": samples.MARIO,
                    "delivered_at": delivered,
                }
            )
            await self.world.publish([SENDS.record(send)])
        await self.world.taken(SENDS, "attribution")
        first = samples.sms("Please cancel my order", sid="SM1")
        await self.world.publish([first, first])
        await self.world.until(
            "Mario's SMS is credited", lambda s: _marios(s).get("credit") is not None
        )
        await self.world.publish([samples.sms("Order 77, I mean", sid="SM2")])
        await self.world.until("his second SMS", lambda s: len(_marios(s)["messages"]) == 2)
        await self.world.publish([samples.sms("STOP", sid="SM3")])

    async def everything_has_settled(self) -> None:
        """The last effects are there."""
        await self.world.until(
            "the keyword's notice, all tickets held, a tag, both dead letters",
            lambda s: (
                bool(_marios(s)["notices"])
                and len(_held(s)) == 8
                and len(s.dead_letters) == 2
                and "Shipping" in s.tickets("whatsapp")[0]["tags"]
                and {"typing", "echo", "keyword", "delivery_status"}
                <= {signal["kind"] for signal in s.signals.values()}
            ),
        )

    async def _ticket(self, channel: str, *, spam: bool = False) -> Json:
        seen = await self.world.until(
            f"a ticket on {channel}",
            lambda s: any(ticket["spam"] is spam for ticket in s.tickets(channel)),
        )
        return next(ticket for ticket in seen.tickets(channel) if ticket["spam"] is spam)

    async def _closed(self, ticket: Json) -> None:
        await self.world.until(
            f"ticket {ticket['number']} is closed",
            lambda s: _by_id(s, ticket)["status"] == "closed",
        )

    async def _command(self, kind: type[Command], ticket: Json, agent: str, **fields: str) -> None:
        self.said += 1
        command = kind.model_validate(
            {
                "account_id": samples.ACCOUNT,
                "id": f"demo-command-{self.said}",
                "occurred_at": self.now,
                "correlation_id": f"demo-command-{self.said}",
                "ticket_id": ticket["id"],
                "author": Author(kind="agent", id=agent, name=agent.title()),
                **fields,
            }
        )
        await self.world.publish([COMMANDS.record(command)])

    def _online(self, agent: str) -> AgentWentOnline:
        return AgentWentOnline(
            account_id=samples.ACCOUNT,
            id=f"online-{agent}",
            occurred_at=self.now,
            correlation_id=f"online-{agent}",
            agent_id=agent,
            said_by=agent,
        )


def _held(seen: Observed) -> list[Json]:
    """The tickets that were assigned to somebody automatically."""
    return [ticket for ticket in seen.tickets() if ticket["assigned_automatically_to"]]


def _by_id(seen: Observed, ticket: Json) -> Json:
    return next(t for t in seen.tickets() if t["id"] == ticket["id"])


def _marios(seen: Observed) -> Json:
    found = [t for t in seen.tickets("sms") if t["contact"] == f"e164:{samples.MARIO}"]
    return found[0] if found else {"messages": [], "notices": []}
