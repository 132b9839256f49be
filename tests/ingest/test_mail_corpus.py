"""Bounces, automatic answers, reports and complaints as programs write them, and people's mail.

The files in `corpus/automatic` are named after what they are; those in `corpus/ordinary` are all
to become messages, however much they talk of failed deliveries and absences (ING 4).
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.contracts.signals import Signal
from tests.ingest.builders import a_record, settled

CORPUS = Path(__file__).parent / "corpus"
AUTOMATIC = sorted((CORPUS / "automatic").glob("*.eml"))
ORDINARY = sorted((CORPUS / "ordinary").glob("*.eml"))
MESSAGE = "message"


def kinds(files: Sequence[Path]) -> dict[str, str]:
    found = {}
    for file in files:
        (body,) = settled(a_record("email", file.read_bytes())).said
        found[file.stem] = body.kind if isinstance(body, Signal) else MESSAGE
    return found


@pytest.mark.spec("ING 4")
def test_of_what_programs_write_hardly_any_becomes_a_message() -> None:
    found = kinds(AUTOMATIC)
    missed = [name for name, kind in found.items() if kind == MESSAGE]

    assert len(found) >= 90
    assert len(missed) <= 0.035 * len(found), missed


@pytest.mark.spec("ING 4")
def test_of_what_people_write_no_more_than_one_mail_does_not() -> None:
    found = kinds(ORDINARY)
    hidden = [name for name, kind in found.items() if kind != MESSAGE]

    assert len(found) >= 50
    assert len(hidden) <= 1, hidden


@pytest.mark.spec("ING 4")
def test_what_is_recognised_is_told_apart() -> None:
    found = kinds(AUTOMATIC)
    wrong = {
        name: kind for name, kind in found.items() if kind not in (MESSAGE, name.split(".")[0])
    }

    assert len(wrong) <= 1, wrong


def test_a_delay_is_never_taken_for_a_failure() -> None:
    found = kinds(AUTOMATIC)

    assert {kind for name, kind in found.items() if name.startswith("delivery_status")} == {
        "delivery_status"
    }
