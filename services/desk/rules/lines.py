"""Lines of threads, put together from what several topics say of them, in whatever order.

Each record says some of a line. `together` joins what two records say: it does not matter which is
first, nor how often one comes (VWS 9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from shared.clock import EPOCH

LineKind = Literal["message", "reply", "note", "notice"]

SAYS_AS_MUCH: Final[dict[str | None, int]] = {
    None: 0,
    "sent": 1,
    "delivered": 2,
    "failed": 3,
    "read": 4,
}
"""Of two states of a delivery, the one with the higher number is what is known."""


TRANSCRIPT: Final = "transcript"
"""What was said before a hand-over: alone of all that notices say it is the customer's words."""

_OF_THE_FIRST_VERSION: Final = frozenset({"html", "text_full"})


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of a line; `seq` is the ticket's when it came.

    `ticket_id` is None for a message of which no event has told yet which ticket it joined; such a
    line is not shown. `version` counts the edits of `text`. `message` is a customer's message as
    screened, but for its text. `code` names the event that a notice is of, `said` what it says
    besides, so that it can be said in each reader's language; `text` says it where they do not.
    Of a reply `links` went out as short ones, and `mailed_to` is where it went by mail instead.
    """

    account_id: str
    id: str
    ticket_id: str | None = None
    kind: LineKind | None = None
    seq: int = 0
    sent_at: datetime = EPOCH
    received_at: datetime = EPOCH
    text: str = ""
    version: int = 0
    author: tuple[str, str, str | None] | None = None
    attachments: tuple[Mapping[str, Any], ...] = ()
    spam: bool = False
    grey: bool = False
    auto_reply: bool = False
    deleted: bool = False
    delivery: str | None = None
    error: str = ""
    message: Mapping[str, Any] | None = None
    code: str | None = None
    said: Mapping[str, Any] | None = None
    because: str = ""
    links: tuple[Mapping[str, Any], ...] = ()
    mailed_to: str | None = None

    @property
    def key(self) -> str:
        """Its document's id: lines' ids are unique in an account alone."""
        return f"{self.account_id}:{self.id}"

    @property
    def of(self) -> str:
        """The key of its ticket; that of no ticket while it has none."""
        return f"{self.account_id}:{self.ticket_id or ''}"

    def erased(self) -> "Line":
        """The line without anything that it said, for good."""
        said = {name: value for name, value in (self.said or {}).items() if name != TRANSCRIPT}
        return replace(
            self,
            text="",
            attachments=(),
            message=None,
            error="",
            because="",
            said=said or None,
            links=(),
            mailed_to=None,
            deleted=True,
        )


def together(one: Line, other: Line) -> Line:
    """What both say of the line. An edit takes the place of a message's HTML and whole text too."""
    newer = max(one, other, key=lambda line: (line.version, line.text))
    joined = Line(
        account_id=one.account_id,
        id=one.id,
        ticket_id=_known(one.ticket_id, other.ticket_id),
        kind=_known(one.kind, other.kind),
        seq=max(one.seq, other.seq),
        sent_at=max(one.sent_at, other.sent_at),
        received_at=max(one.received_at, other.received_at),
        text=newer.text,
        version=newer.version,
        author=max(one.author, other.author, key=_named),
        attachments=max(one.attachments, other.attachments, key=_much),
        spam=one.spam or other.spam,
        grey=one.grey or other.grey,
        auto_reply=one.auto_reply or other.auto_reply,
        deleted=one.deleted or other.deleted,
        delivery=max(one.delivery, other.delivery, key=SAYS_AS_MUCH.__getitem__),
        error=max(one.error, other.error),
        message=_message(max(one.message, other.message, key=_message_order), newer.version),
        code=_known(one.code, other.code),
        said=max(one.said, other.said, key=_much),
        because=max(one.because, other.because, key=lambda words: (len(words), words)),
        links=max(one.links, other.links, key=_much),
        mailed_to=_known(one.mailed_to, other.mailed_to),
    )
    return joined.erased() if joined.deleted else joined


def _message(message: Mapping[str, Any] | None, version: int) -> Mapping[str, Any] | None:
    if not version or message is None:
        return message
    return {name: value for name, value in message.items() if name not in _OF_THE_FIRST_VERSION}


def _message_order(message: Mapping[str, Any] | None) -> tuple[tuple[int, str], tuple[int, str]]:
    return _much(_message(message, 1)), _much(message)


def _known(one: Any, other: Any) -> Any:  # noqa: ANN401  # whichever of two names is there
    return other if one is None or (other is not None and other > one) else one


def _named(author: tuple[str, str, str | None] | None) -> tuple[str, ...]:
    return () if author is None else (author[0], author[1], author[2] or "")


def _much(value: object) -> tuple[int, str]:
    """Of two readings of the same, the one that says more; any fixed order will do beyond."""
    if not value:
        return 0, ""
    said = repr(value)
    return len(said), said
