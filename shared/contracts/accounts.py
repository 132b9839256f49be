"""An account's settings, as operators publish them (compacted: the last one counts)."""

import unicodedata
from datetime import date, time, timedelta
from typing import Annotated, Final, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from shared.contracts.base import AccountId, Channel, Contract, Id, TagName, Whole
from shared.contracts.replying import AutoReplies, HandoffSettings, Language, Links


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        message = f"{name!r} is no time zone of the tz database (example: Europe/Rome)"
        raise ValueError(message) from error
    return name


_LONGEST_SENDER_NAME = 11

TimeZoneName = Annotated[str, AfterValidator(_known_zone)]
Tag = Literal[
    "Chat",
    "Loyalty",
    "Order tracking",
    "Pricing",
    "Product specific",
    "Recommendations",
    "Returns",
    "Shipping",
    "Talk to a human",
]
TAGS: Final[tuple[Tag, ...]] = get_args(Tag)
"""The tags that every account has (TAG 1)."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Address(Contract):
    """Where the account is written to: a phone number, phone_number_id, page, mailbox, widget.

    A phone number may be written as people do; one without its country's code is a number of the
    account's region. A sender's name of letters is none: nobody can answer it (TKT 13).

    Of a mailbox: whether new mail is from whom its From names, or from whom its Reply-To does
    (`contact_from`; for one that forms write to: anybody can set either). And what becomes of
    mail that a program made and that answers nothing, such as a shop's notices (`generated_mail`).
    """

    channel: Channel
    value: Id
    provider: str | None = None
    contact_from: Literal["from", "reply_to"] = "from"
    generated_mail: Literal["signal", "ticket"] = "signal"

    @model_validator(mode="after")
    def _can_be_written_to(self) -> Self:
        name = self.value.strip()
        if (
            self.channel == "sms"
            and len(name) <= _LONGEST_SENDER_NAME
            and any(character.isalpha() for character in name)
        ):
            message = f"{name!r} is a sender's name: nobody can send an SMS to it"
            raise ValueError(message)
        return self


Role = Literal["owner", "admin", "manager", "support"]
"""What an agent may do (ROL 1): each may what those after it may."""


class Agent(Contract):
    """A team member. What they forward from their `email` is from whom it was written by.

    By that address they sign in at the desk too; two agents of an account cannot share one there.
    """

    id: Id
    name: str
    email: str | None = None
    role: Role = "support"


class Team(Contract):
    """A named group of agents."""

    id: Id
    name: str
    members: tuple[Id, ...] = ()


class RoutingRule(Contract):
    """`segment is` or `tag is` → team; the first rule that matches decides (ASG 5)."""

    when: Literal["segment", "tag"]
    is_: str = Field(alias="is")
    team_id: Id

    model_config = Contract.model_config | {"populate_by_name": True}


class OpeningHours(Contract):
    """One span of a day, in the account's time zone; `until` 00:00 means the day's end.

    A span whose end is not after its start runs into the next day.
    """

    day: Weekday
    from_: time = Field(alias="from")
    until: time

    model_config = Contract.model_config | {"populate_by_name": True}


class BusinessHours(Contract):
    """When tickets are shared out automatically (ASG 3). No spans at all: always."""

    weekly: tuple[OpeningHours, ...] = ()
    holidays: tuple[date, ...] = ()


class AutoClose(Contract):
    """Closing tickets whose customers fell silent (ACL)."""

    enabled: bool = False
    period: timedelta = Field(
        default=timedelta(days=2), ge=timedelta(days=1), le=timedelta(days=90)
    )
    starts_at: Literal["first_reply", "last_reply"] = "first_reply"
    typing_delay: timedelta = Field(default=timedelta(minutes=3), gt=timedelta(0))
    typing_limit: timedelta = Field(default=timedelta(minutes=30), ge=timedelta(0))


class AssignmentSettings(Contract):
    """Sharing tickets out among agents (ASG)."""

    round_robin: bool = False
    routing: tuple[RoutingRule, ...] = ()
    default_team: str | None = None
    max_open_tickets: Whole | None = Field(default=None, ge=1)
    heartbeat_limit: timedelta = Field(default=timedelta(seconds=60), gt=timedelta(0))


class AttributionSettings(Contract):
    """Crediting SMS answers (ATT). `grace` is how late a record may come and still count."""

    window: timedelta = Field(default=timedelta(hours=24), gt=timedelta(0))
    grace: timedelta = Field(default=timedelta(days=7), gt=timedelta(0))


class SpamSettings(Contract):
    """Screening (SPM 4): what scores at or above the threshold is spam.

    From `grey` on a message stays in the inbox, with a badge. So does the share `audit` of what
    would be hidden, for an agent to review: a customer who is hidden makes no mark.
    """

    threshold: float = Field(default=0.9, gt=0, le=1)
    grey: float = Field(default=0.75, gt=0, le=1)
    audit: float = Field(default=0.01, ge=0, le=1)


def _as_seen(name: str) -> str:
    """A name as people tell it from others: no capitals, no invisible letters, single spaces."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join("".join(letter for letter in plain if letter.isprintable()).split())


