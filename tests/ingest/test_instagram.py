"""Instagram's webhooks, where a sample's outcome does not say why."""

import json
from typing import Any

import pytest

from shared.bus.delivery import Record
from shared.contracts.messages import MessageDeleted, MessageEdited
from tests.ingest.builders import (
    PAGE,
    a_record,
    an_instagram,
    settled,
    the_message,
    the_signal,
)


def an_event(entry_id: str = PAGE, **event: Any) -> Record:
    whole = {"sender": {"id": "igsid-1"}, "recipient": {"id": PAGE}, "timestamp": 1767225600000}
    body = {"object": "instagram", "entry": [{"id": entry_id, "messaging": [whole | event]}]}
    return a_record("instagram", json.dumps(body).encode())


@pytest.mark.spec("ING 5")
@pytest.mark.parametrize(
    "event",
    [
        {"message": {"mid": "m", "text": "hi"}},
        {"message": {"mid": "m", "is_deleted": True}},
        {"postback": {"title": "hi"}},
        {"message_edit": {"mid": "m", "num_edit": 1, "text": "x"}},
    ],
)
def test_a_message_to_another_page_than_it_came_for_is_refused(event: dict[str, Any]) -> None:
    outcome = settled(an_event(recipient={"id": "999"}, **event))

    assert not outcome.said
    assert outcome.refusal is not None
    assert outcome.refusal.reason == "malformed"


def test_the_dashboards_test_event_goes_by_its_recipient() -> None:
    message = the_message(an_event("0", message={"mid": "m", "text": "hi"}))

    assert message.address == PAGE


@pytest.mark.parametrize(
    "timestamp",
    [
        1767225600000,
        "1767225600000",
        1767225600,
        "1767225600",
        1767225600.0,
    ],
)
def test_instagrams_time_may_be_in_seconds_and_in_text(timestamp: object) -> None:
    message = the_message(an_event(timestamp=timestamp, message={"mid": "m", "text": "hi"}))

    assert message.sent_at.isoformat() == "2026-01-01T00:00:00+00:00"


@pytest.mark.spec("ING 2")
def test_a_message_that_comes_as_an_unedited_edit_or_in_changes_is_the_same() -> None:
    message = {"mid": "m", "text": "hi"}
    event = {
        "sender": {"id": "igsid-1"},
        "recipient": {"id": PAGE},
        "timestamp": "1767225600",
        "message": message,
    }
    change = {
        "object": "instagram",
        "entry": [{"id": PAGE, "changes": [{"field": "messages", "value": event}]}],
    }
    forms = [
        an_event(message=message),
        an_event(message_edit=message | {"num_edit": 0}),
        an_event(message_edit=message | {"num_edit": "0"}),
        a_record("instagram", json.dumps(change).encode()),
    ]

    messages = [the_message(record) for record in forms]

    assert len({message.id for message in messages}) == 1
    assert {message.text for message in messages} == {"hi"}


@pytest.mark.spec("ING 4")
def test_an_unedited_edit_without_text_leaves_room_for_the_message_itself() -> None:
    signal = the_signal(an_event(message_edit={"mid": "m", "num_edit": 0}))

    assert signal.kind == "empty"
    assert signal.detail["mid"] == "m"


@pytest.mark.spec("ING 4")
def test_instagrams_edits_count_up_and_an_unsent_message_is_deleted() -> None:
    edits = [an_event(message_edit={"mid": "m", "text": "x", "num_edit": n}) for n in (2, "10")]
    (deletion,) = settled(an_event(message={"mid": "m", "is_deleted": True})).said

    versions = []
    for record in edits:
        (body,) = settled(record).said
        assert isinstance(body, MessageEdited)
        versions.append(body.version)
    assert versions == [2, 10]
    assert isinstance(deletion, MessageDeleted)
    assert deletion.message_id == the_message(an_event(message={"mid": "m", "text": "x"})).id


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "message",
    [
        {"mid": "m", "is_echo": True, "text": "hi"},
        {"mid": "m", "is_echo": True, "attachments": [{"type": "story_mention", "payload": {}}]},
        {"mid": "m", "is_echo": True, "is_deleted": True},
        {"mid": "m", "is_self": True, "text": "hi"},
        {"is_echo": True},
    ],
)
def test_what_the_account_itself_wrote_is_an_echo(message: dict[str, Any]) -> None:
    assert the_signal(an_instagram({"message": message})).kind == "echo"


@pytest.mark.spec("ING 4")
def test_a_heart_alone_is_a_reaction_and_one_to_a_story_an_answer() -> None:
    heart = [{"type": "like_heart"}]

    alone = the_signal(an_event(message={"mid": "m", "attachments": heart}))
    story = the_message(
        an_event(message={"mid": "n", "attachments": heart, "reply_to": {"story": {"id": "s"}}})
    )

    assert (alone.kind, alone.text) == ("reaction", "❤")
    assert (story.text, story.story and story.story.id) == ("❤", "s")


def test_a_shared_post_under_its_old_and_new_name_is_one_file() -> None:
    def post(kind: str, url: str, **payload: str) -> dict[str, Any]:
        return {"type": kind, "payload": {"url": url, "title": "Shoes"} | payload}

    by_id = [post("share", "u1", ig_post_media_id="1"), post("ig_post", "u2", ig_post_media_id="1")]
    by_url = [post("share", "u1"), post("ig_post", "u1", ig_post_media_id="1")]
    two = [post("share", "u1"), post("share", "u2")]

    def files(attachments: list[dict[str, Any]]) -> int:
        message = the_message(an_event(message={"mid": "m", "attachments": attachments}))
        return len(message.attachments)

    assert [files(by_id), files(by_url), files(two)] == [1, 1, 2]


@pytest.mark.spec("ING 2")
def test_a_tapped_question_without_an_id_is_told_by_who_and_when() -> None:
    def tap(payload: str, **event: Any) -> str:
        return the_message(an_event(postback={"payload": payload}, **event)).id

    assert tap("A") == tap("A")
    assert len({tap("A"), tap("B"), tap("A", timestamp=1), tap("A", sender={"id": "x"})}) == 4


@pytest.mark.spec("ING 4")
def test_what_another_app_is_in_charge_of_is_a_signal() -> None:
    event = {"sender": {"id": "1"}, "recipient": {"id": PAGE}, "message": {"mid": "m", "text": "x"}}
    body = {"object": "instagram", "entry": [{"id": PAGE, "standby": [event]}]}

    assert the_signal(a_record("instagram", json.dumps(body).encode())).kind == "standby"


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "name",
    [
        "pass_thread_control",
        "take_thread_control",
        "app_roles",
        "optin",
        "brand_new_event",
    ],
)
def test_whatever_else_happens_on_instagram_is_named(name: str) -> None:
    event: dict[str, Any] = {name: {}}
    signal = the_signal(an_event(**event))

    assert (signal.kind, signal.detail["what"]) == ("other", name)
