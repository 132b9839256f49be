"""Bounces, automatic answers, reports and complaints as programs write them, and people's mail.

The files in `corpus/automatic` are named after what they are; those in `corpus/ordinary` are all
to become messages, however much they talk of failed deliveries and absences. Those in
`corpus/generated` a program made of what a customer said elsewhere: forms, voice mail (ING 4).
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import AccountSettings, Address
from shared.contracts.signals import Signal
from tests.ingest.builders import MAILBOX, a_record, a_table, settled

CORPUS = Path(__file__).parent / "corpus"
AUTOMATIC, ORDINARY, GENERATED = (
    tuple(sorted((CORPUS / name).glob("*.eml"))) for name in ("automatic", "ordinary", "generated")
)
MESSAGE, DEAD_LETTER = "message", "dead letter"
SHOWN = a_table(
    AccountSettings(
        account_id="shop",
        channels=("email",),
        addresses=(Address(channel="email", value=MAILBOX, generated_mail="ticket"),),
    )
)


@cache
def kinds(files: Sequence[Path], accounts: AccountsTable | None = None) -> dict[str, str]:
    found = {}
    for file in files:
        outcome = settled(a_record("email", file.read_bytes(), {"x-rcpt-to": MAILBOX}), accounts)
        bodies = list(outcome.said)
        found[file.stem] = (
            DEAD_LETTER
            if not bodies
            else bodies[0].kind
            if isinstance(bodies[0], Signal)
            else MESSAGE
        )
    return found


@pytest.mark.spec("ING 4")
def test_of_what_programs_write_hardly_any_becomes_a_message_and_none_a_dead_letter() -> None:
    found = kinds(AUTOMATIC)
    missed = [name for name, kind in found.items() if kind == MESSAGE]

    assert len(found) >= 400
    assert DEAD_LETTER not in found.values()
    assert len(missed) <= 0.025 * len(found), missed


@pytest.mark.spec("ING 4")
def test_of_what_people_write_no_more_than_one_mail_is_hidden() -> None:
    found = kinds(ORDINARY)
    hidden = [name for name, kind in found.items() if kind != MESSAGE]

    assert len(found) >= 400
    assert len(hidden) <= 1, hidden


@pytest.mark.spec("ING 4")
def test_what_programs_make_of_a_customers_words_is_a_message_where_the_mailbox_is_set_so() -> None:
    found = kinds(GENERATED, SHOWN)

    assert set(found.values()) == {MESSAGE}, found


@pytest.mark.spec("ING 4")
def test_what_is_recognised_is_told_apart() -> None:
    found = kinds(AUTOMATIC)
    wrong = {
        name: kind for name, kind in found.items() if kind not in (MESSAGE, name.split(".")[0])
    }

    assert len(wrong) <= 0.01 * len(found), wrong


def test_a_delay_is_never_taken_for_a_failure() -> None:
    found = kinds(AUTOMATIC)

    assert {kind for name, kind in found.items() if name.startswith("delivery_status")} == {
        "delivery_status"
    }
