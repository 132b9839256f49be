"""Mails and texts that are made to break the page of those who read them, and what must hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy

from tests.desk.hostile import mime
from tests.desk.hostile.pages import PAGES
from tests.desk.hostile.scripts import SCRIPTS

KEPT = "kept"
"""What every mail says besides: it must still be there to be read."""


@dataclass(frozen=True, slots=True)
class HostileMail:
    """A raw mail; how many pictures from elsewhere it asks for, and whether it quotes."""

    name: str
    raw: bytes
    remote: int = 0
    quoted: bool = False

    @property
    def html(self) -> str:
        """Its HTML, uncleaned, as a careless reader decodes it; its text where it has none."""
        parsed = message_from_bytes(self.raw, policy=policy.compat32)
        parts = [part for part in parsed.walk() if part.get_content_maintype() == "text"]
        value = parts[0].get_payload(decode=True)
        assert isinstance(value, bytes)
        return value.decode("utf-8", "replace")


def mails() -> Iterator[HostileMail]:
    """All hostile mails, each with a name of its own."""
    for name, html in SCRIPTS.items():
        yield HostileMail(f"{name} (script)", mime.a_mail(html))
    for name, page in PAGES.items():
        yield HostileMail(f"{name} (page)", mime.a_mail(page.html), page.remote, page.quoted)
    for name, raw in mime.MAILS.items():
        yield HostileMail(f"{name} (mime)", raw)


MAILS = {mail.name: mail for mail in mails()}
"""The hostile mails by name."""
