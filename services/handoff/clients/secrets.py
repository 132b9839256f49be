"""What other helpdesks let us in by: files that the operator mounts, read anew each time."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.running.secret_files import read_secret

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")


class NoCredentials(Exception):
    """There are none to be had; the text names the file, and nothing of what stands in it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and their token."""

    user: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets in a folder, each a file with a line `user:token`."""

    folder: Path

    def of(self, name: str) -> Credentials:
        """What the secret of that name says now. Raises NoCredentials."""
        if not _NAME.fullmatch(name):
            raise NoCredentials("the account's secret has a name that no file can have")
        try:
            said = read_secret(self.folder / name)
        except (OSError, ValueError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise NoCredentials(f"the secret {name} cannot be read: {why}") from None
        user, colon, token = said.splitlines()[0].partition(":")
        if not colon or not user.strip() or not token.strip():
            raise NoCredentials(f"the secret {name} has no line user:token")
        return Credentials(user.strip(), token.strip())
