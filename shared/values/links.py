"""Links in texts, and the short ones that go out in their place by SMS (OUT 1). Pure."""

import hashlib
import hmac
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from shared.contracts.clicks import ShortLink
from shared.contracts.replying import Links

if TYPE_CHECKING:
    from linkify_it import LinkifyIt  # type: ignore[import-untyped]

CODE_LENGTH: Final = 10
"""Letters and digits: 59 bits, which nobody finds by trying."""

MOST_LINKS: Final = 20
"""Links of a text that are shortened, the first ones."""

LONGEST_TEXT: Final = 20_000
"""Of a text, how many characters are searched for links: far more than an SMS holds."""

LONGEST_URL: Final = 2_000
_ALPHABET: Final = string.digits + string.ascii_letters
_BEGINS = re.compile(r"(?<![A-Za-z0-9_@/.:-])(?:https?://|www\.)", re.IGNORECASE)
_NEXT = re.compile(r"[,;|]+(?=https?://)", re.IGNORECASE)
# What a sentence may set directly behind a link; the parser leaves away the ASCII ones itself.
_NOT_ITS_END: Final = "…»”’。，、；：！？"  # noqa: RUF001  # of Chinese and Japanese texts


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text, from `begin` to `end`; `url` is where it leads."""

    begin: int
    end: int
    url: str


@cache
def _parser() -> "LinkifyIt":
    # Here, since most processes never look for links.
    from linkify_it import LinkifyIt  # noqa: PLC0415

    return LinkifyIt({"//": None, "mailto:": None, "ftp:": None}, {"fuzzy_email": False})


def found(text: str) -> Iterator[Link]:
    """The web links of a text, in order: those with http(s):// and those that begin with www.

    Punctuation that ends a sentence is not part of them, nor is a bracket that was opened before.
    Words with a full stop between them ("bene.it") are no links. A link with a name and password
    in it is left alone: it may be made to look like another.
    """
    done = 0
    for begins in _BEGINS.finditer(text[:LONGEST_TEXT]):
        if begins.start() < done:
            continue
        named = begins[0].lower() == "www."
        rest = text[begins.start() : begins.start() + LONGEST_URL]
        found_here = _parser().match_at_start(f"https://{rest}" if named else rest)
        if found_here is None:
            continue
        # The parser takes two links with a comma between them for one.
        written = _NEXT.split(found_here.raw, 1)[0].rstrip(_NOT_ITS_END)
        length = len(written) - len("https://") * named
        done = begins.start() + max(length, 1)
        if _leads_somewhere(written):
            yield Link(begins.start(), begins.start() + length, written)


def _leads_somewhere(url: str) -> bool:
    host = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    return "@" not in host and "." in host


@dataclass(frozen=True, slots=True)
class LinkCodes:
    """Makes the codes of short links: the same for the same command, however often it is handled.

    They are signed with the newest of `keys`, so that whoever knows a command's id does not know
    its codes. Without keys they follow from that id alone, which is to be random then.
    """

    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def of(self, account_id: str, command_id: str, place: int, url: str) -> str:
        """The code of the link that is the `place`-th of that command's text."""
        key = list(self.keys.values())[-1] if self.keys else b"short links"
        parts = ("link", account_id, command_id, str(place), url)
        named = "".join(f"{len(part)}:{part}" for part in parts)
        number = int.from_bytes(hmac.new(key, named.encode(), hashlib.sha256).digest()[:16])
        return "".join(
            _ALPHABET[number // len(_ALPHABET) ** digit % len(_ALPHABET)]
            for digit in range(CODE_LENGTH)
        )


def as_short(links: Links) -> str | None:
    """A short link of these settings, as an example of how long one is; None where they are off."""
    if not links.enabled or links.short_domain is None:
        return None
    return f"https://{links.short_domain}/{'0' * CODE_LENGTH}"


def to_shorten(text: str, domain: str) -> Iterator[Link]:
    """Those of the text's links that go out as short ones of that domain."""
    own = re.compile(rf"https?://{re.escape(domain)}(?:[/:?#]|\Z)", re.IGNORECASE)
    others = (link for link in found(text) if not own.match(link.url))
    return islice(others, MOST_LINKS)


def shortened(
    text: str, domain: str, code: Callable[[int, str], str]
) -> tuple[str, tuple[ShortLink, ...]]:
    """The text with short links, `https://<domain>/<code>`, and what each stands for.

    `code` gives a link's code by its place and its address. A link to the domain itself stays.
    """
    said: list[str] = []
    links: list[ShortLink] = []
    done = 0
    for link in to_shorten(text, domain):
        made = code(len(links), link.url)
        short = f"https://{domain}/{made}"
        links.append(ShortLink(code=made, url=link.url, short=short))
        said += [text[done : link.begin], short]
        done = link.end
    return "".join([*said, text[done:]]), tuple(links)
