"""Why something could not be found out, in a few kinds whose words show no secret."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from shared.errors import WrongSettings
from shared.running.telling import told

Kind = Literal[
    "name",
    "refused",
    "tls",
    "authentication",
    "rights",
    "time-out",
    "unknown",
    "unasked",
    "other",
]
"""`unknown`: the server does not know the question; `unasked`: what it rests on failed before."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer; the text is for people."""

    kind: Kind
    text: str


_BY_CLASS: dict[str, tuple[Kind, str]] = {
    "AuthenticationFailedError": ("authentication", "user or password is refused"),
    "SaslAuthenticationFailed": ("authentication", "user or password is refused"),
    "UnsupportedSaslMechanismError": ("authentication", "the SASL mechanism is not taken"),
    "AuthenticationError": ("authentication", "user or password is refused, or one is missing"),
    "AuthenticationWrongNumberOfArgsError": ("authentication", "a user or a password is missing"),
    "NoPermissionError": ("rights", "this user may not ask that"),
    "TopicAuthorizationFailedError": ("rights", "this user may not ask that of a topic"),
    "GroupAuthorizationFailedError": ("rights", "this user may not ask that of a group"),
    "ClusterAuthorizationFailedError": ("rights", "this user may not ask that of the cluster"),
    "SecurityDisabled": ("unknown", "the brokers have no authorizer: everybody may do everything"),
    "UnsupportedVersionError": ("unknown", "the broker does not know the question"),
    "IncompatibleBrokerVersion": ("unknown", "the broker does not know the question"),
    "GroupCoordinatorNotAvailableError": ("other", "no broker takes care of the group"),
    "TimeoutError": ("time-out", "there was no answer in time"),
    "KafkaTimeoutError": ("time-out", "there was no answer in time"),
    "RequestTimedOutError": ("time-out", "there was no answer in time"),
    "NetworkTimeout": ("time-out", "there was no answer in time"),
}
_BY_CODE: dict[int, tuple[Kind, str]] = {
    13: ("rights", "this user may not ask that"),
    18: ("authentication", "user or password is refused"),
    59: ("unknown", "the server does not know the command"),
    115: ("unknown", "the server does not know the command"),
    8000: ("authentication", "user or password is refused"),
}
_BY_WORDS: tuple[tuple[str, Kind, str], ...] = (
    ("certificate verify failed", "tls", "the server's certificate is not trusted"),
    ("[ssl", "tls", "TLS failed"),
    ("ssl handshake", "tls", "TLS failed"),
    ("unknown command", "unknown", "the server does not know the command"),
    ("requires authentication", "authentication", "a user and a password are asked for"),
    ("connection refused", "refused", "nobody listens there"),
    ("timed out", "time-out", "there was no answer in time"),
    ("no replica set members match", "other", "its replica set has no primary"),
    # What MongoDB's driver says when it was told nothing at all.
    ("no servers found yet", "time-out", "there was no answer in time"),
)


def failure_of(error: BaseException) -> Failure:
    """What went wrong, by the error and by what it came from."""
    chain = list(_chain(error))
    for each in chain:
        if isinstance(each, socket.gaierror):
            return Failure("name", "the name is not resolved")
        if isinstance(each, ssl.SSLCertVerificationError):
            text = f"the server's certificate is not trusted ({each.verify_message})"
            return Failure("tls", text)
        if isinstance(each, ssl.SSLError):
            return Failure("tls", f"TLS failed ({getattr(each, 'reason', None)})")
    for each in chain:
        known = _known(each)
        if known is not None:
            return known
    return Failure("other", told(error))


def _known(error: BaseException) -> Failure | None:
    for name in (base.__name__ for base in type(error).__mro__):
        if name in _BY_CLASS:
            return Failure(*_BY_CLASS[name])
    code = getattr(error, "code", None)
    if isinstance(code, int) and code in _BY_CODE:
        return Failure(*_BY_CODE[code])
    if isinstance(error, ConnectionRefusedError):
        return Failure("refused", "nobody listens there")
    words = str(error).lower()
    return next((Failure(kind, text) for said, kind, text in _BY_WORDS if said in words), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or each.__context__


async def asked(question: Awaitable[T], seconds: float) -> T | Failure:
    """The answer, or why there was none within so many seconds. Raises WrongSettings alone."""
    try:
        async with asyncio.timeout(seconds):
            return await question
    except WrongSettings:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the other questions go on
        return failure_of(error)
