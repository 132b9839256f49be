"""Every provider's samples, broken in every way (ING 7): nothing raised, nothing lost, and soon.

A fixed seed and a fixed number of cases; `HELPDESK_FUZZ_SECONDS=600` goes on with others for that
long (`make fuzz`).
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

import pytest

from services.ingest import rules
from services.ingest.rules import Outcome, Reading
from shared import topics
from shared.bus.delivery import Record
from shared.contracts.base import CHANNELS, Channel
from shared.topics import MESSAGES, SIGNALS
from tests.ingest.builders import Published, a_record, a_table, an_ingest
from tests.ingest.test_samples import FILES

SECONDS = float(os.environ.get("HELPDESK_FUZZ_SECONDS", "0"))
CASES = 1000
SLOWEST = 2.0
PLACES_A_FILE = 60
TABLE = a_table()
BATCH = 50
PLACES = 60_000
"""So far into a mail it is broken."""

ODD: list[Any] = [
    None,
    0,
    -1,
    1.5,
    10**400,
    1e300,
    True,
    False,
    "",
    " ",
    "x",
    "\x00",
    "\ud800",
    "٣",
    "9" * 500,
    [],
    [[]],
    {},
    {"id": {}},
    [None],
    ["x"],
    "US.1",
    "x" * 2000,
    {"body": "STOP"},
    "1e309",
    "NaN",
]
PIECES = [
    b"\n",
    b"\r",
    b"\n\n",
    b":",
    b"(",
    b")",
    b"<",
    b">",
    b'"',
    b";",
    b"=",
    b"--",
    b"=?utf-8?b?",
    b"?=",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\n--b\n",
    b"charset=",
    b"charset=utf-7",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b"boundary=",
    b"filename*0*=utf-8''%",
    b"Date: Thu, 99 Foo 99999\n",
    b"From: @@<>\n",
    b"Message-ID: <[a]>\n",
    b"References: " + b"<a@b>" * 50,
    b"<!--",
    b"<div style='display:none'>",
    b"&#x110000;",
]


def paths(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each place of a document: what holds it, and under which key or index."""
    for key, child in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(child, dict | list):
            yield from paths(child)


def broken_json(value: bytes, chance: random.Random) -> bytes:
    document = deepcopy(json.loads(value))
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        places = list(paths(document))
        if not places:
            break
        holder, key = chance.choice(places)
        match chance.choice(("drop", "odd", "odd", "twice", "wrapped", "elsewhere")):
            case "drop":
                del holder[key]
            case "odd":
                holder[key] = deepcopy(chance.choice(ODD))
            case "twice" if isinstance(holder, list):
                holder.insert(key, deepcopy(holder[key]))
            case "twice" | "wrapped":
                holder[key] = [holder[key], deepcopy(holder[key])]
            case _:
                other, at = chance.choice(places)
                holder[key] = deepcopy(other[at])
    return json.dumps(document).encode()


def broken_form(value: bytes, chance: random.Random) -> bytes:
    pairs: list[tuple[str, Any]] = list(
        parse_qsl(value.decode("utf-8", "replace"), keep_blank_values=True)
    )
    if not pairs:
        return value
    at = chance.randrange(len(pairs))
    match chance.choice(("drop", "odd", "twice")):
        case "drop":
            del pairs[at]
        case "odd":
            odd = str(chance.choice(ODD)) if chance.random() < 0.7 else "9" * chance.randrange(99)
            pairs[at] = (pairs[at][0], odd)
        case _:
            pairs.insert(chance.randrange(len(pairs)), pairs[at])
    return urlencode(pairs, errors="replace").encode()


def broken_mail(value: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 6)):
        start = chance.randint(0, min(len(value), PLACES))
        end = min(len(value), start + chance.choice((0, 0, 1, 5, 40, 400)))
        match chance.choice(("piece", "piece", "piece", "bytes", "copy", "cut", "lines")):
            case "piece":
                value = value[:start] + chance.choice(PIECES) + value[end:]
            case "bytes":
                value = value[:start] + chance.randbytes(chance.randint(1, 20)) + value[end:]
            case "copy":
                value = value[:end] + value[start:end] * chance.choice((1, 2, 50)) + value[end:]
            case "cut":
                value = value[:start]
            case _:
                lines = value.splitlines(keepends=True)
                chance.shuffle(lines)
                value = b"".join(lines)
    return value


