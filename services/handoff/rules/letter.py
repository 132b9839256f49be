"""What another helpdesk gets of a conversation: a ticket in plain words (HND 4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.handoff.rules.party import Party, external_id, phone_of
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.contracts.handoffs import HandoffReason, HandoffRequested, TranscriptLine

LONGEST_COMMENT: Final = 64_000
"""Bytes of a comment; of a longer transcript it has the newest lines."""

_LONGEST_SUBJECT: Final = 100
_LONGEST_NAME: Final = 100
# Line feeds and tabs alone are kept of what controls a terminal, and nothing of what turns the
# direction of the text that follows: nobody is to write what looks like another's line.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x85\x0b\x0c]")

_CHANNELS: Final[dict[Channel, str]] = {
    "webchat": "web chat",
    "email": "mail",
    "sms": "SMS",
    "instagram": "Instagram",
    "whatsapp": "WhatsApp",
}
_REASONS: Final[dict[HandoffReason, str]] = {
    "asked_for_person": "the customer asked for a person",
    "cannot_answer": "the AI agent could not answer",
    "complaint": "a complaint",
    "policy": "a matter for people",
    "other": "other",
}
_WHO: Final = {"visitor": "Customer", "ai": "AI agent", "person": "Person"}


@dataclass(frozen=True, slots=True)
class Letter:
    """A ticket to be made elsewhere. `external_id` names it there, and is its idempotency key.

    `about` says what is known of the conversation, `transcript` what was said; both are plain text.
    `reduced`: the other side refused it once, so it is to have what it cannot do without.
    """

    external_id: str
    channel: Channel
    address: str
    subject: str
    about: str
    transcript: str
    name: str
    email: str | None = None
    phone: str | None = None
    tags: tuple[str, ...] = ()
    reduced: bool = False

    @property
    def fits(self) -> bool:
        """Whether all of it is short enough for one comment."""
        return len(self._whole.encode()) <= LONGEST_COMMENT

    @property
    def comment(self) -> str:
        """All of it, or what is known and the newest lines."""
        if self.fits:
            return self._whole
        note = "(The newest lines; there were earlier ones.)"
        room = LONGEST_COMMENT - len(f"{self.about}\n\n{note}\n\n".encode())
        return f"{self.about}\n\n{note}\n\n{newest(self.transcript, room)}"

    @property
    def _whole(self) -> str:
        return f"{self.about}\n\n{self.transcript}"


def letter_of(party: Party, account: AccountSettings) -> Letter:
    """The ticket that another helpdesk is to have of a party's conversation."""
    request = party.asking
    phone = phone_of(request.contact)
    name = plain(request.contact.display_name or "").replace("\n", " ").strip()[:_LONGEST_NAME]
    return Letter(
        external_id=external_id(party.account_id, party.handoff_id),
        channel=party.channel,
        address=request.address,
        subject=_subject(request),
        about="\n".join(_about(party, account, phone)),
        transcript="\n".join(_line(line) for line in request.transcript) or "(no transcript)",
        name=name or party.email or phone or f"Visitor ({_CHANNELS[party.channel]})",
        email=party.email,
        phone=phone,
        tags=("ai_handoff", f"channel_{party.channel}", f"reason_{party.reason}"),
        reduced=party.reduced,
    )


def plain(text: str) -> str:
    """The text with its lines and letters, and without what controls how others are shown."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", text))


def newest(text: str, room: int) -> str:
    """The last lines of the text that fit into `room` bytes; of a longer line its end."""
    kept: list[str] = []
    left = room
    for line in reversed(text.split("\n")):
        size = len(line.encode()) + 1
        if size > left:
            if not kept:
                kept.append(line.encode()[-(room - 4) :].decode(errors="ignore"))
            break
        kept.append(line)
        left -= size
    return "\n".join(reversed(kept))


def parts_of(text: str, size: int) -> Iterator[str]:
    """The text in parts of at most `size` bytes, cut between lines where that can be."""
    part: list[str] = []
    length = 0
    for line in text.split("\n"):
        raw = line.encode()
        while raw:
            piece = raw[: size - 1].decode(errors="ignore")
            raw = raw[len(piece.encode()) :]
            if length + len(piece.encode()) + 1 > size and part:
                yield "\n".join(part)
                part, length = [], 0
            part.append(piece)
            length += len(piece.encode()) + 1
        if not line:
            part.append("")
            length += 1
    if part:
        yield "\n".join(part)


def _subject(request: HandoffRequested) -> str:
    first = next((line.text for line in request.transcript if line.who == "visitor"), "")
    words = " ".join(plain(first).split())
    start = f"Handed over from {_CHANNELS[request.channel]}"
    return f"{start}: {words}"[:_LONGEST_SUBJECT] if words else start


def _about(party: Party, account: AccountSettings, phone: str | None) -> Iterator[str]:
    request = party.asking
    yield f"The AI agent handed this conversation over: {_REASONS[party.reason]}."
    known = {
        "Channel": f"{_CHANNELS[party.channel]} ({request.address})",
        "Account": account.name,
        "Name": request.contact.display_name or "",
        "Mail address": party.email or "",
        "Phone": phone or "",
        "Profile": request.profile_id or request.contact.profile_id or "",
        "Conversation": request.conversation_id or "",
        "Asked for": _moment(request.occurred_at),
    }
    for what, value in known.items():
        if value:
            yield f"{what}: {' '.join(plain(value).split())}"


def _line(line: TranscriptLine) -> str:
    # What follows the first line is set in, so that it cannot look like another line.
    text = plain(line.text).replace("\n", "\n    ")
    said = [f"[{_moment(line.at)}] {_WHO[line.who]}: {text}".rstrip()]
    for picture in line.pictures:
        name = " ".join(plain(picture.name).split())
        said.append(f"    {name or 'picture'}: {plain(picture.url)}")
    return "\n".join(said)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
