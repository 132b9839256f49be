"""The time of receipt and the provider’s own (TKT 8)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.ingest.builders import RECEIVED, a_whatsapp, an_sms, the_message, with_headers


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2025-12-31T23:59:00.5Z", datetime(2025, 12, 31, 23, 59, 0, 500_000, UTC)),
        ("2026-01-01T00:59:00+01:00", datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
        ("1767225540", datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
        ("1767225540123", datetime(2025, 12, 31, 23, 59, 0, 123_000, UTC)),
        ("2099-01-01T00:00:00Z", RECEIVED),
        ("1970-01-01T00:00:00Z", RECEIVED),
        ("asdf", RECEIVED),
        ("1e400", RECEIVED),
        ("", RECEIVED),
    ],
)
def test_the_time_of_receipt_is_the_publishers_if_plausible(
    header: str, expected: datetime
) -> None:
    assert the_message(with_headers(an_sms(), x_received_at=header)).occurred_at == expected


@pytest.mark.spec("TKT 8")
@pytest.mark.parametrize(
    ("timestamp", "sent_at", "suspect"),
    [
        ("1767225600", RECEIVED - timedelta(minutes=1), False),
        ("1767225600000", RECEIVED - timedelta(minutes=1), False),
        ("asdf", RECEIVED, True),
        (None, RECEIVED, True),
        ("1", RECEIVED - timedelta(days=30), True),
        ("4000000000", RECEIVED + timedelta(minutes=10), True),
        ("9" * 400, RECEIVED, True),
    ],
)
def test_the_providers_time_is_kept_within_reason(
    timestamp: str | None,
    sent_at: datetime,
    suspect: bool,  # noqa: FBT001
) -> None:
    text = {"type": "text", "text": {"body": "hi"}, "timestamp": timestamp}

    message = the_message(a_whatsapp(text))

    assert message.sent_at == sent_at
    assert ("time_suspect" in message.flags) is suspect
