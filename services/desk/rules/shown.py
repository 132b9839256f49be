"""What the page and the API show, as values: templates and JSON are made of these alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from services.desk.rules.shown_links import ShownLink, ShownSaid
from shared.contracts.base import Channel
from shared.contracts.messages import Attachment
from shared.contracts.tickets import TicketStatus

Writer = Literal["customer", "agent", "ai", "system", "integration"]
Delivery = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True, slots=True)
class ShownContact:
    """A customer: `address` is what they are written to by (an address, a phone number), if any."""

    id: str
    name: str
    address: str | None = None
    profile_id: str | None = None
    segments: tuple[str, ...] = ()
    sms_consent: Literal["none", "transactional", "marketing"] = "none"


@dataclass(frozen=True, slots=True)
class ShownLast:
    """The newest message of a thread, cut to a line."""

    writer: Writer
    name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A ticket in a list (VWS 3). Times are in UTC.

    `waiting_since` is None while the team waits for the customer. `snooze_ended` is when a ticket
    was snoozed until that has just woken by time, to be snoozed to again.
    """

    id: str
    seq: int
    number: int
    channel: Channel
    contact: ShownContact
    status: TicketStatus
    subject: str | None
    last: ShownLast | None
    opened_at: datetime
    active_at: datetime
    waiting_since: datetime | None = None
    closed_at: datetime | None = None
    snoozed_until: datetime | None = None
    snooze_ended: datetime | None = None
    assignee: str | None = None
    assignee_name: str | None = None
    assignee_online: bool = False
    team: str | None = None
    team_name: str | None = None
    tags: tuple[str, ...] = ()
    unread: bool = False
    spam: bool = False
    ai_handled: bool = False
    reply_failed: bool = False
    message_count: int = 0
    others: tuple["ShownOther", ...] = ()


@dataclass(frozen=True, slots=True)
class ShownOther:
    """A colleague who looks at the ticket, or writes in it."""

    agent: str
    name: str
    state: Literal["looking", "writing"]


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page of a list. `total` stops at `total_capped_at`; `next` is a cursor, None at the end."""

    rows: tuple[ShownRow, ...]
    next: str | None
    total: int
    total_capped: bool
    as_of: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a line: `href` always downloads it, and is None where only its name is known.

    `state` is where it is: `here`, `coming` (parts of it are missing yet), `elsewhere` (at its
    provider's), `refused` (`attachment.refused` says why) or `nowhere`.
    """

    attachment: Attachment
    href: str | None
    state: Literal["here", "coming", "elsewhere", "refused", "nowhere"] = "nowhere"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a thread (VWS 5).

    `kind`: `message` (the customer's), `reply`, `note` (the team's alone), `notice` (the system's),
    `send` (a campaign's or flow's SMS). `text` is what was newly written; `quoted` what it quotes,
    to be folded. `html` is whether there is HTML to be shown in a frame, at `…/lines/<id>/html`;
    `remote` how many pictures in it would be fetched from elsewhere. `edited` counts versions.
    `code` says what a notice is of (an event's type, `keyword` …), and `said` what it says besides
    (`assignee`, `tags`, `until` …), so that it can be put into the reader's language; where both do
    not suffice, `text` says it. Of a send `code` is `campaign` or `flow`.
    """

    id: str
    kind: Literal["message", "reply", "note", "notice", "send"]
    seq: int
    at: datetime
    text: str
    writer: Writer
    name: str
    quoted: str | None = None
    html: bool = False
    remote: int = 0
    files: tuple[ShownFile, ...] = ()
    edited: int = 0
    deleted: bool = False
    spam: bool = False
    grey: bool = False
    auto_reply: bool = False
    delivery: Delivery | None = None
    delivery_error: str | None = None
    because: str = ""
    subject: str | None = None
    code: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    transcript: tuple[ShownSaid, ...] = ()
    links: tuple[ShownLink, ...] = ()
    mailed_to: str | None = None


@dataclass(frozen=True, slots=True)
class ShownThread:
    """Some lines, oldest first. `earlier` is a cursor to older ones, None where there are none."""

    lines: tuple[ShownLine, ...]
    earlier: str | None


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """Why something is as it is: what was decided, when, and by which rule in words."""

    at: datetime
    what: str
    because: str


@dataclass(frozen=True, slots=True)
class ShownProfileEvent:
    """Something that the profile did elsewhere."""

    id: str
    at: datetime
    metric: str
    title: str
    value: float | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ShownProfile:
    """What is known of the person (PRF 1)."""

    id: str
    name: str | None
    segments: tuple[str, ...]
    sms_consent: Literal["none", "transactional", "marketing"]
    lifetime_value: float | None
    currency: str | None
    orders: int | None
    churn_risk: float | None
    next_order_on: date | None
    location: str | None
    events: tuple[ShownProfileEvent, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """What stands beside a thread: TKT 10, PRF, the person's other tickets, and why.

    `tickets` is how many tickets the person has over all channels, this one included.
    """

    tickets: int
    others: tuple[ShownRow, ...]
    profile: ShownProfile | None
    why: tuple[ShownDecision, ...]
    credit: str | None
    related: ShownRow | None


@dataclass(frozen=True, slots=True)
class ShownReplying:
    """Whether a reply may be sent now, and the words to say before one starts to write (TKT 13).

    Of a closed ticket, `reopens` says that it may be opened again, and takes a reply then; where it
    takes none even so, `also` is the code that says why.
    """

    allowed: bool
    code: str | None = None
    reason: str | None = None
    until: datetime | None = None
    reopens: bool = False
    also: str | None = None


@dataclass(frozen=True, slots=True)
class ShownUpload:
    """A file that goes out with a reply; one that is `gone` has to be uploaded again."""

    id: str
    name: str
    size: int
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """What an agent has begun to write, with the files and the further addressees of a reply."""

    text: str
    note: bool
    at: datetime
    revision: int
    files: tuple[ShownUpload, ...] = ()
    cc: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownVisitor:
    """Whether a web chat's visitor is there; `since` when they were last heard of, or left."""

    here: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket, all that its pane shows.

    `cc` are the addresses that take part in the mail besides the contact and the account. A reply's
    file has `largest_file` bytes at most.
    `short_link` is one as they go out, where the links of a reply become short ones.
    """

    row: ShownRow
    address: str
    thread: ShownThread
    panel: ShownPanel
    replying: ShownReplying
    draft: ShownDraft | None
    can_reopen: bool
    visitor: ShownVisitor | None = None
    cc: tuple[str, ...] = ()
    largest_file: int = 20 * 1024 * 1024
    short_link: str | None = None


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view in the list of views: `count` of its tickets is None where it is not counted.

    `id` is `inbox`, `unassigned`, `all`, `spam` or a custom view's; `counted` stops at 1000.
    """

    id: str
    name: str
    kind: Literal["built-in", "team", "private"]
    count: int | None
    unread: int = 0
