"""Short links: what each leads to, and who seems to have followed it (OUT 1). Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from crawleruseragents import is_crawler  # type: ignore[import-untyped]

from shared.contracts.clicks import ShortLink
from shared.contracts.snapshots import TicketSnapshot
from shared.contracts.tickets import AgentReplied, TicketFact

By = Literal["person", "preview", "robot"]

LONGEST_URL: Final = 4_000
"""Characters: what is longer than any link that is made short has no place in a header."""

LONGEST_AGENT: Final = 400
"""Characters of what a program says that it is, which are looked at."""

# What messengers, and the phones' own programs, fetch a link with to show what is behind it. Those
# of Apple and of Signal say that they are others. What apps show pages in is none of these.
_PREVIEWS: Final = re.compile(
    r"facebookexternalhit|facebot|meta-externalfetcher|whatsapp/|telegrambot|slackbot|slack-imgproxy"
    r"|discordbot|twitterbot|linkedinbot|skypeuripreview|microsoftpreview|viber/|snap url preview"
    r"|line-poker|kakaotalk-scrap|vkshare|redditbot|pinterestbot|mastodon/|bluesky|iframely|embedly"
    r"|google-pagerenderer|googlemessages|google-safety|com\.google\.android\.apps\.messaging"
    r"|linkpresentation|applenewsbot|imessage",
    re.IGNORECASE,
)
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_WEB: Final = re.compile(r"https?://[^\s\x00-\x20\x7f]+", re.IGNORECASE)
_OF_URLS: Final = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Lead:
    """What a code of a short link leads to, and of which reply it is."""

    code: str
    account_id: str
    ticket_id: str
    message_id: str
    url: str

    @property
    def of(self) -> str:
        """The key of its ticket."""
        return f"{self.account_id}:{self.ticket_id}"


@dataclass(frozen=True, slots=True)
class Followed:
    """How often people followed a link, and when last, as `datetime.isoformat` has it."""

    times: int
    last: str


def leads(told: Iterable[TicketFact | TicketSnapshot]) -> Iterator[Lead]:
    """The short links that went out, by what the topics say of replies."""
    for each in told:
        found: list[tuple[str, ShortLink]] = []
        if isinstance(each, AgentReplied):
            found = [(each.message_id, link) for link in each.links]
        elif isinstance(each, TicketSnapshot):
            found = [(line.id, link) for line in each.lines for link in line.links]
        for message_id, link in found:
            yield Lead(link.code, each.account_id, each.ticket_id, message_id, link.url)


def location(url: str) -> str | None:
    """The address as a header has it; None for what is no web address, which leads nowhere.

    It is as it was written, but for signs that no header holds.
    """
    if len(url) > LONGEST_URL or not _WEB.fullmatch(url):
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return quote(url, safe=_OF_URLS) if host else None


def followed_by(method: str, headers: Mapping[str, str]) -> By:
    """Who seems to have asked, by the method and the headers (their names in small letters).

    Whoever fetches ahead or only asks for the head shows a preview; who says nothing of itself is
    a robot.
    """
    agent = headers.get("user-agent", "")[:LONGEST_AGENT]
    ahead = any(
        word in headers.get(name, "").lower() for name in _AHEAD for word in ("prefetch", "preview")
    )
    if method == "HEAD" or ahead or _PREVIEWS.search(agent):
        return "preview"
    return "robot" if not agent.strip() or is_crawler(agent) else "person"
