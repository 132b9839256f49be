"""Whether a reply may go out is said before one writes, as ticketing decides it (TKT 13)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.desk.rules.replying import replying
from services.desk.rules.rows import Row
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact, Identity
from shared.contracts.tickets import TicketSummary
from tests.builders import MONDAY

ACME = AccountSettings(account_id="acme")
DAY = timedelta(days=1)
INSTANT = timedelta(milliseconds=1)


def row(channel: Any, *, at: datetime = MONDAY, consent: Any = "none", **more: Any) -> Row:
    contact = Contact(
        id="c", identities=(Identity(type="external", value="c"),), sms_consent=consent
    )
    ticket = TicketSummary(
        number=1,
        channel=channel,
        address=more.pop("address", "+390200000001"),
        contact=contact,
        status=more.pop("status", "open"),
        opened_at=MONDAY,
    )
    return replace(Row("acme", "t", seq=1, summary=ticket), customer_at=at)


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize(("channel", "window"), [("whatsapp", DAY), ("instagram", 7 * DAY)])
def test_a_window_is_open_to_its_last_moment_and_no_longer(channel: str, window: timedelta) -> None:
    last = replying(row(channel), ACME, MONDAY + window, stopped=False)
    over = replying(row(channel), ACME, MONDAY + window + INSTANT, stopped=False)

    assert (last.allowed, last.until) == (True, MONDAY + window)
    assert (over.allowed, over.code) == (False, "window_over")


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize(
    ("consent", "stopped", "address", "code"),
    [
        ("marketing", False, "+390200000001", None),
        ("transactional", False, "+390200000001", None),
        ("none", False, "+390200000001", "no_consent"),
        ("marketing", True, "+390200000001", "no_consent"),
        ("marketing", False, "ACME", "cannot_receive"),
    ],
)
def test_an_sms_needs_consent_no_stop_and_a_number(
    consent: str, address: str, code: str | None, *, stopped: bool
) -> None:
    said = replying(row("sms", consent=consent, address=address), ACME, MONDAY, stopped=stopped)

    assert (said.allowed, said.code) == (code is None, code)


def test_a_closed_ticket_takes_no_reply() -> None:
    assert replying(row("webchat", status="closed"), ACME, MONDAY, stopped=False).code == "not_open"


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize(
    ("channel", "consent", "waited", "reopens", "also"),
    [
        ("email", "none", DAY, True, None),
        ("sms", "marketing", DAY, True, None),
        ("sms", "none", DAY, False, "no_consent"),
        ("whatsapp", "none", DAY, True, None),
        ("whatsapp", "none", 2 * DAY, False, "window_over"),
        ("webchat", "none", DAY, False, "cannot_reopen"),
        ("instagram", "none", DAY, False, "cannot_reopen"),
    ],
)
def test_of_a_closed_ticket_it_is_said_whether_opening_it_again_would_help(
    channel: str, consent: str, waited: timedelta, also: str | None, *, reopens: bool
) -> None:
    closed = row(channel, status="closed", consent=consent)

    said = replying(closed, ACME, MONDAY + waited, stopped=False)

    assert (said.allowed, said.code) == (False, "not_open")
    assert (said.reopens, said.also) == (reopens, also)


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_times_that_nobody_can_mean_break_nothing(at: datetime) -> None:
    replying(row("whatsapp", at=at), ACME, MONDAY, stopped=False)
