"""Short links, and who followed them (OUT)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Contract, Envelope, Id

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{6,40}$")]


class ShortLink(Contract):
    """A link of a reply as it was written (`url`), and as it went out (`short`)."""

    code: Code
    url: str
    short: str


class LinkFollowed(Envelope):
    """Somebody followed a short link of a reply at `occurred_at`: a fact of its own each time.

    `by` is who it seems to have been: a person, a program that makes previews of links in messages
    (`preview`), or another (`robot`). `message_id` is the outbound message's.
    """

    type: Literal["LinkFollowed"] = "LinkFollowed"
    ticket_id: Id
    message_id: Id
    code: Code
    url: str
    by: Literal["person", "preview", "robot"]