class OwnTag(Contract):
    """A tag of the account's own, and messages of customers whom it fits: ten are few, fifty good.

    A hundred at most are looked at, and of each its first 2,000 characters.
    """

    name: TagName
    examples: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1, max_length=100)


class TagSettings(Contract):
    """Automatic tags (TAG): all off, or single ones of the nine (`off`), and the account's own."""

    enabled: bool = True
    off: tuple[Tag, ...] = ()
    own: tuple[OwnTag, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _each_has_a_name_of_its_own(self) -> Self:
        taken = {_as_seen(tag) for tag in TAGS}
        for tag in self.own:
            name = _as_seen(tag.name)
            if not name:
                message = f"the tag {tag.name!r} has no name that anybody could see"
                raise ValueError(message)
            if name in taken:
                message = f"there are two tags {tag.name!r}: an own tag needs a name of its own"
                raise ValueError(message)
            taken.add(name)
        return self


class Macro(Contract):
    """A reply prepared in advance (MAC 1).

    `text` may have placeholders such as `{{contact.name}}`. The tags are added and the status is
    set when the reply is sent; `snooze_for` is for how long, where the status is `snoozed`.
    """

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=100)]
    text: Annotated[str, Field(max_length=20_000)] = ""
    tags: tuple[TagName, ...] = ()
    status: Literal["open", "snoozed", "closed"] | None = None
    snooze_for: timedelta = Field(default=timedelta(days=1), gt=timedelta(0))


class Keyword(Contract):
    """A keyword of the account's own, besides the carriers' (ING 3)."""

    word: Id
    class_: Literal["stop", "start", "help", "campaign"] = Field(default="campaign", alias="class")

    model_config = Contract.model_config | {"populate_by_name": True}


class ReplyWindows(Contract):
    """How long after the customer's last message a channel lets agents reply (TKT 13)."""

    whatsapp: timedelta = timedelta(hours=24)
    instagram: timedelta = timedelta(days=7)


class AccountSettings(Contract):
    """All that the services need to know of an account.

    Settings with a `revision` count only where a lower one or none is in force, so that of two who
    change the same the first wins; without one they take the place of whatever there is.
    """

    account_id: AccountId
    revision: Whole | None = Field(default=None, ge=1)
    name: str = ""
    time_zone: TimeZoneName = "UTC"
    language: Language = "en"
    region: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    channels: tuple[Channel, ...] = ()
    addresses: tuple[Address, ...] = ()
    agents: tuple[Agent, ...] = ()
    teams: tuple[Team, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    keyword_languages: tuple[str, ...] = ()
    business_hours: BusinessHours = BusinessHours()
    assignment: AssignmentSettings = AssignmentSettings()
    autoclose: AutoClose = AutoClose()
    attribution: AttributionSettings = AttributionSettings()
    spam: SpamSettings = SpamSettings()
    tags: TagSettings = TagSettings()
    reply_windows: ReplyWindows = ReplyWindows()
    macros: Annotated[tuple[Macro, ...], Field(max_length=500)] = ()
    auto_replies: AutoReplies = AutoReplies()
    links: Links = Links()
    handoff: HandoffSettings = HandoffSettings()
    plan: Literal["helpdesk", "inbox"] = "helpdesk"

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        agents = {agent.id for agent in self.agents}
        teams = {team.id for team in self.teams}
        for team in self.teams:
            if strangers := set(team.members) - agents:
                message = f"team {team.id!r} has members who are no agents: {sorted(strangers)}"
                raise ValueError(message)
        named = [rule.team_id for rule in self.assignment.routing]
        if self.assignment.default_team:
            named.append(self.assignment.default_team)
        if unknown := set(named) - teams:
            message = f"assignment names teams that do not exist: {sorted(unknown)}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _has_its_own_words(self) -> Self:
        """Whoever has a language that no text is in gets the account's: that one must be there."""
        said = [("auto_replies", *text) for text in self.auto_replies.texts()]
        said += [("handoff", *text) for text in self.handoff.texts()]
        for section, place, texts, needed in said:
            if (texts or needed) and self.language not in texts:
                message = (
                    f"{section}.{place} has no text in the account's language, {self.language!r}"
                )
                raise ValueError(message)
        mailed = self.auto_replies.follow_up.enabled or self.auto_replies.new_sms.to
        if mailed and not any(address.channel == "email" for address in self.addresses):
            message = (
                "auto_replies sends mails, and the account has no address of the channel email"
            )
            raise ValueError(message)
        return self