BREAKERS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".json": broken_json,
    ".form": broken_form,
    ".eml": broken_mail,
}


def a_broken_sample(chance: random.Random) -> Record:
    path = chance.choice(FILES)
    channel, provider = path.parts[-3:-1]
    value = path.read_bytes()
    if chance.random() < 0.1:
        value = broken_mail(value, chance)
    else:
        value = BREAKERS[path.suffix](value, chance)
    headers = {} if chance.random() < 0.3 else {"x-provider": provider}
    if chance.random() < 0.05:
        channel = chance.choice(CHANNELS)
    return a_record(cast("Channel", channel), value, headers)


def random_bytes(chance: random.Random) -> Record:
    value = chance.randbytes(chance.randint(0, 300))
    if chance.random() < 0.5:
        value = chance.choice((b"{", b"[", b"From: a@b.example\n", b"a=", b'{"object":')) + value
    return a_record(chance.choice(CHANNELS), value)


def accounted_for(record: Record) -> Outcome:
    """Each part that the record says is published once, refused or counted; none is lost."""
    reading = rules.read(record)
    outcome = rules.settle(reading, TABLE)
    assert reading.findings
    singly = [
        rules.settle(Reading(reading.record, reading.channel, (part,)), TABLE)
        for part in reading.findings
    ]
    assert all(one.said or one.refused or one.arrived or one.unaddressed for one in singly)
    assert {body.id for one in singly for body in one.said} == {body.id for body in outcome.said}
    assert sum(len(one.refused) for one in singly) == len(outcome.refused)
    assert sum(len(one.arrived) for one in singly) == len(outcome.arrived)
    for body in outcome.said:
        topic = SIGNALS if body.type == "Signal" else MESSAGES
        assert topic.contract is not None
        again = topic.contract.validate_json(topic.record(body).value or b"")
        assert again == body or again.id == body.id
    return outcome


async def try_all(draw: Callable[[random.Random], Record]) -> None:
    """Draw records and try them, one by one and then as batches of the handler."""
    chance, until, count = random.Random(20260101), time.monotonic() + SECONDS / 2, 0
    while count < CASES or time.monotonic() < until:
        batch = [draw(chance) for _ in range(BATCH)]
        outcomes = []
        for record in batch:
            started = time.thread_time()
            outcomes.append(accounted_for(record))
            spent = time.thread_time() - started
            assert spent < SLOWEST * 3, (spent, record)  # it is read, settled, and settled singly
        published = Published()
        refusals = await an_ingest(published).records_received(batch)
        too_large = [place for place in refusals if not outcomes[place].refused]
        assert set(refusals) == {
            place for place, outcome in enumerate(outcomes) if outcome.refused
        } | set(too_large)
        if not too_large and not any(each.arrived for each in outcomes):
            said = [
                each for call in published.calls for each in call if each.topic != topics.FILES.name
            ]
            assert len(said) == sum(len(each.said) for each in outcomes)
        count += len(batch)


@pytest.mark.slow
@pytest.mark.spec("ING 7")
@pytest.mark.timeout(SECONDS + 60)
async def test_broken_samples_are_accounted_for() -> None:
    await try_all(a_broken_sample)


@pytest.mark.spec("ING 7")
@pytest.mark.timeout(SECONDS + 60)
async def test_random_bytes_are_accounted_for() -> None:
    await try_all(random_bytes)


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.suffix == ".json"],
    ids=lambda path: "/".join(path.parts[-3:]),
)
def test_a_payload_with_any_one_field_null_or_missing_is_accounted_for(path: Any) -> None:
    channel, provider = path.parts[-3:-1]
    document = json.loads(path.read_bytes())
    headers = {"x-provider": provider}
    places = list(paths(document))
    step = 1 if SECONDS else len(places) // PLACES_A_FILE + 1
    for number, (holder, key) in enumerate(places[::step]):
        kept = holder[key]
        for value in (None, [kept, kept], {"x": 1}, "9") if SECONDS else (None,) * (number % 2):
            holder[key] = value
            accounted_for(a_record(channel, json.dumps(document).encode(), headers))
        if SECONDS or not number % 2:
            dropped = holder.pop(key)
            accounted_for(a_record(channel, json.dumps(document).encode(), headers))
            if isinstance(holder, list):
                holder.insert(key, dropped)
        holder[key] = kept
