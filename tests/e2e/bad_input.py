"""Everything that a topic can be given which is no message, and a pipeline that was given it."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from shared.bus.delivery import Headers, Outgoing
from shared.clock import system_clock
from shared.contracts.accounts import AccountSettings, Address, Agent, AssignmentSettings
from shared.contracts.base import Identity
from shared.contracts.presence import AgentWentOnline
from shared.contracts.profiles import Profile
from shared.topic import Topic
from shared.topics import ACCOUNTS, INBOUND, PROFILES, TICKETS, TOPICS
from tests.contracts.library import EXAMPLES, Example, Json
from tests.e2e.harness import Replica

ACCOUNT, MAILBOX = "lumen", "help@lumen.example"
OTHER, PHONE = "acme", "+390200000001"
CASE = "test-case"
"""The header by which a record is known again among the dead letters."""

MEGABYTE = random.Random(1).randbytes(1024 * 1024)
ODD: Headers = (("odd", b"\xff\xfe\x00"), ("null", None), ("", b""), ("correlation-id", b"\xff"))

CONSUMED = [topic for topic in TOPICS if topic.consumers]
SPOKEN = [topic for topic in CONSUMED if topic.contract is not None]
TYPED = [topic for topic in SPOKEN if not topic.compacted]

GARBAGE: dict[str, bytes] = {
    "empty value": b"",
    "invalid UTF-8": b"\xff\xfe\x00\xd8",
    "broken JSON": b'{"account_id": "lumen", "type"',
    "null": b"null",
    "a list": b"[{}]",
    "wrong types": b'{"account_id": 7, "type": {}, "id": [], "Body": 1, "entry": 1}',
    "very deep": b"[" * 20_000,
    "1 MB of garbage": MEGABYTE,
}


def settings() -> AccountSettings:
    """The account that the golden examples are of. Its tickets, which are none, are nobody's."""
    said = Example(EXAMPLES / ACCOUNTS.name / "AccountSettings.json").json
    return AccountSettings.model_validate(said | {"assignment": {}})


def other_settings() -> AccountSettings:
    """Another account, of which no bad record is: always open, Ann takes tickets."""
    return AccountSettings(
        account_id=OTHER,
        channels=("sms",),
        addresses=(Address(channel="sms", value=PHONE),),
        agents=(Agent(id="ann", name="Ann"),),
        assignment=AssignmentSettings(round_robin=True, heartbeat_limit=timedelta(days=1)),
    )


def example(topic: Topic[Any]) -> Json:
    """A good message of the topic."""
    files = sorted((EXAMPLES / topic.name).glob("*.json"))
    first = {TICKETS.name: "TicketOpened.json", ACCOUNTS.name: "AccountSettings.json"}
    chosen = [file for file in files if file.name == first.get(topic.name, files[0].name)]
    return Example(chosen[0]).json | {"account_id": ACCOUNT}


def tagged(
    topic: Topic[Any],
    case: str,
    value: bytes | None,
    *,
    key: bytes | None = b"lumen:x:y",
    headers: Headers = (),
) -> Outgoing:
    """A record that carries its case, after the headers it has anyway."""
    return Outgoing(topic.name, key, value, (*headers, (CASE, case.encode())))


def bad_records() -> Iterator[tuple[Topic[Any], str, Outgoing]]:
    """Each must end among the dead letters of everybody who handles the topic."""
    for topic in CONSUMED:
        for case, value in GARBAGE.items():
            yield topic, case, tagged(topic, case, value, headers=ODD)
        # The broker itself takes no record without a key on a compacted topic.
        if not topic.compacted:
            yield topic, "keyless garbage", tagged(topic, "keyless garbage", b"{", key=None)
            yield topic, "tombstone", tagged(topic, "tombstone", None)
            yield topic, "nothing at all", tagged(topic, "nothing at all", None, key=None)
    for topic in SPOKEN:
        if topic is not ACCOUNTS:
            said = example(topic) | {"account_id": "nobody"}
            yield topic, "unknown account", tagged(topic, "unknown account", _json(said))
    for topic in TYPED:
        if not topic.open_ended:
            said = example(topic) | {"type": "Merged.v2"}
            yield topic, "unknown type", tagged(topic, "unknown type", _json(said))
    for channel, topic in INBOUND.items():
        said = {"From": "+1", "To": "+15550000000", "Body": "x", "MessageSid": f"S{channel}"}
        yield topic, "unknown address", tagged(topic, "unknown address", _json(said))


