"""Integrations have what their scopes say, of their account alone, until an admin ends it (ROL)."""

from datetime import timedelta

import pytest

from services.desk.rules.signing import Token
from shared.topic import Deleted
from tests.desk.signing import HOME, Browser, World, signed_in


async def made(browser: Browser, **more: str) -> dict[str, str]:
    headers = {"x-desk": await browser.csrf(), **more}
    asked = {"name": "reports", "scopes": ["tickets:read", "tickets:read"]}
    answer = await browser.post("/api/v1/tokens", json=asked, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, str] = answer.json()
    return found


def holding(world: World, secret: str) -> Browser:
    return world.browser(authorization=f"Bearer {secret}")


async def test_a_token_is_shown_once_and_has_its_scopes() -> None:
    world = World()
    ann = await signed_in(world)

    token = await made(ann)

    assert token["secret"].startswith("hdt_")
    assert token["secret"] not in repr(world.people)
    said = (await holding(world, token["secret"]).get("/who")).json()
    assert (said["account"], said["name"], said["scopes"]) == ("acme", "reports", ["tickets:read"])
    (listed,) = (await ann.get("/api/v1/tokens")).json()["items"]
    assert "secret" not in listed
    assert listed["id"] == token["id"]
    assert listed["created_by"] == "ann"
    assert listed["used_at"] is not None


async def test_a_token_needs_no_page_of_ours_and_is_nobody_elses_cookie() -> None:
    world = World()
    ann = await signed_in(world)
    token = await made(ann)
    held = {"authorization": f"Bearer {token['secret']}", "origin": "https://else.example"}

    assert (await ann.post("/who", headers=held)).json()["id"] == token["id"]
    wrong = {"authorization": "Bearer hdt_wrong"}
    assert (await ann.get("/who", headers=wrong)).status_code == 401
    basic = {"authorization": "Basic YTpi"}
    assert (await ann.get("/who", headers=basic)).status_code == 401


async def test_a_token_that_was_deleted_is_nobodys() -> None:
    world = World()
    ann = await signed_in(world)
    token = await made(ann)
    code = {"x-desk": await ann.csrf(), "origin": HOME}

    gone = await ann.http.delete(f"/api/v1/tokens/{token['id']}", headers=code)

    assert gone.status_code == 204
    assert await holding(world, token["secret"]).who() is None
    again = await ann.http.delete(f"/api/v1/tokens/{token['id']}", headers=code)
    assert again.status_code == 404


@pytest.mark.spec("ROL 3")
async def test_a_token_of_another_account_does_not_exist() -> None:
    world = World()
    ann, eve = await signed_in(world), await signed_in(world, "eve@other.example")
    token = await made(ann)
    code = {"x-desk": await eve.csrf(), "origin": HOME}

    gone = await eve.http.delete(f"/api/v1/tokens/{token['id']}", headers=code)

    assert gone.status_code == 404
    assert (await eve.get("/api/v1/tokens")).json() == {"items": []}
    assert await holding(world, token["secret"]).who() == f"acme/{token['id']}"


async def test_a_token_counts_until_it_expires_and_says_so_then() -> None:
    world = World()
    ann = await signed_in(world)
    headers = {"x-desk": await ann.csrf()}
    at = world.now + timedelta(days=90)
    asked = {"name": "reports", "scopes": ["tickets:read"], "expires_at": at.isoformat()}
    token = (await ann.post("/api/v1/tokens", json=asked, headers=headers)).json()
    integration = holding(world, token["secret"])

    world.now = at - timedelta(milliseconds=1)
    assert await integration.who() == f"acme/{token['id']}"
    world.now = at
    refused = await integration.get("/who")

    assert (refused.status_code, refused.json()["code"]) == (401, "token_expired")
    assert "'reports' expired at" in refused.json()["detail"]
    assert "invalid_token" in refused.headers["www-authenticate"]
    (kept,) = await world.people.tokens("acme")
    assert kept.expires_at == at
    assert kept.used_at == at - timedelta(milliseconds=1)
    assert await world.tokens.of(token["secret"]) is None


async def test_a_token_that_would_have_expired_already_is_not_made() -> None:
    world = World()
    ann = await signed_in(world)
    asked = {"name": "x", "scopes": ["tickets:read"], "expires_at": world.now.isoformat()}

    answer = await ann.post("/api/v1/tokens", json=asked, headers={"x-desk": await ann.csrf()})

    assert (answer.status_code, answer.json()["field"]) == (422, "expires_at")
    assert (await ann.get("/api/v1/tokens")).json() == {"items": []}


async def test_tokens_of_an_account_that_is_gone_are_nobodys() -> None:
    world = World()
    token = await made(await signed_in(world))

    world.accounts.apply(Deleted("acme"))

    assert await holding(world, token["secret"]).who() is None


@pytest.mark.spec("ROL 1")
async def test_support_and_integrations_have_no_say_about_tokens() -> None:
    world = World()
    bob = await signed_in(world, "bob@example.com")
    token = await made(await signed_in(world))
    integration = holding(world, token["secret"])
    asked = {"name": "mine", "scopes": ["settings:write"]}
    code = {"x-desk": await bob.csrf()}

    assert (await bob.get("/api/v1/tokens")).status_code == 403
    assert (await bob.post("/api/v1/tokens", json=asked, headers=code)).status_code == 403
    assert (await integration.get("/api/v1/tokens")).status_code == 403
    assert (await integration.post("/api/v1/tokens", json=asked)).status_code == 403
    assert (await integration.get("/api/v1/sessions")).status_code == 403
    assert (await world.browser().get("/api/v1/tokens")).status_code == 401


async def test_the_same_request_again_makes_no_second_token() -> None:
    world = World()
    ann = await signed_in(world)
    await made(ann, **{"idempotency-key": "k1"})
    headers = {"x-desk": await ann.csrf(), "idempotency-key": "k1"}
    asked = {"name": "reports", "scopes": ["tickets:read"]}

    answer = await ann.post("/api/v1/tokens", json=asked, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (409, "already_made")
    assert len((await ann.get("/api/v1/tokens")).json()["items"]) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "", "scopes": ["tickets:read"]},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "scopes": ["tickets:read"], "account_id": "other"},
    ],
)
async def test_what_is_no_token_is_not_made(asked: dict[str, object]) -> None:
    ann = await signed_in(World())

    answer = await ann.post("/api/v1/tokens", json=asked, headers={"x-desk": await ann.csrf()})

    assert answer.status_code == 422


async def test_when_it_was_used_is_noted_to_the_minute() -> None:
    world = World()
    token = await made(await signed_in(world))
    integration = holding(world, token["secret"])
    noted: list[Token] = []

    for seconds in (0, 30, 31):
        world.later(seconds=seconds)
        await integration.who()
        noted += await world.people.tokens("acme")

    first = noted[0].used_at
    assert [each.used_at == first for each in noted] == [True, True, False]
