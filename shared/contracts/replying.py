"""What is sent without an agent, as an account sets it: automatic replies, links, the hand-off."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.contracts.base import Contract
from shared.values import templates

PLACEHOLDERS: Final = (
    "contact.name",
    "contact.first_name",
    "contact.address",
    "ticket.number",
    "ticket.subject",
    "account.name",
    "account.address",
    "account.email",
    "account.phone",
    "hours.opens_at",
    "conversation.missed",
)
"""What the text of an automatic reply may name between double braces."""


def _template(text: str) -> str:
    if strangers := templates.unknown(text, PLACEHOLDERS):
        message = (
            f"{{{{{strangers[0]}}}}} is no placeholder of automatic replies: "
            f"there are {', '.join(PLACEHOLDERS)}"
        )
        raise ValueError(message)
    if not text.strip():
        message = "it says nothing"
        raise ValueError(message)
    return text


Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""A language by its two letters (ISO 639-1)."""

Text = Annotated[str, Field(max_length=5_000), AfterValidator(_template)]
"""Words of the account's choice, with placeholders; an unknown one is refused."""

Texts = Annotated[dict[Language, Text], Field(max_length=20)]
"""The same text by language; the account's own language is what all others get."""

_MAILBOX = re.compile(r"[^\s@:<>,;]{1,64}@[^\s@:<>,;]+\.[^\s@:<>,;]+")
_DOMAIN = re.compile(r"(?=.{4,80}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_SECRET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


def _mailbox(address: str) -> str:
    if not _MAILBOX.fullmatch(address) or len(address) > 320:
        message = f"{address[:100]!r} is no mail address (example: team@shop.example)"
        raise ValueError(message)
    return address


def _domain(name: str) -> str:
    name = name.lower()
    if not _DOMAIN.fullmatch(name):
        message = f"{name[:100]!r} is no domain's name alone (example: go.shop.example)"
        raise ValueError(message)
    return name


def _secret_name(name: str) -> str:
    if not _SECRET.fullmatch(name):
        message = "a secret is named by letters, digits, dots, hyphens and underscores"
        raise ValueError(message)
    return name


MailAddress = Annotated[str, AfterValidator(_mailbox)]
Domain = Annotated[str, AfterValidator(_domain)]
SecretName = Annotated[str, AfterValidator(_secret_name)]
"""The name of a file that the operator mounts; what it holds is on no topic and in no setting."""


class SmsAutoReply(Contract):
    """The answer to an SMS that is no keyword (ARP 1).

    `to`: everybody, or only contacts without consent, who could not be answered otherwise. A
    contact gets it once in `every` at most.
    """

    enabled: bool = False
    to: Literal["without_consent", "everybody"] = "without_consent"
    every: timedelta = Field(
        default=timedelta(hours=24), ge=timedelta(minutes=1), le=timedelta(days=365)
    )
    text: Texts = Field(default_factory=dict)


class ChatAutoReplies(Contract):
    """What a web chat is told at its beginning, in business hours (`open`) and outside (ARP 2).

    A text that is not there is not sent.
    """

    open: Texts = Field(default_factory=dict)
    closed: Texts = Field(default_factory=dict)


class FollowUpMail(Contract):
    """One mail to a visitor who left before they read the answer (ARP 3); `after` its writing.

    Without texts of the account's own it has ready ones in English, Spanish and Italian.
    """

    enabled: bool = False
    after: timedelta = Field(
        default=timedelta(minutes=3), ge=timedelta(minutes=1), le=timedelta(days=7)
    )
    subject: Texts = Field(default_factory=dict)
    text: Texts = Field(default_factory=dict)


class NewSmsMail(Contract):
    """Who gets a mail about a new SMS in the inbox (ARP 5); nobody: none is sent."""

    to: Annotated[tuple[MailAddress, ...], Field(max_length=20)] = ()


class AutoReplies(Contract):
    """What is sent without an agent (ARP)."""

    sms: SmsAutoReply = SmsAutoReply()
    webchat: ChatAutoReplies = ChatAutoReplies()
    follow_up: FollowUpMail = FollowUpMail()
    new_sms: NewSmsMail = NewSmsMail()

    def texts(self) -> Iterator[tuple[str, dict[str, str], bool]]:
        """Each text's place in the settings, the text by language, and whether it must be there."""
        yield "sms.text", self.sms.text, self.sms.enabled
        yield "webchat.open", self.webchat.open, False
        yield "webchat.closed", self.webchat.closed, False
        yield "follow_up.subject", self.follow_up.subject, False
        yield "follow_up.text", self.follow_up.text, False


class Links(Contract):
    """Short links in SMS (OUT 1): off without a domain of the account's that leads to the desk."""

    short_domain: Domain | None = None
    enabled: bool = True


class Zendesk(Contract):
    """Where hand-offs go as tickets: `subdomain`.zendesk.com, and the secret to get in with."""

    subdomain: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    secret: SecretName


class Gorgias(Contract):
    """Where hand-offs go as tickets: `domain`.gorgias.com, and the secret to get in with.

    `from_address` is the mailbox that Gorgias answers from.
    """

    domain: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    secret: SecretName
    from_address: MailAddress


HandoffMethod = Literal["helpdesk", "zendesk", "gorgias", "message"]


class HandoffSettings(Contract):
    """What becomes of a conversation that the AI agent hands over (HND).

    `message` is the account's own text, for the method of that name. `answer_within` is how long a
    visitor may take to say yes, and again to name their address. The other texts have ready ones in
    English, Spanish and Italian.
    """

    method: HandoffMethod = "helpdesk"
    answer_within: timedelta = Field(
        default=timedelta(minutes=10), ge=timedelta(minutes=1), le=timedelta(days=1)
    )
    message: Texts = Field(default_factory=dict)
    connect: Texts = Field(default_factory=dict)
    ask_address: Texts = Field(default_factory=dict)
    team_has_it: Texts = Field(default_factory=dict)
    agent_answers: Texts = Field(default_factory=dict)
    zendesk: Zendesk | None = None
    gorgias: Gorgias | None = None

    def texts(self) -> Iterator[tuple[str, dict[str, str], bool]]:
        """Each text's place in the settings, the text by language, and whether it must be there."""
        yield "message", self.message, self.method == "message"
        yield "connect", self.connect, False
        yield "ask_address", self.ask_address, False
        yield "team_has_it", self.team_has_it, False
        yield "agent_answers", self.agent_answers, False

    @model_validator(mode="after")
    def _has_where_to_go(self) -> Self:
        if self.method == "zendesk" and self.zendesk is None:
            message = "the method zendesk needs zendesk: its subdomain and the name of a secret"
            raise ValueError(message)
        if self.method == "gorgias" and self.gorgias is None:
            message = "the method gorgias needs gorgias: its domain and the name of a secret"
            raise ValueError(message)
        return self