def newer_records() -> Iterator[tuple[Topic[Any], Outgoing]]:
    """What a newer version may have sent: nobody handles it, and nobody is hurt."""
    for topic in TYPED:
        if topic.open_ended:
            said = example(topic) | {"type": "Merged.v2"}
            yield topic, tagged(topic, "a newer type", _json(said))


def good_records() -> Iterator[tuple[Topic[Any], str, Outgoing]]:
    """Each is handled, whatever its key and headers are."""
    for topic in SPOKEN:
        said = example(topic)
        if topic is ACCOUNTS:
            said = settings().model_dump(mode="json", by_alias=True)
        value = _json(said)
        if not topic.compacted:
            yield topic, "good, keyless", tagged(topic, "good, keyless", value, key=None)
        yield topic, "good, odd headers", tagged(topic, "good, odd headers", value, headers=ODD)
        odd_key = tagged(topic, "good, odd key", value, key=b"\xff\x00" * 100)
        yield topic, "good, odd key", odd_key


def extreme_records() -> Iterator[tuple[Topic[Any], str, Outgoing]]:
    """Well-formed, and at the edge of what databases and calendars hold: no bug, at the least."""
    edges: dict[str, Callable[[str, Any], Any]] = {
        "the last moment": _times("9999-12-31T23:59:59.999Z"),
        "the first moment": _times("0001-01-01T00:00:00Z"),
        "a number of 70 bits": lambda _, value: 2**70 if _is_int(value) else value,
        "null characters": lambda name, value: (
            f"{value}\0" if name in {"text", "rule", "because", "correlation_id"} else value
        ),
    }
    for topic in TYPED:
        for file in sorted((EXAMPLES / topic.name).glob("*.json")):
            for edge, change in edges.items():
                said = _changed(Example(file).json, change)
                # Each an event of its own; a later seq, where it has one.
                said["id"] = f"{said['id']}:{edge}:{file.stem}"
                case = f"{edge}: {file.stem}"
                yield topic, case, tagged(topic, case, _json(said))
    for topic in (t for t in TYPED if t.name.startswith("helpdesk.messages")):
        said = example(topic) | {"id": "keys", "provider_message_id": "keys"}
        said["structured"] = {"a\0b": 1, "$set": {"x": 1}, "a.b": {"": 2**70}}
        yield topic, "odd names", tagged(topic, "odd names", _json(said))


def _times(moment: str) -> Callable[[str, Any], Any]:
    return lambda name, value: moment if name.endswith(("_at", "until")) and value else value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _changed(said: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    if isinstance(said, dict):
        return {field: _changed(value, change, field) for field, value in said.items()}
    if isinstance(said, list):
        return [_changed(value, change, name) for value in said]
    return change(name, said)


def an_sms(sid: str, sender: str, to: str = PHONE) -> Outgoing:
    """A good record of a channel."""
    said = {"MessageSid": sid, "From": sender, "To": to, "Body": "Is anybody there?"}
    headers: Headers = (
        ("content-type", b"application/x-www-form-urlencoded"),
        ("x-provider", b"twilio"),
        *ODD,
    )
    return tagged(INBOUND["sms"], sid, urlencode(said).encode(), key=None, headers=headers)


def a_mail(name: str, sender: str) -> Outgoing:
    """A good mail."""
    lines = [
        f"From: {sender}",
        f"To: {MAILBOX}",
        f"Message-ID: <{name}@x.example>",
        f"Subject: {name}",
        "Date: Wed, 04 Mar 2026 09:00:00 +0000",
        "",
        "Hello?",
        "",
    ]
    named: Headers = (("content-type", b"message/rfc822"), ("x-rcpt-to", MAILBOX.encode()))
    return tagged(INBOUND["email"], name, "\r\n".join(lines).encode(), headers=named)


def vera(*segments: str) -> Outgoing:
    """A profile, of whom a mail of `vera@example.com` is."""
    return PROFILES.record(
        Profile(
            account_id=ACCOUNT,
            profile_id="profile-vera",
            identities=(Identity(type="email", value="vera@example.com"),),
            segments=segments,
        )
    )


def ann_is_on() -> AgentWentOnline:
    """Somebody takes tickets."""
    return AgentWentOnline(
        account_id=OTHER,
        id="on",
        occurred_at=system_clock(),
        correlation_id="on",
        agent_id="ann",
        said_by="ann",
    )


def _json(said: object) -> bytes:
    return json.dumps(said).encode()


def answers(replica: Replica, path: str) -> bool:
    """Whether the process says that it is well."""
    try:
        return replica.get(path) == "ok\n"
    except (StopIteration, HTTPError, URLError, OSError):
        return False
