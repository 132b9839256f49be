"""What happens where no agent is: automatic replies, short links, hand-offs; noted for the checks.

It is told in accounts of its own, so that the story of the sample account stays as it is.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from shared.bus.delivery import Outgoing
from shared.cli.demo import samples
from shared.cli.demo.observed import Json, Observed
from shared.cli.demo.story import World
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Author, Contact, Identity
from shared.contracts.commands import Command, ReplyToTicket
from shared.contracts.handoffs import HandoffRequested, TranscriptLine
from shared.contracts.profiles import Profile
from shared.topics import ACCOUNTS, COMMANDS, HANDOFFS, PROFILES

SHOP, STUDIO = "unattended", "robots"
"""An account that hands over to its own helpdesk, and one that only shows a message."""

PHONE, WIDGET, MAILBOX = "+390212300001", "widget-unattended", "help@unattended.example"
STUDIO_WIDGET = "widget-robots"
SHORT_DOMAIN = "go.unattended.example"
NEWCOMER, SUBSCRIBER = "+393330000001", "+393330000002"
GIULIA = "giulia@unattended-customers.example"
TERMS = "https://unattended.example/sms-terms?from=sms"
SIZES = "https://unattended.example/sizes_(cm)"


def accounts(now: datetime) -> list[AccountSettings]:
    """The first has a holiday today, so that its chats find it closed."""
    shop = {
        "account_id": SHOP,
        "name": "Unattended Shop",
        "region": "IT",
        "channels": ["webchat", "sms", "email"],
        "addresses": [
            {"channel": "sms", "value": PHONE, "provider": "twilio"},
            {"channel": "webchat", "value": WIDGET},
            {"channel": "email", "value": MAILBOX},
        ],
        "agents": [{"id": "zoe", "name": "Zoe", "email": "zoe@unattended.example"}],
        "business_hours": {"holidays": [now.date().isoformat()]},
        "links": {"short_domain": SHORT_DOMAIN},
        "auto_replies": {
            "sms": {
                "enabled": True,
                "text": {"en": f"Hi! Reply YES to subscribe, then we can answer: {TERMS}."},
            },
            "webchat": {"closed": {"en": "We are closed and open again at {{hours.opens_at}}."}},
            "follow_up": {"enabled": True, "after": "PT1M"},
        },
    }
    studio = {
        "account_id": STUDIO,
        "channels": ["webchat"],
        "addresses": [{"channel": "webchat", "value": STUDIO_WIDGET}],
        "handoff": {
            "method": "message",
            "message": {"en": "Please write to https://robots.example/contact."},
        },
    }
    return [AccountSettings.model_validate(each) for each in (shop, studio)]


@dataclass
class Unattended:
    """The steps, each waiting for what follows of it; short links are followed at `desk`."""

    world: World
    desk: str
    now: datetime
    noted: Json = field(default_factory=dict)
    said: int = 0

    async def tell(self) -> Json:
        """Go through all of it; returns what the checks look at."""
        await self.world.publish([ACCOUNTS.record(each) for each in accounts(self.now)])
        await self.world.publish([PROFILES.record(self._subscriber())])
        await self.world.taken(PROFILES, "ingest")
        await self._sms()
        await self._chat_out_of_hours()
        await self._follow_up()
        await self._short_link()
        await self._hand_offs()
        return self.noted

    def _subscriber(self) -> Profile:
        return Profile(
            account_id=SHOP,
            profile_id="profile-subscriber",
            identities=(Identity(type="e164", value=SUBSCRIBER),),
            sms_consent="marketing",
            updated_at=self.now,
        )

    async def _sms(self) -> None:
        """Who has not consented is answered, once; who has waits for a person (ARP 1)."""
        await self.world.publish(
            [
                samples.sms("Do you have it in red?", sid="UN1", sender=NEWCOMER, to=PHONE),
                samples.sms("Do you have it in blue?", sid="UN2", sender=SUBSCRIBER, to=PHONE),
            ]
        )
        await self.world.until(
            "the SMS of a newcomer is answered", lambda seen: bool(_sent(seen, "sms"))
        )
        await self.world.publish(
            [samples.sms("Anybody there?", sid="UN3", sender=NEWCOMER, to=PHONE)]
        )
        seen = await self.world.until(
            "all three SMS are in their tickets",
            lambda s: sum(len(t["messages"]) for t in _tickets(s, "sms")) == 3,
        )
        newcomer = next(t for t in _tickets(seen, "sms") if NEWCOMER in t["contact"])
        facts = seen.facts[newcomer["id"]]
        self.noted["sms"] = {
            "texts": [out["text"] for out in _sent(seen, "sms")],
            "to": sorted({out["contact"]["id"] for out in _sent(seen, "sms")}),
            "unread": facts[max(facts)]["ticket"]["unread"],
            "waits": facts[max(facts)]["ticket"].get("customer_waits_since") is not None,
        }

    async def _chat_out_of_hours(self) -> None:
        """A chat on a holiday is told when the account opens, once (ARP 2)."""
        await self.world.publish([self._chat("message", "un-c1", 10, text="Hello?")])
        await self.world.until("the chat is answered", lambda s: bool(_sent(s, "webchat")))
        await self.world.publish([self._chat("message", "un-c2", 9, text="Nobody?")])
        seen = await self.world.until(
            "both lines of the chat", lambda s: len(_only(s, "webchat")["messages"]) == 2
        )
        self.noted["chat"] = [out["text"] for out in _sent(seen, "webchat")]

    async def _follow_up(self) -> None:
        """The visitor left before an agent answered, and is mailed, once (ARP 3)."""
        ticket = _only(await self.world.until("the chat", lambda _: True), "webchat")
        ago = self.now - timedelta(minutes=5)
        await self._command(ReplyToTicket, ticket, ago, text="Yes, we have it in red.")
        await self.world.until("the answer", lambda s: len(_sent(s, "webchat")) == 2)
        await self.world.publish([self._chat("session_end", "un-c3", 4)])
        seen = await self.world.until("the mail", lambda s: bool(_sent(s, "email")))
        mail = _sent(seen, "email")[0]
        self.noted["follow_up"] = {
            "to": mail["contact"]["identities"][0]["value"],
            "subject": mail["subject"],
            "text": mail["text"],
            "auto_reply": mail["auto_reply"],
            "from": mail["address"],
        }

    async def _short_link(self) -> None:
        """A link in an agent's SMS goes out short, and leads where the agent wrote (OUT 1)."""
        seen = await self.world.until("the subscriber", lambda _: True)
        ticket = next(t for t in _tickets(seen, "sms") if SUBSCRIBER in t["contact"])
        await self._command(ReplyToTicket, ticket, self.now, text=f"Sizes: {SIZES}. Zoe")
        seen = await self.world.until(
            "the SMS with a link",
            lambda s: any("Sizes: " in out["text"] for out in _sent(s, "sms")),
        )
        text = next(out["text"] for out in _sent(seen, "sms") if "Sizes: " in out["text"])
        short = text.removeprefix("Sizes: ").partition(". ")[0]
        path = short.removeprefix(f"https://{SHORT_DOMAIN}")
        host = {"Host": SHORT_DOMAIN, "User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
        async with httpx2.AsyncClient(base_url=self.desk) as http:
            followed = await self._until_found(http, path, host)
            preview = {**host, "User-Agent": "WhatsApp/2.24 A"}
            await http.get(path, headers=preview)
            unknown = await http.get("/AAAAAAAAAA", headers=host)
            elsewhere = await http.get(path)
        seen = await self.world.until("both are counted", lambda s: len(s.clicks) == 2)
        self.noted["link"] = {
            "text": text,
            "status": followed.status_code,
            "location": followed.headers.get("location"),
            "unknown": unknown.status_code,
            "on_the_desk": elsewhere.status_code,
            "counted": sorted(click["by"] for click in seen.clicks.values()),
        }

    async def _until_found(self, http: Any, path: str, headers: dict[str, str]) -> Any:  # noqa: ANN401
        """The desk hears of a link like of any other event: within moments."""
        deadline = time.monotonic() + 20
        while True:
            answer = await http.get(path, headers=headers)
            if answer.status_code != 404 or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(0.1)

    async def _hand_offs(self) -> None:
        """The AI agent hands over: to the helpdesk, and where only a message is shown (HND)."""
        asked = [
            self._request(SHOP, WIDGET, "un-ai-1", email=GIULIA),
            self._request(STUDIO, STUDIO_WIDGET, "un-ai-2"),
        ]
        await self.world.publish([HANDOFFS.record(each) for each in (*asked, asked[0])])
        seen = await self.world.until(
            "both hand-offs have ended, and the visitor is told that nobody is there",
            lambda s: len(_ended(s)) == 2 and len(_sent(s, "webchat")) == 3,
        )
        ended = {one["account_id"]: one for one in _ended(seen)}
        handed = [t for t in _tickets(seen, "webchat") if "TicketHandedOver" in t["events"]]
        told = [h["text"] for h in seen.handoffs.values() if h["type"] == "VisitorTold"]
        self.noted["hand_offs"] = {
            "outcomes": {of: [one["method"], one["outcome"]] for of, one in ended.items()},
            "tickets": [[t["assignee"], t["events"][:2]] for t in handed],
            "told": told,
            "nobody_there": _sent(seen, "webchat")[-1]["text"],
        }

    def _request(
        self,
        account: str,
        widget: str,
        conversation: str,
        **more: Any,  # noqa: ANN401  # a contract's fields
    ) -> HandoffRequested:
        visitor = Identity(type="visitor", value=f"{widget}:robot-{conversation}")
        return HandoffRequested(
            account_id=account,
            id=f"handoff-{conversation}",
            occurred_at=self.now,
            correlation_id=conversation,
            channel="webchat",
            address=widget,
            contact=Contact(id=visitor.key, identities=(visitor,)),
            conversation_id=conversation,
            reason="asked_for_person",
            confirmed=True,
            transcript=(
                TranscriptLine(at=self.now, who="visitor", text="Can I talk to a person?"),
                TranscriptLine(at=self.now, who="ai", text="Of course, one moment."),
            ),
            **more,
        )

    def _chat(self, kind: str, unique: str, ago: int, text: str | None = None) -> Outgoing:
        """Something that happened in the chat, so many minutes ago."""
        at = (self.now - timedelta(minutes=ago)).isoformat()
        event = {
            "type": kind,
            "event_id": unique,
            "client_message_id": unique if kind == "message" else None,
            "widget_id": WIDGET,
            "session_id": "un-chat",
            "visitor_id": "giulia",
            "author": "visitor",
            "sent_at": at,
            "text": text,
            "user": {"email": GIULIA, "name": "Giulia", "verified": True},
        }
        said = {name: value for name, value in event.items() if value is not None}
        return samples.inbound("webchat", json.dumps(said).encode(), x_received_at=at)

    async def _command(
        self,
        kind: type[Command],
        ticket: Json,
        at: datetime,
        **fields: Any,  # noqa: ANN401  # a contract's fields
    ) -> None:
        self.said += 1
        unique = f"unattended-{self.said}"
        command = kind.model_validate(
            {
                "account_id": SHOP,
                "id": unique,
                "occurred_at": at,
                "correlation_id": unique,
                "ticket_id": ticket["id"],
                "author": Author(kind="agent", id="zoe", name="Zoe"),
                **fields,
            }
        )
        await self.world.publish([COMMANDS.record(command)])


def _tickets(seen: Observed, channel: str, account: str = SHOP) -> list[Json]:
    return [ticket for ticket in seen.tickets(channel) if ticket["account"] == account]


def _only(seen: Observed, channel: str) -> Json:
    return _tickets(seen, channel)[0]


def _sent(seen: Observed, channel: str) -> list[Json]:
    return [
        out
        for out in seen.outbound.values()
        if (out["account_id"], out["channel"]) == (SHOP, channel)
    ]


def _ended(seen: Observed) -> list[Json]:
    return [one for one in seen.handoffs.values() if one["type"] == "HandoffEnded"]


UNATTENDED_CHECKS: dict[str, Any] = {
    "ARP 1: a newcomer's SMS is answered automatically, once, and nobody else's": lambda d: (
        [text.partition(" https")[0] for text in d["unattended"]["sms"]["texts"]]
        == ["Hi! Reply YES to subscribe, then we can answer:"]
        and d["unattended"]["sms"]["to"] == [f"e164:{NEWCOMER}"]
    ),
    "ARP 4: the customer goes on waiting, and the ticket stays unread": lambda d: (
        d["unattended"]["sms"]["unread"] and d["unattended"]["sms"]["waits"]
    ),
    "ARP 2: a chat out of hours is told when the account opens, once": lambda d: (
        len(d["unattended"]["chat"]) == 1
        and d["unattended"]["chat"][0].startswith("We are closed and open again at ")
        and "{{" not in d["unattended"]["chat"][0]
    ),
    "ARP 3: who left before the answer gets one mail, from the support address": lambda d: (
        d["unattended"]["follow_up"]["to"] == GIULIA
        and d["unattended"]["follow_up"]["from"] == MAILBOX
        and "Yes, we have it in red." in d["unattended"]["follow_up"]["text"]
    ),
    "ARP 4: the mail says that no person wrote it": lambda d: (
        d["unattended"]["follow_up"]["auto_reply"] is True
    ),
    "OUT 1: a link in an SMS goes out short, its sentence unbroken": lambda d: (
        f"https://{SHORT_DOMAIN}/" in d["unattended"]["link"]["text"]
        and d["unattended"]["link"]["text"].endswith(". Zoe")
        and SIZES not in d["unattended"]["link"]["text"]
    ),
    "OUT 1: it leads where the agent wrote": lambda d: (
        (d["unattended"]["link"]["status"], d["unattended"]["link"]["location"]) == (302, SIZES)
    ),
    "OUT 1: people and previews are told apart": lambda d: (
        d["unattended"]["link"]["counted"] == ["person", "preview"]
    ),
    "OUT 1: a code that was never given out leads nowhere, nor does the desk itself": lambda d: (
        (d["unattended"]["link"]["unknown"], d["unattended"]["link"]["on_the_desk"]) == (404, 404)
    ),
    "HND 3: a conversation that is handed over is a ticket, asked for twice or not": lambda d: (
        d["unattended"]["hand_offs"]["tickets"] == [[None, ["TicketOpened", "TicketHandedOver"]]]
        and d["unattended"]["hand_offs"]["outcomes"][SHOP] == ["helpdesk", "handed_over"]
    ),
    "HND 3: with nobody there the visitor is told so": lambda d: d["unattended"]["hand_offs"][
        "nobody_there"
    ].startswith("We are closed"),
    "HND 5: by the method message its text is shown, and there is no ticket": lambda d: (
        d["unattended"]["hand_offs"]["outcomes"][STUDIO] == ["message", "message_shown"]
        and d["unattended"]["hand_offs"]["told"]
        == ["Please write to https://robots.example/contact."]
    ),
}
"""What must be true of it, by rule."""
