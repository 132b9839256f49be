"""The bytes of files that came inside a record: what `file_id` of an attachment leads to."""

import binascii
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shared.contracts.base import Envelope, Id

LARGEST_PART: Final = 512 * 1024
"""Bytes of a file that one part has at most."""

MOST_PARTS: Final = 400

_LONGEST: Final = (LARGEST_PART + 2) // 3 * 4


def _decodable(content: str) -> str:
    try:
        binascii.a2b_base64(content, strict_mode=True)
    except ValueError as error:
        message = "it is no base64"
        raise ValueError(message) from error
    return content


def _length(content: str) -> int:
    return len(content) * 3 // 4 - content[-2:].count("=")


class FilePart(Envelope):
    """A part of a file that came with an inbound message, for `file_id` of its attachment.

    `file_id` is computed from the message's id and from where in the record the file lies, so that
    the same record twice gives the same file. `contact` is the id of whom the message is from.
    `part` counts from 1 to `parts`; all parts but the last have 512 KiB of bytes (`content`, in
    base64), and a file without bytes has one part. `size` is the whole file's, in bytes. `name` and
    `content_type` are as the message says them: nothing in them can be relied on.
    """

    type: Literal["FilePart"] = "FilePart"
    file_id: Id
    message_id: Id
    contact: Id
    name: Annotated[str, Field(max_length=1_000)] = ""
    content_type: Annotated[str, Field(max_length=200)] | None = None
    size: Annotated[int, Field(ge=0, le=LARGEST_PART * MOST_PARTS)]
    part: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    parts: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    content: Annotated[str, Field(max_length=_LONGEST), AfterValidator(_decodable)]

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.parts != max(1, -(-self.size // LARGEST_PART)):
            message = f"a file of {self.size} bytes has no {self.parts} parts"
            raise ValueError(message)
        if self.part > self.parts:
            message = f"there is no part {self.part} of {self.parts}"
            raise ValueError(message)
        whole = LARGEST_PART if self.part < self.parts else self.size % LARGEST_PART
        if _length(self.content) != (whole or min(self.size, LARGEST_PART)):
            message = f"part {self.part} of {self.parts} has another number of bytes"
            raise ValueError(message)
        return self

    @property
    def data(self) -> bytes:
        """The part's bytes."""
        return binascii.a2b_base64(self.content)
