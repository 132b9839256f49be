"""What is sent, what is not, and the words of it, case by case (ARP)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.replies.rules.deciding import Decided, decide
from services.replies.rules.news import Due, News
from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact, Identity
from shared.contracts.commands import FollowUpByMail
from shared.values import wording
from tests.replies.world import CARLO, GIULIA, MORNING, Ticket, acme

MINUTE = timedelta(minutes=1)


def after(*items: News, settings: AccountSettings | None = None) -> Decided:
    """What is decided of the last item, after the ones before it."""
    decided: Decided | None = None
    for item in items:
        now = item.now if isinstance(item, Due) else item.occurred_at
        decided = decide(decided.known if decided else None, item, settings or acme(), now)
    assert decided is not None
    return decided


def left_unanswered(at: datetime = MORNING) -> tuple[list[Any], datetime]:
    """A visitor asks, leaves, and is answered; and when their mail is due."""
    chat = Ticket("webchat", GIULIA)
    items = [
        chat.wrote(at),
        chat.signal("disconnected", at + MINUTE),
        chat.answered(at + 2 * MINUTE),
    ]
    return items, at + 5 * MINUTE


def due(at: datetime, now: datetime) -> Due:
    return Due("acme", GIULIA.id, "chat-t1", at, now)


@pytest.mark.spec("ARP 3")
def test_a_mail_that_is_due_later_by_now_waits() -> None:
    """The account has made its time longer since, or the visitor was answered again."""
    items, at = left_unanswered()
    longer = acme(auto_replies={"follow_up": {"enabled": True, "after": "PT30M"}, "webchat": {}})

    decided = after(*items)
    waits = decide(decided.known, due(at, at + MINUTE), longer, at + MINUTE)

    assert waits.publish == []
    assert waits.known.due_at == MORNING + 32 * MINUTE
    sent = decide(waits.known, due(waits.known.due_at, at + 40 * MINUTE), longer, at + 40 * MINUTE)
    assert sent.told == [("follow_up", "sent")]


@pytest.mark.spec("ARP 3")
def test_a_follow_up_that_was_switched_off_meanwhile_is_not_sent() -> None:
    items, at = left_unanswered()

    decided = decide(after(*items).known, due(at, at + MINUTE), acme(auto_replies={}), at + MINUTE)

    assert (decided.publish, decided.told) == ([], [])


@pytest.mark.spec("ARP 3")
def test_the_mail_has_all_that_was_missed_in_the_customers_language() -> None:
    chat = Ticket("webchat", GIULIA)
    items: list[Any] = [
        chat.wrote(MORNING, "Buongiorno, vorrei sapere quando arriva il mio ordine, grazie"),
        chat.signal("disconnected", MORNING + MINUTE),
        chat.answered(MORNING + 2 * MINUTE, "Arriva domani."),
        chat.answered(MORNING + 3 * MINUTE, "Altro?"),
    ]
    decided = after(*items, due(MORNING + 6 * MINUTE, MORNING + 7 * MINUTE))

    (record,) = decided.publish
    assert record.value is not None
    mail = FollowUpByMail.model_validate_json(record.value)
    assert mail.text.startswith("Salve Giulia,")
    assert "Arriva domani.\n\nAltro?" in mail.text
    assert (mail.mailbox, mail.to) == ("help@acme.example", "giulia@example.com")
    assert mail.missed_seq == 3


@pytest.mark.spec("ARP 4")
@pytest.mark.parametrize("kind", ["short_code", "sender_name"])
def test_a_machines_number_is_told_by_its_kind(kind: Any) -> None:
    machine = Contact(id=f"{kind}:40404", identities=(Identity(type=kind, value="40404"),))

    decided = after(Ticket("sms", machine).wrote(MORNING))

    assert ("sms", "machine") in decided.told


@pytest.mark.spec("ARP 1")
def test_late_by_a_day_nobody_but_a_agent_answers() -> None:
    wrote = Ticket("sms", CARLO).wrote(MORNING)

    told = [
        decide(None, wrote, acme(), MORNING + late).told[0][1]
        for late in (timedelta(hours=24), timedelta(hours=24, seconds=1))
    ]

    assert told == ["sent", "too_old"]


@pytest.mark.spec("ARP 2")
@pytest.mark.parametrize(
    ("now", "language", "said"),
    [
        (datetime(2026, 3, 4, 6, 30, tzinfo=UTC), "en", "09:00"),
        (datetime(2026, 3, 4, 20, 0, tzinfo=UTC), "it", "giovedì 09:00"),
        (datetime(2026, 3, 6, 20, 0, tzinfo=UTC), "es", "lunes 09:00"),
        (datetime(2026, 3, 4, 20, 0, tzinfo=UTC), "nl", "2026-03-05 09:00"),
        (datetime(2026, 3, 4, 10, 0, tzinfo=UTC), "en", None),
        # The night in which clocks go forward: 09:00 is an hour earlier by UTC.
        (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), "en", "Monday 09:00"),
    ],
)
def test_the_next_opening_is_said_in_words(now: datetime, language: str, said: str | None) -> None:
    days = ("mon", "tue", "wed", "thu", "fri")
    hours = {"weekly": [{"day": day, "from": "09:00", "until": "18:00"} for day in days]}
    settings = acme(time_zone="Europe/Rome", business_hours=hours)

    assert wording.opening(settings, now, language) == said


@pytest.mark.spec("ARP 1")
def test_what_has_no_value_is_left_out_with_its_gap() -> None:
    text = "Hello {{contact.name}}, ticket {{ticket.number}}  (see {{account.email}})."

    assert wording.completed(text, {"ticket.number": "7"}) == "Hello, ticket 7 (see)."
    assert wording.completed("Two  spaces, {{ticket.number}}", {"ticket.number": "7"}) == (
        "Two  spaces, 7"
    )


@pytest.mark.spec("ARP 3")
def test_an_answer_that_went_by_mail_was_not_missed() -> None:
    chat = Ticket("webchat", GIULIA)
    mailed = chat.wrote(MORNING), chat.signal("disconnected", MORNING + MINUTE)
    answered = chat.answered(MORNING + 2 * MINUTE).model_copy(update={"mailed_to": "g@x.example"})

    assert after(*mailed, answered).known.due_at == FAR_FUTURE


@pytest.mark.spec("ARP 3")
def test_an_answer_of_the_last_moment_there_is_makes_no_mail_and_no_error() -> None:
    end = datetime.max.replace(tzinfo=UTC, microsecond=0)
    chat = Ticket("webchat", GIULIA)

    decided = after(chat.wrote(MORNING), chat.signal("disconnected", end), chat.answered(end))

    assert decided.known.due_at == FAR_FUTURE
