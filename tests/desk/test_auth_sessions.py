"""Whoever signed in is known until the session ends, as what their account says now (ROL)."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import AutoReconnect

from services.desk.rules.signing import Lasting, Session
from shared.contracts.accounts import AccountSettings
from tests.desk.signing import ANN, BOB, HOME, NOON, PASSWORD, World, alert_of, signed_in


async def test_whoever_signs_in_is_known_and_goes_where_they_wanted() -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)
    browser = world.browser()

    answer = await browser.sign_in(" ANN@example.com ", next="/desk?view=inbox")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/desk?view=inbox"
    assert await browser.who() == "acme/ann"


async def test_nobody_is_known_without_a_session() -> None:
    assert await World().browser().who() is None


async def test_the_cookie_is_out_of_reach_for_scripts_other_sites_and_plain_http() -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)

    answer = await world.browser().sign_in()

    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if "session" in c)
    assert cookie.startswith("__Host-desk_session=")
    for said in ("; HttpOnly", "; Secure", "; SameSite=lax", "; Path=/"):
        assert said in cookie
    assert "Domain" not in cookie


async def test_what_the_browser_holds_is_kept_nowhere() -> None:
    world = World()
    browser = await signed_in(world)

    held = browser.http.cookies["__Host-desk_session"]

    assert held
    assert held not in repr(world.people)


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/desk",
        "//evil.example/desk",
        "/\\evil.example/desk",
        "/desk\\..\\evil",
        "/desk/\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/deskevil",
        "/sign-out",
    ],
)
async def test_signing_in_never_leads_away_from_the_desk(page: str) -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)

    answer = await world.browser().sign_in(next=page)

    assert answer.headers["location"] == "/desk"


async def test_whoever_is_signed_in_is_not_asked_again() -> None:
    browser = await signed_in(World())

    answer = await browser.get("/sign-in", params={"next": "/desk?view=all"})

    assert answer.headers["location"] == "/desk?view=all"


@pytest.mark.spec("ROL 1")
async def test_an_agent_who_was_removed_has_no_access_at_once() -> None:
    world = World()
    browser = await signed_in(world)

    world.accounts.apply(AccountSettings(account_id="acme", agents=(BOB,)))

    assert await browser.who() is None


@pytest.mark.spec("ROL 1")
async def test_a_role_is_what_the_account_says_now() -> None:
    world = World()
    browser = await signed_in(world)

    lowered = ANN.model_copy(update={"role": "support", "name": "Anna"})
    world.accounts.apply(AccountSettings(account_id="acme", agents=(lowered,)))

    said = (await browser.get("/who")).json()
    assert (said["role"], said["name"]) == ("support", "Anna")


async def test_an_idle_session_ends() -> None:
    world = World()
    browser = await signed_in(world)

    world.later(hours=11, minutes=59)
    assert await browser.who() == "acme/ann"
    world.later(hours=12)

    assert await browser.who() is None


async def test_a_page_that_lies_open_does_not_keep_a_session() -> None:
    world = World()
    browser = await signed_in(world)

    world.later(hours=11)
    assert (await browser.get("/api/v1/events")).status_code == 200
    assert (await browser.get("/who", headers={"x-desk-quiet": "1"})).status_code == 200
    world.later(hours=1)

    assert await browser.who() is None


async def test_a_session_ends_after_a_week_however_it_is_used() -> None:
    world = World()
    browser = await signed_in(world)

    for _ in range(7 * 24 - 1):
        world.later(hours=1)
        assert await browser.who() == "acme/ann"
    world.later(hours=1)

    assert await browser.who() is None


@given(
    steps=st.lists(st.integers(1, 20 * 60), max_size=60),
    idle=st.integers(5, 1000),
    longest=st.integers(5, 4000),
)
def test_a_session_counts_only_while_it_is_used_and_young(
    steps: list[int], idle: int, longest: int
) -> None:
    lasting = Lasting(timedelta(minutes=idle), timedelta(minutes=longest))
    session = Session("k", "i", "acme", "ann", NOON, NOON)
    at, last = 0, 0

    for step in steps:
        at += step
        counts = lasting.ends_at(session) > NOON + timedelta(minutes=at)
        assert counts == (at - last < idle and at < longest)
        if not counts:
            break
        last = at
        session = Session("k", "i", "acme", "ann", NOON, NOON + timedelta(minutes=at))


async def test_signing_out_ends_the_session_and_the_agent_is_offline() -> None:
    world = World()
    browser = await signed_in(world)
    held = browser.http.cookies["__Host-desk_session"]

    answer = await browser.post("/sign-out", data={"csrf": await browser.csrf()})

    assert answer.headers["location"] == "/sign-in"
    assert [(who.account_id, who.id) for who in world.went_offline] == [("acme", "ann")]
    thief = world.browser()
    thief.http.cookies.set("__Host-desk_session", held)
    assert await thief.who() is None


async def test_a_session_that_was_planted_is_not_taken_up() -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)
    browser = world.browser()
    browser.http.cookies.set("__Host-desk_session", "planted", domain="desk.example.com")

    await browser.sign_in()

    thief = world.browser(cookie="__Host-desk_session=planted")
    assert await thief.who() is None
    assert await browser.who() == "acme/ann"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"x-desk": "0" * 64}, 403),
        ({"x-desk": "right"}, 200),
        ({"x-desk": "right", "origin": None, "sec-fetch-site": None}, 200),
        ({"x-desk": "right", "origin": "https://evil.example"}, 403),
        ({"x-desk": "right", "origin": "null"}, 403),
        ({"x-desk": "right", "origin": "http://desk.example.com"}, 403),
        ({"x-desk": "right", "sec-fetch-site": "same-site"}, 403),
        ({"x-desk": "right", "sec-fetch-site": "cross-site", "origin": None}, 403),
    ],
)
async def test_only_our_own_pages_change_anything(
    headers: dict[str, str | None], status: int
) -> None:
    browser = await signed_in(World())
    code = await browser.csrf()
    right = {k: code if v == "right" else v for k, v in headers.items()}

    assert (await browser.post("/who", headers=right)).status_code == status


async def test_a_code_of_another_session_does_not_do() -> None:
    world = World()
    ann, bob = await signed_in(world), await signed_in(world, "bob@example.com")

    answer = await ann.post("/who", headers={"x-desk": await bob.csrf()})

    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf"


async def test_a_form_sends_its_code_as_a_field_and_arrives_whole() -> None:
    browser = await signed_in(World())
    code = await browser.csrf()

    answer = await browser.post("/who", data={"csrf": code, "text": "a" * 9000})

    assert answer.json()["body"] == f"csrf={code}&text={'a' * 9000}"
    assert (await browser.post("/who", data={"csrf": "no", "text": "a"})).status_code == 403
    assert (await browser.post("/who", data={"text": "a" * 70_000})).status_code == 413


async def test_a_stranger_cannot_sign_somebody_in_as_themself() -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)
    victim, attacker = world.browser(), world.browser()
    await victim.get("/sign-in")
    page = await attacker.get("/sign-in")
    code = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": code, "email": "ann@example.com", "password": PASSWORD}

    answer = await victim.post("/sign-in", data=form)

    assert answer.status_code == 403
    assert "try again" in alert_of(answer.text)
    assert await victim.who() is None


async def test_without_a_known_address_the_page_is_ours_that_has_our_host() -> None:
    world = World(public_url="")
    await world.passwords.set("acme", "ann", PASSWORD)
    browser = world.browser()
    await browser.sign_in()
    code = {"x-desk": await browser.csrf()}

    assert (await browser.post("/who", headers=code)).status_code == 200
    strange = {**code, "origin": "https://desk.example.com.evil.example"}
    assert (await browser.post("/who", headers=strange)).status_code == 403


async def test_without_tls_the_cookie_has_a_plain_name() -> None:
    world = World(secure=False)
    await world.passwords.set("acme", "ann", PASSWORD)
    browser = world.browser()

    await browser.sign_in()

    assert "desk_session" in browser.http.cookies
    assert await browser.who() == "acme/ann"


async def test_an_agent_sees_and_ends_their_own_sessions_alone() -> None:
    world = World()
    bob, ann = await signed_in(world, "bob@example.com"), await signed_in(world)
    second = world.browser(**{"user-agent": "Phone"})
    await second.sign_in("bob@example.com")
    code = {"x-desk": await bob.csrf(), "origin": HOME}

    mine = (await bob.get("/api/v1/sessions")).json()["items"]
    assert {each["agent_id"] for each in mine} == {"bob"}
    assert sorted((each["browser"] == "Phone", each["this"]) for each in mine) == [
        (False, True),
        (True, False),
    ]
    assert (await bob.get("/api/v1/sessions?of=all")).status_code == 403
    (anns,) = (await ann.get("/api/v1/sessions")).json()["items"]
    answer = await bob.http.delete(f"/api/v1/sessions/{anns['id']}", headers=code)
    assert answer.status_code == 404
    (other,) = (each["id"] for each in mine if not each["this"])
    answer = await bob.http.delete(f"/api/v1/sessions/{other}", headers=code)

    assert answer.status_code == 204
    assert await second.who() is None
    assert await bob.who() == "acme/bob"
    assert await ann.who() == "acme/ann"


@pytest.mark.spec("ROL 3")
async def test_an_admin_ends_sessions_of_others_but_of_their_account_alone() -> None:
    world = World()
    ann, bob = await signed_in(world), await signed_in(world, "bob@example.com")
    eve = await signed_in(world, "eve@other.example")
    code = {"x-desk": await ann.csrf(), "origin": HOME}
    items = (await ann.get("/api/v1/sessions?of=all")).json()["items"]
    assert {each["agent_id"] for each in items} == {"ann", "bob"}
    (bobs,) = (each["id"] for each in items if each["agent_id"] == "bob")
    (eves,) = (await eve.get("/api/v1/sessions")).json()["items"]

    assert (await ann.http.delete(f"/api/v1/sessions/{bobs}", headers=code)).status_code == 204
    of_another = await ann.http.delete(f"/api/v1/sessions/{eves['id']}", headers=code)
    of_nobody = await ann.http.delete("/api/v1/sessions/nobody", headers=code)

    assert await bob.who() is None
    assert await eve.who() == "other/eve"
    assert (of_another.status_code, of_another.json()) == (404, of_nobody.json())


async def test_the_page_speaks_the_browsers_language() -> None:
    world = World()

    page = await world.browser(**{"accept-language": "fr, it-CH;q=0.9, en;q=0.8"}).get("/sign-in")

    assert '<html lang="it">' in page.text
    assert "Indirizzo email" in page.text


async def test_two_browsers_sign_in_at_once_and_both_are_known() -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)
    browsers = [world.browser(f"203.0.113.{n}") for n in range(4)]

    await asyncio.gather(*(browser.sign_in() for browser in browsers))

    assert [await browser.who() for browser in browsers] == ["acme/ann"] * 4


async def test_while_the_database_is_away_nobody_is_turned_into_a_stranger() -> None:
    world = World()
    browser = await signed_in(world)

    async def away(key: str) -> Session | None:
        raise AutoReconnect(f"away: {key}")

    world.people.session = away  # type: ignore[method-assign]  # as a server that is gone
    answer = await browser.get("/who")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
