"""What an Instagram message says, in words, files and structure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read.text import Fields
from services.ingest.read.unknown import UNSUPPORTED, kept, unknown, unsupported
from shared.contracts.messages import Attachment, Story

_FILES = {"image": "image", "video": "video", "audio": "audio", "file": "document"}
_SHARED = ("share", "ig_post", "ig_reel", "reel", "ig_story", "story_mention")
_DESCRIBED = ("template", "fallback", "location")
_HEART = "❤"
_LIKE = "like_heart"
_MOST = 20
_KEPT = ("quick_reply", "referral", "commands")
_AROUND = ("mid", "text", "attachments", "reply_to", "app_id", "metadata", "seq", "is_unsupported")
"""Fields of a message that say nothing by themselves, or are read by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the customer sent.

    If they wrote nothing (`customer_wrote` is false), `types` are the types of what was attached: a
    heart, or nothing.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    story: Story | None = None
    structured: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    customer_wrote: bool = True
    types: tuple[str, ...] = ()

    @property
    def reaction(self) -> str | None:
        """The heart, if the message is a double tap and nothing more; None otherwise."""
        return _HEART if not self.customer_wrote and _LIKE in self.types else None


def content_of(message: Fields) -> Content:
    """The content of a message: its text, files and story, and what ingest does not know in it.

    Only a heart alone, or a message with nothing in it at all, is no message.
    """
    found = [
        item
        for item in message.each("attachments")
        if item.text("type") or item.fields("payload").text("url")
    ]
    files, text = _files(found), message.text("text")
    story, flags = _story(message, found)
    structured: dict[str, Any] = {name: message.raw[name] for name in _KEPT if name in message}
    strange = _strange(message)
    if message.true("is_unsupported"):
        text, flags = text or unsupported(), (*flags, UNSUPPORTED)
    elif not text.strip() and not files:
        types = tuple(item.text("type") for item in found)
        others = [kind for kind in types if kind not in (_LIKE, "story_mention")]
        if story is None and not others and not strange:
            return Content(customer_wrote=False, types=types)
        if others or (strange and story is None):
            text, flags = text or unsupported((*others, *strange)[0]), (*flags, UNSUPPORTED)
        text = _HEART if _LIKE in types and not text.strip() else text
    if strange:
        structured[UNSUPPORTED] = kept(strange[0], {name: message.raw[name] for name in strange})
    if described := [item.raw for item in found if item.text("type") not in _FILES]:
        structured["attachments"] = described
    return Content(text=text, attachments=files, story=story, structured=structured, flags=flags)


def _story(message: Fields, found: list[Fields]) -> tuple[Story | None, tuple[str, ...]]:
    """The story that the message answers or mentions (ING 5), and which of the two, as a flag."""
    reply_to = message.fields("reply_to")
    if isinstance(reply_to.raw.get("story"), dict):
        answered = reply_to.fields("story")
        story = Story(id=answered.text("id") or None, url=answered.text("url") or None)
        return story, ("story_reply",)
    for item in found:
        if item.text("type") == "story_mention":
            payload = item.fields("payload")
            story = Story(id=payload.text("id") or None, url=payload.text("url") or None)
            return story, ("story_mention",)
    return None, ()


def _strange(message: Fields) -> list[str]:
    """The names of the fields that ingest does not know and that are not empty, 20 at most."""
    known = {*_AROUND, *_KEPT}
    return [name for name, said in message.raw.items() if name not in known and said][:_MOST]


def _files(found: list[Fields]) -> tuple[Attachment, ...]:
    """The files and shared posts, each once: one post may come under an old and a new name."""
    seen: set[str] = set()
    files: list[Attachment] = []
    for item in found:
        kind, payload = item.text("type"), item.fields("payload")
        if kind not in (*_FILES, *_SHARED, *_DESCRIBED):
            files += unknown(kind, payload or item).attachments
            continue
        url = payload.text("url") or item.text("url")
        title = payload.text("title") or item.text("title")
        post = payload.text("ig_post_media_id") or payload.text("reel_video_id")
        names = {name for name in (post, url) if name}
        if not names & seen:
            files.append(
                Attachment.model_validate(
                    {
                        "kind": _FILES.get(kind, "other"),
                        "filename": title[:200] or None,
                        "ref": url or None,
                    }
                )
            )
        seen |= names
    return tuple(files)
