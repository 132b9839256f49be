"""Bad input: a problem that says what and where, never a trace of ours or of another account."""

import json
from typing import Any

import pytest

from services.desk.web.api.events import MOST_STREAMS
from tests.desk.http import Asks, Served, a_key

pytestmark = pytest.mark.connected

NASTY = [
    "\x00",
    "a\x00b",
    "\x00" * 80,
    "\ufeff",
    "\u202e",
    "é" * 60,
    "'\"{{}}",
    "💥",
    "$where",
    ".",
]
"""Strings that stores and templates have stumbled over."""

LOST = "a-ticket-that-is-not-there"


def problem_of(answer: Any) -> dict[str, Any]:
    """The problem, which is one, and says nothing of how we are made."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["code"]
    assert found["detail"]
    for word in ("Traceback", "pymongo", "services/", "Error("):
        assert word not in answer.text
    return found


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("cursor=nonsense", "invalid_cursor", "cursor"),
        ("cursor=" + "A" * 5_000, "invalid_cursor", "cursor"),
        ("cursor=%00%ff", "invalid_cursor", "cursor"),
        ("cursor=", "invalid_cursor", "cursor"),
        ("limit=0", "invalid", "limit"),
        ("limit=201", "invalid", "limit"),
        ("limit=" + "9" * 500, "invalid", "limit"),
        ("status=opened", "invalid_filter", "status"),
        ("channel=fax", "invalid_filter", "channel"),
        ("unread=perhaps", "invalid_filter", "unread"),
        ("waiting_longer_than=-1", "invalid_filter", "waiting_longer_than"),
        ("waiting_longer_than=1e300", "invalid_filter", "waiting_longer_than"),
        ("waiting_longer_than=99999999999", "invalid_filter", "waiting_longer_than"),
        ("opened_after=yesterday", "invalid_filter", "opened_after"),
        ("opened_after=0001-01-01T00:00:00%2B14:00", "invalid_filter", "opened_after"),
        ("opened_after=2026-01-01T00:00:00", "invalid_filter", "opened_after"),
        ("tag.all=", "invalid_filter", "tag.all"),
        ("q=" + "x" * 201, "invalid_filter", "q"),
        ("assignee=" + "&assignee=".join(map(str, range(51))), "invalid_filter", "assignee"),
        ("sort=importance", "invalid_sort", "sort"),
        ("sort=--active", "invalid_sort", "sort"),
        ("view=no-such-view", "unknown_view", "view"),
        ("statu=open", "unknown_filter", "statu"),
    ],
)
async def test_a_list_says_which_parameter_is_wrong(
    served: Served, query: str, code: str, field: str
) -> None:
    sue = await served.browser("sue")

    answer = await sue.get(f"/api/v1/tickets?{query}")

    found = problem_of(answer)
    assert (found["code"], found["field"]) == (code, field)
    assert answer.status_code in (404, 422)


async def test_what_is_extreme_and_right_is_answered(served: Served) -> None:
    sue = await served.browser("sue")
    await served.ticketing.write()

    for query in (
        "opened_before=9999-12-31T23:59:59Z",
        "opened_after=0001-01-02T00:00:00Z",
        "waiting_longer_than=0",
        "waiting_longer_than=3600",
        "sort=%2Bnumber",
        "sort=-waiting",
        "assignee=none&assignee=sue&team=none",
        "q=%23" + "9" * 60,
        *(f"q={each}&tag={each}&segment={each}" for each in ("%00", "%F0%9F%92%A5", "$ne", "a.b")),
    ):
        answer = await sue.get(f"/api/v1/tickets?{query}")
        assert answer.status_code == 200, (query, answer.text)


async def test_a_cursor_is_good_for_its_own_list_and_account_alone(served: Served) -> None:
    sue, zoe = await served.browser("sue"), await served.browser("zoe", "zeta")
    for n in range(3):
        await served.ticketing.write(f"a{n}")
        await served.ticketing.write(f"z{n}", account_id="zeta")
    first = (await sue.get("/api/v1/tickets?limit=1")).json()
    ticket = first["items"][0]["id"]
    cursor = first["next"]

    again = await sue.get(f"/api/v1/tickets?limit=2&cursor={cursor}")
    wrong = [
        await sue.get(f"/api/v1/tickets?cursor={cursor}&status=open"),
        await sue.get(f"/api/v1/tickets?cursor={cursor}&sort=number"),
        await sue.get(f"/api/v1/tickets?cursor={cursor}&view=unassigned"),
        await sue.get(f"/api/v1/tickets/{ticket}/thread?earlier={cursor}"),
        await sue.get(f"/api/v1/tickets?cursor={cursor[:-2]}AA"),
        await zoe.get(f"/api/v1/tickets?cursor={cursor}"),
    ]

    assert len(again.json()["items"]) == 2
    assert {problem_of(answer)["code"] for answer in wrong} == {"invalid_cursor"}


async def test_a_cursor_survives_that_an_agent_goes_offline(served: Served) -> None:
    sue = await served.browser("sue")
    for n in range(3):
        ticket = await served.ticketing.write(f"a{n}")
        await sue.command(ticket.id, {"type": "assign", "assignee": "max"})
    query = "/api/v1/tickets?assignee_offline=true&limit=1"
    first = (await sue.get(query)).json()
    amy = await served.browser("amy")
    await amy.post("/api/v1/presence", {"state": "online"})

    second = await sue.get(f"{query}&cursor={first['next']}")

    assert second.status_code == 200
    assert first["total"] == 3


BODIES: list[tuple[bytes, str]] = [
    (b"", "invalid"),
    (b"{", "not_json"),
    (b"\xff\xfe{}", "not_json"),
    (b'{"type": "note", "text": "\xc3"}', "not_json"),
    (b"[" * 100_000 + b"]" * 100_000, "not_json"),
    (b'{"type": "note", "text": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}", "any"),
    (b"null", "invalid"),
    (b"[]", "invalid"),
    (b'"text"', "invalid"),
    (b"1e999", "invalid"),
    (b'{"type": "note", "text": "\\ud800"}', "invalid"),
    (b'{"type": "note", "text": 1}', "invalid"),
    (b'{"type": "note"}', "invalid"),
    (b'{"type": "reply", "text": ""}', "invalid"),
    (b'{"type": "dance"}', "invalid"),
    (b'{"type": "reply", "text": "a", "seen_seq": 1' + b"0" * 30 + b"}", "invalid"),
    (b'{"type": "reply", "text": "a", "seen_seq": 1' + b"0" * 5_000 + b"}", "any"),
    (b'{"type": "snooze", "until": "9999-12-31T23:59:59-12:00"}', "invalid"),
    (b'{"type": "snooze", "until": 1e400}', "invalid"),
    (b'{"type": "reply", "text": "a", "then": "snooze"}', "invalid"),
    (b'{"type": "close", "colour": "red"}', "invalid"),
    (b'{"type": "tag", "tags": ["' + b"x" * 101 + b'"]}', "invalid"),
    (json.dumps({"type": "note", "text": "x" * 200_001}).encode(), "invalid"),
]


async def test_a_broken_body_is_a_problem_that_says_what_is_wrong(served: Served) -> None:
    sue = await served.browser("sue")
    ticket = await served.ticketing.write()

    for body, code in BODIES:
        headers = {"content-type": "application/json"}
        path = f"/api/v1/tickets/{ticket.id}/commands"
        answer = await sue.ask("POST", path, content=body, headers=headers)

        found = problem_of(answer)
        assert answer.status_code in (400, 422), (body[:60], answer.text)
        assert code in (found["code"], "any"), (body[:60], answer.text)
        if answer.status_code == 422:
            assert found["field"]
    assert served.ticketing.given == []


@pytest.mark.parametrize("key", [None, "short", "x" * 201])
async def test_a_post_needs_an_idempotency_key(served: Served, key: str | None) -> None:
    sue = await served.browser("sue")
    headers = {"idempotency-key": key} if key else {}

    answer = await sue.ask("POST", f"/api/v1/tickets/{LOST}/commands", json={"type": "close"},
                           headers=headers, key=None)  # fmt: skip

    found = problem_of(answer)
    assert (answer.status_code, found["field"]) == (422, "Idempotency-Key")


async def test_null_characters_and_the_like_break_nothing(served: Served) -> None:
    sue = await served.browser("max")
    ticket = await served.ticketing.write()
    at = f"/api/v1/tickets/{ticket.id}"

    for text in NASTY:
        answers = [
            await sue.command(ticket.id, {"type": "note", "text": text}),
            await sue.command(ticket.id, {"type": "tag", "tags": [text]}),
            await sue.command(ticket.id, {"type": "assign", "assignee": text}),
            await sue.command(ticket.id, {"type": "route", "team": text}),
            await sue.ask("PUT", f"{at}/draft", json={"text": text}),
            await sue.ask("DELETE", f"{at}/draft"),
            await sue.post("/api/v1/views", {"name": text[:80], "filters": {"tag": [text]}}),
            await sue.ask("PATCH", "/api/v1/me", json={"profile_metrics": [text]}),
            await sue.post("/api/v1/bulk", {"command": {"type": "close"}, "ids": [text]}),
            await sue.get("/api/v1/tickets", params={"q": text, "tag": text, "team": text}),
            await sue.get("/api/v1/tickets", params={"view": text}),
            await sue.get(at + "/macros/x", params={"x": text}),
            await sue.get("/api/v1/commands/%00"),
            await sue.get("/api/v1/tickets/%00"),
        ]
        assert [a.status_code for a in answers if a.status_code >= 500] == [], (text, answers)


async def test_a_draft_of_ten_megabytes_is_too_large(served: Served) -> None:
    sue = await served.browser("sue")
    ticket = await served.ticketing.write()

    path = f"/api/v1/tickets/{ticket.id}/draft"
    huge = await sue.ask("PUT", path, json={"text": "x" * 10 * 1024 * 1024})
    long = await sue.ask("PUT", path, json={"text": "x" * 200_001})
    many = await sue.ask("PUT", path, json={"text": "x", "revision": 2**63 - 1})

    assert (huge.status_code, problem_of(huge)["code"]) == (413, "too_large")
    assert (long.status_code, problem_of(long)["field"]) == (422, "text")
    assert (many.status_code, problem_of(many)["field"]) == (422, "revision")


async def test_a_thousand_streams_of_one_agent_are_refused_and_those_of_others_not(
    served: Served,
) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    streams = [sue.stream() for _ in range(MOST_STREAMS)]
    for stream in streams:
        opened = await stream.__aenter__()
        await opened.next("counts", patience=60)

    refused = await sue.get("/api/v1/events")

    async with max_.stream() as other:
        await other.next("counts")
    found = problem_of(refused)
    assert (refused.status_code, found["code"]) == (429, "too_many_streams")
    for stream in streams:
        await stream.__aexit__(None, None, None)
    async with sue.stream() as again:
        await again.next("counts")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer nonsense", "Bearer " + "x" * 500, "Basic YTpi", "Bearer \x00", "é"],
)
async def test_a_broken_token_is_nobody(served: Served, authorization: str) -> None:
    sue = await served.browser("sue")
    headers = {**sue.headers, "authorization": authorization.encode("latin-1").decode("latin-1")}
    asks = Asks(served, {k: v for k, v in headers.items() if k != "authorization"})

    answer = await asks.get(
        "/api/v1/tickets", headers={"authorization": authorization.encode("latin-1")}
    )

    assert (answer.status_code, problem_of(answer)["code"]) == (401, "not_signed_in")


async def test_what_is_of_another_account_is_what_is_not_there(served: Served) -> None:
    mine = await served.ticketing.write("anna")
    theirs = await served.ticketing.write("anna", account_id="zeta")
    max_, zoe = await served.browser("max"), await served.browser("zoe", "zeta")
    view = (await zoe.post("/api/v1/views", {"name": "Theirs"})).json()["id"]
    command = (await zoe.command(theirs.id, {"type": "note", "text": "n"})).json()["command_id"]
    job = (
        await zoe.post("/api/v1/bulk", {"command": {"type": "close"}, "ids": [theirs.id]})
    ).json()
    line = (await zoe.get(f"/api/v1/tickets/{theirs.id}")).json()["thread"]["lines"][0]["id"]
    session = zoe.session.id if zoe.session else ""
    private = (await max_.post("/api/v1/views", {"name": "Mine"})).json()["id"]
    amy = await served.browser("amy")

    async def told(one: str, asks: Asks) -> list[tuple[int, str]]:
        """What is answered of it, whatever it is taken for."""
        found = []
        close: dict[str, Any] = {"type": "close"}
        for method, path, body in (
            ("GET", f"/api/v1/tickets/{one}", None),
            ("GET", f"/api/v1/tickets/{one}/thread", None),
            ("GET", f"/api/v1/tickets/{one}/thread?since=0", None),
            ("POST", f"/api/v1/tickets/{one}/commands", close),
            ("GET", f"/api/v1/tickets/{one}/draft", None),
            ("PUT", f"/api/v1/tickets/{one}/draft", {"text": "x"}),
            ("DELETE", f"/api/v1/tickets/{one}/draft", None),
            ("POST", f"/api/v1/tickets/{one}/here", {"state": "looking"}),
            ("GET", f"/api/v1/tickets/{one}/macros/hello", None),
            ("GET", f"/api/v1/tickets/{mine.id}/macros/{one}", None),
            ("GET", f"/api/v1/tickets?view={one}", None),
            ("PUT", f"/api/v1/views/{one}", {"name": "Mine"}),
            ("DELETE", f"/api/v1/views/{one}", None),
            ("GET", f"/api/v1/commands/{one}", None),
            ("GET", f"/api/v1/bulk/{one}", None),
            ("POST", "/api/v1/bulk", {"command": close, "view": one, "dry_run": True}),
            ("DELETE", f"/api/v1/sessions/{one}", None),
            ("DELETE", f"/api/v1/tokens/{one}", None),
            ("GET", f"/desk/tickets/{one}", None),
            ("GET", f"/desk/tickets/{one}/head", None),
            ("GET", f"/desk/tickets/{one}/panel", None),
            ("GET", f"/desk/tickets/{one}/thread", None),
            ("GET", f"/desk/tickets/{mine.id}/lines/{one}/html", None),
            ("GET", f"/desk/files/{one}/0", None),
        ):
            key = "the-same-key" if method == "POST" else None
            headers = {"accept": "application/json"}
            answer = await asks.ask(method, path, json=body, key=key, headers=headers)
            assert answer.status_code < 500, (path, answer.text)
            found.append((answer.status_code, answer.text))
        return found

    for asks in (max_, amy):
        unknown = await told(LOST, asks)
        assert {status for status, _ in unknown} <= {204, 401, 403, 404}
        for foreign in (
            theirs.id,
            view,
            command,
            job,
            line,
            session,
        ):
            assert await told(foreign, asks) == unknown
    of_max = await amy.ask("PUT", f"/api/v1/views/{private}", json={"name": "x"})
    assert of_max.status_code == 404


async def test_another_accounts_names_are_in_no_list(served: Served) -> None:
    await served.ticketing.write("anna", account_id="zeta", text="a word of theirs: zebra")
    sue = await served.browser("sue")

    for path in ("tickets", "tickets?q=zebra", "views", "agents", "teams", "tags", "counts", "me"):
        answer = await sue.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        assert "zebra" not in answer.text
        assert "zoe" not in answer.text.lower()
    assert (await sue.get("/api/v1/tickets")).json()["total"] == 0


async def test_headers_that_are_bombs_break_nothing(served: Served) -> None:
    sue = await served.browser("sue")

    for name in ("last-event-id", "accept-language", "idempotency-key", "user-agent", "cookie"):
        answer = await sue.get("/api/v1/me", headers={name: ",;=" * 20_000})
        assert answer.status_code in (200, 401)
    assert a_key() != a_key()
