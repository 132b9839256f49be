"""The hand-off of a conversation from the AI agent, which is another system's, to people (HND).

On `helpdesk.handoffs` the AI agent says what it asks for, and is told what becomes of it. What the
visitor is to be asked or told before there is a ticket is said there too: whoever runs the
conversation shows it, and publishes what the visitor answered.
"""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.base import Channel, Contact, Contract, Envelope, Id, UtcTime
from shared.contracts.replying import HandoffMethod, Language

MOST_LINES, LONGEST_LINE = 2_000, 20_000
"""Of a transcript: its lines, and the characters of each."""

HandoffReason = Literal["asked_for_person", "cannot_answer", "complaint", "policy", "other"]
"""Why the AI agent hands over."""


class Picture(Contract):
    """A picture or file of the conversation, by its address."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$")]
    name: Annotated[str, Field(max_length=300)] = ""


class TranscriptLine(Contract):
    """What was said in the conversation, when and by whom."""

    at: UtcTime
    who: Literal["visitor", "ai", "person"]
    text: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    pictures: Annotated[tuple[Picture, ...], Field(max_length=50)] = ()


Transcript = Annotated[tuple[TranscriptLine, ...], Field(max_length=MOST_LINES)]


class Handoff(Envelope):
    """Something about one hand-off. `handoff_id` is the id of the request that began it."""

    handoff_id: Id


class HandoffRequested(Envelope):
    """The AI agent asks that people take the conversation over; `id` names the hand-off.

    The conversation is named by `ticket_id`, where it has a ticket, else by its `contact` and, of a
    web chat, its `conversation_id`, as they are in inbound messages; `address` is the account's own
    that was written to. A mail conversation always has a ticket. `confirmed`: the visitor has
    already said yes to being connected to a person. `email` and `profile_id` where they are known.
    The same id again is the same request.
    """

    type: Literal["HandoffRequested"] = "HandoffRequested"
    channel: Channel
    address: Id
    contact: Contact
    conversation_id: Annotated[str, Field(max_length=200)] | None = None
    ticket_id: Id | None = None
    reason: HandoffReason = "other"
    transcript: Transcript = ()
    confirmed: bool = False
    email: Annotated[str, Field(max_length=320)] | None = None
    profile_id: Id | None = None
    language: Language | None = None

    @property
    def party(self) -> str:
        """What has one hand-off at a time: the conversation of a web chat, else the contact."""
        if self.channel == "webchat" and self.conversation_id:
            return self.conversation_id
        return self.contact.id


class VisitorAnswered(Handoff):
    """What the visitor answered: whether they want a person, and the mail address they named.

    Who runs the conversation publishes it. What is not answered is left out.
    """

    type: Literal["VisitorAnswered"] = "VisitorAnswered"
    accepted: bool | None = None
    email: Annotated[str, Field(max_length=320)] | None = None


class ConversationResolved(Envelope):
    """The AI agent ended a conversation by itself, and nobody had to take it over (HND 6)."""

    type: Literal["ConversationResolved"] = "ConversationResolved"
    channel: Channel
    conversation_id: Id


class VisitorAsked(Handoff):
    """The visitor is to be asked `text`, and is waited for until `due_at`.

    `question`: whether they want to be connected to a person (`connect`), or what their mail
    address is (`address`).
    """

    type: Literal["VisitorAsked"] = "VisitorAsked"
    channel: Channel
    conversation_id: str | None = None
    contact: Contact
    question: Literal["connect", "address"]
    text: str
    due_at: UtcTime


class VisitorTold(Handoff):
    """The visitor is to be shown `text`; where there is a ticket, it is sent by that instead."""

    type: Literal["VisitorTold"] = "VisitorTold"
    channel: Channel
    conversation_id: str | None = None
    contact: Contact
    text: str


HandoffOutcome = Literal[
    "handed_over",
    "message_shown",
    "declined",
    "no_answer",
    "no_address",
    "fell_back",
    "refused",
]
"""What became of a hand-off. `fell_back`: the other side was away for a day, or took it not at all,
so that the account's own team has it."""


class HandoffEnded(Handoff):
    """What became of the hand-off, once: `outcome`, and in `code` and `words` why.

    `ticket_id` is the ticket of this helpdesk, `external_id` and `external_url` are the other
    side's. `available`: whether an agent was there for it. `took` is the time from the request.
    """

    type: Literal["HandoffEnded"] = "HandoffEnded"
    method: HandoffMethod
    outcome: HandoffOutcome
    reason: HandoffReason
    channel: Channel
    conversation_id: str | None = None
    contact: Contact
    code: str = ""
    words: str = ""
    ticket_id: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    available: bool | None = None
    took: timedelta = timedelta(0)


HandoffMessage = Annotated[
    HandoffRequested
    | VisitorAnswered
    | ConversationResolved
    | VisitorAsked
    | VisitorTold
    | HandoffEnded,
    Field(discriminator="type"),
]
