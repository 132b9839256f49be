"""Why brokers refuse us, in words: who wanted to do what, and which setting says so."""

import asyncio
import ssl
from typing import Any

from aiokafka import errors
from aiokafka.conn import create_conn

from shared.running.settings import KafkaSettings

_PATIENCE = 5.0
"""Seconds for one broker to say why it refuses us."""


def in_words(error: BaseException, settings: KafkaSettings, doing: str) -> str:
    """What happened while `doing` ("publishing to helpdesk.tickets"), and who was refused."""
    user = f"user {settings.username!r}" if settings.username else "an anonymous user"
    if isinstance(error, errors.TopicAuthorizationFailedError):
        named = error.args[0] if error.args and not isinstance(error.args[0], str) else ()
        topics = f" ({', '.join(sorted(map(str, named)))})" if named else ""
        return f"{doing}{topics} is not allowed to {user}: an ACL is missing"
    if isinstance(error, errors.GroupAuthorizationFailedError):
        groups = ", ".join(map(str, error.args))
        return f"{doing}: group {groups} is not allowed to {user}: an ACL is missing"
    if isinstance(error, errors.ClusterAuthorizationFailedError):
        return f"{doing} is not allowed to {user}: an ACL on the cluster or a topic is missing"
    return f"{doing} failed: {error!r}"


async def why_unreachable(options: dict[str, Any], settings: KafkaSettings) -> str | None:
    """What the brokers say to a first connection; None if one of them takes it.

    The driver says no more of it than that no broker can be reached.
    """
    said = None
    for broker in settings.bootstrap.split(","):
        try:
            await connected(broker, options, settings, _PATIENCE)
        except (OSError, TimeoutError, errors.KafkaError, ValueError) as error:
            said = f"{broker}: {_why(error, settings)}"
            continue
        return None
    return said


async def connected(
    broker: str, options: dict[str, Any], settings: KafkaSettings, patience: float
) -> None:
    """Return once the broker at `host:port` has taken a connection, TLS and user included.

    Raises OSError, TimeoutError (after `patience` seconds), KafkaError or ValueError if not.
    """
    host, _, port = broker.strip().rpartition(":")
    connection = await asyncio.wait_for(
        create_conn(
            host.strip("[]"),
            int(port),
            request_timeout_ms=int(patience * 1000),
            security_protocol=settings.security_protocol,
            ssl_context=options.get("ssl_context"),
            sasl_mechanism=options.get("sasl_mechanism"),
            sasl_plain_username=options.get("sasl_plain_username"),
            sasl_plain_password=options.get("sasl_plain_password"),
        ),
        patience,
    )
    connection.close()


def _why(error: Exception, settings: KafkaSettings) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(error, errors.AuthenticationFailedError | errors.SaslAuthenticationFailed):
        return (
            f"user {settings.username!r} is refused: is the password the right one"
            f" (HELPDESK_KAFKA__PASSWORD or HELPDESK_KAFKA__PASSWORD_FILE), and"
            f" {settings.sasl_mechanism} what the user has (HELPDESK_KAFKA__SASL_MECHANISM)?"
        )
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        return f"the broker does not take {settings.sasl_mechanism}: HELPDESK_KAFKA__SASL_MECHANISM"
    for each in (error, cause):
        if isinstance(each, ssl.SSLCertVerificationError):
            text = f"its certificate is not trusted ({each.verify_message})"
            return f"{text}: HELPDESK_KAFKA__CA_FILE"
        if isinstance(each, ssl.SSLError):
            text = f"TLS failed ({each.reason})"
            return f"{text}: HELPDESK_KAFKA__CERT_FILE, HELPDESK_KAFKA__SECURITY_PROTOCOL"
    return f"it does not answer ({error!r}), or not as HELPDESK_KAFKA__SECURITY_PROTOCOL has it"
