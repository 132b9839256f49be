"""Real payloads, and what becomes of each. `REGENERATE=1 pytest` writes the outcomes anew."""

import json
import os
import random
from pathlib import Path
from typing import Any, cast

import pytest

from services.ingest.rules import Outcome
from shared.bus.delivery import Record
from shared.contracts.base import Channel
from tests.ingest.builders import a_record, settled

SAMPLES = Path(__file__).parent / "samples"
FILES = sorted(
    path
    for path in SAMPLES.glob("*/*/*.*")
    if path.suffix in (".json", ".form", ".eml") and not path.name.endswith(".outcome.json")
)


def the_record(path: Path, offset: int = 0) -> Record:
    channel, provider = path.parts[-3:-1]
    headers = {"x-provider": provider}
    if path.suffix == ".form":
        headers["content-type"] = "application/x-www-form-urlencoded"
    value = path.read_bytes()
    return a_record(cast("Channel", channel), value, headers, offset)


def in_plain(outcome: Outcome) -> Any:
    arrived = [
        arrival.model_dump(mode="json", exclude={"piece": {"body"}}, exclude_defaults=True)
        | {"body": arrival.piece.body.hex()}
        for arrival in outcome.arrived
    ]
    return (
        ({"arrived": arrived} if arrived else {})
        | {
            "said": [
                body.model_dump(mode="json", exclude_defaults=True) | {"type": body.type}
                for body in outcome.said
            ],
            "refused": [
                {"reason": refused.reason, "text": str(refused)} for refused in outcome.refused
            ],
        }
        | (
            {"unaddressed": [why.reason for why in outcome.unaddressed]}
            if outcome.unaddressed
            else {}
        )
    )


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_real_payload_becomes_what_its_outcome_file_says(path: Path) -> None:
    outcome = in_plain(settled(the_record(path)))

    expected = path.parent / f"{path.stem}.outcome.json"
    if os.environ.get("REGENERATE"):
        expected.write_text(json.dumps(outcome, indent=1, ensure_ascii=False) + "\n")
    assert outcome == json.loads(expected.read_text())


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_payload_is_recognised_without_a_header_that_names_its_provider(path: Path) -> None:
    named = the_record(path)

    sniffed = a_record(cast("Channel", path.parts[-3]), named.value)

    assert in_plain(settled(sniffed)) == in_plain(settled(named))


@pytest.mark.spec("ING 2")
def test_replaying_everything_in_another_order_gives_the_same_ids() -> None:
    first = [the_record(path, offset) for offset, path in enumerate(FILES)]
    again = random.Random(7).sample(first, len(first))

    def ids(records: list[Record]) -> set[str]:
        return {body.id for record in records for body in settled(record).said}

    assert ids(first) == ids(again)
    assert len(ids(first)) == sum(len(settled(record).said) for record in first)
