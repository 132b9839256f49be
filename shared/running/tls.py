"""TLS whose certificates may be renewed while a service runs."""

import contextlib
import ssl
import threading
from pathlib import Path
from typing import Any, Self

Stamp = tuple[tuple[int, int, int], ...]


class ChangingContext(ssl.SSLContext):
    """A client's context that is made anew from its files once one of them has changed.

    Each new connection looks at the files, so authorities that were taken away are trusted no more.
    While the files do not fit together (the certificate is new, its key not yet), the context is
    the last one that could be made. Hosts are always checked against the server's certificate.

    Raises OSError (SSLError is one) when the files are no good at first.
    """

    def __new__(cls, *_: object) -> Self:
        """Make what drivers take for the context; connections are the inner one's."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> None:
        super().__init__()
        self._ca, self._cert, self._key = ca_file, cert_file, key_file
        self._lock = threading.Lock()
        self._made_of = self._stamp()
        self._inner = self._make()

    def _stamp(self) -> Stamp:
        files = [file for file in (self._ca, self._cert, self._key) if file is not None]
        stats = [file.stat() for file in files]
        return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in stats)

    def _make(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca)
        if self._cert is not None:
            # Without a password to ask for: a terminal's question would hold the service up.
            context.load_cert_chain(self._cert, self._key, password=lambda: b"")
        return context

    def _current(self) -> ssl.SSLContext:
        # The database's driver connects in threads.
        with self._lock, contextlib.suppress(OSError):
            stamp = self._stamp()
            if stamp != self._made_of:
                self._inner = self._make()
                self._made_of = stamp
        return self._inner

    def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:  # noqa: ANN401  # as it is
        """See SSLContext."""
        return self._current().wrap_bio(*args, **named)

    def wrap_socket(self, *args: Any, **named: Any) -> ssl.SSLSocket:  # noqa: ANN401  # as it is
        """See SSLContext."""
        return self._current().wrap_socket(*args, **named)
