"""Large mails in a folder, on a volume that the receiver of the mail shares with ingest."""

import asyncio
import errno
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.ingest.unwrap.large_mail import Blob
from shared.errors import Transient

_NO_SUCH_FILE = (
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files below `root`, by `file://` URLs; see `services.ingest.unwrap.large_mail.Blobs`."""

    root: Path

    def has(self, ref: str) -> bool:
        """Whether `ref` is a file's URL. Only `read` finds out whether the file may be read."""
        return ref.startswith("file:")

    async def read(self, ref: str, limit: int) -> Blob | None:
        """The file's content; None if there is no such file, or if it is not below the folder.

        Raises Transient while the folder itself cannot be read.
        """
        return await asyncio.to_thread(self._read, ref, limit)

    def _read(self, ref: str, limit: int) -> Blob | None:
        root = self.root.resolve()
        if not root.is_dir():
            raise Transient(f"the folder of large mails is away: {self.root}")
        try:
            path = Path(unquote(urlsplit(ref).path)).resolve()
            if not path.is_relative_to(root):
                return None
            with path.open("rb") as file:
                content = file.read(limit + 1)
        except ValueError:
            return None
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                return None
            raise Transient(f"{ref}: {error.strerror}") from error
        return Blob(content[:limit], whole=len(content) <= limit)
