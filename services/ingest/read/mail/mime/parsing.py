"""The library's parser of mails, as it is used here."""

import io
from email.errors import MessageError
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from typing import Final

BUGS: Final = (
    MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    AssertionError,
)
"""What the library raises for mails that it cannot read."""


class AsWritten(Compat32):
    """Header values as they came: stray bytes kept as surrogate escapes, lines where they were."""

    verify_generated_headers = False  # what was read is written, whatever it is

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002  # as overridden
        """The value as it was parsed."""
        return value

    def fold_binary(self, name: str, value: str) -> bytes:
        """The field as it was read."""
        return f"{name}: {value}\n".encode("utf-8", "surrogateescape")


POLICY = AsWritten()
PARSER = BytesParser(policy=POLICY)


def written(mail: Message) -> bytes | None:
    """A mail inside the mail as a file; only its line ends, and what no boundary held, may differ.

    None where the library cannot write what it has read.
    """
    written = io.BytesIO()
    try:
        BytesGenerator(written, mangle_from_=False, policy=POLICY).flatten(mail)
    except BUGS:
        return None
    return written.getvalue()
