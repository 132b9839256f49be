"""Files that come with messages, whatever the channel."""

import mimetypes
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from shared.contracts.messages import Attachment

_KINDS = ("image", "audio", "video")
MOST_FILES = 50
"""A message keeps this many of its files at most, which is more than any provider takes."""


Opener = Callable[[], bytes | None]
"""Gives the bytes of a file that lies in a record; None where they cannot be read."""

Contents = Mapping[str, Opener]
"""The files that lie in a record, by the `ref` of their description."""


def placed(ref: str, taken: Contents) -> str:
    """The place of a file in its record, told from those that are taken: a form may repeat one."""
    if ref not in taken:
        return ref
    return next(name for n in range(2, len(taken) + 3) if (name := f"{ref}/{n}") not in taken)


def kind_of(media_type: str | None) -> Any:  # noqa: ANN401  # one of Attachment.kind
    """The kind of attachment that a media type is."""
    family = (media_type or "").partition("/")[0].lower()
    return family if family in _KINDS else "document" if media_type else "other"


def linked(
    url: str, media_type: str | None = None, size: int | None = None, name: str | None = None
) -> Attachment:
    """A file at a provider's URL. Without a media type, it is guessed from the name or the URL."""
    if not media_type:
        media_type = mimetypes.guess_type(name or "")[0] or mimetypes.guess_type(_path(url))[0]
    return Attachment(
        kind=kind_of(media_type),
        media_type=media_type,
        ref=url or None,
        size=size,
        filename=name or None,
    )


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
