"""Passwords say nothing about who there is, and are set by links that count once (ROL)."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from services.desk.web.auth.passwords import LINK_LASTS, what_is_wrong
from shared.contracts.accounts import AccountSettings, Agent
from tests.desk.signing import ANN, BOB, CHEAP, PASSWORD, World, alert_of, code_of, signed_in

NEW = "another five words in a row"


class Counting(PasswordHasher):
    """Counts how often it computes a hash: that is what takes the time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.done: Counter[str] = Counter()

    def hash(self, *arguments: Any, **named: Any) -> str:
        self.done["hash"] += 1
        return super().hash(*arguments, **named)

    def verify(self, *arguments: Any, **named: Any) -> Any:
        self.done["verify"] += 1
        return super().verify(*arguments, **named)


def as_seen(page: str) -> str:
    """The page without what is another each time, and without what was typed."""
    return re.sub(r'(name="(csrf|email)"[^>]*value=)"[^"]*"', r"\1", page)


def in_two_accounts() -> World:
    world = World(hasher=Counting())
    again = Agent(id="a2", name="Ann", email="ann@example.com")
    world.accounts.apply(AccountSettings(account_id="third", name="Third", agents=(again,)))
    return world


@pytest.mark.spec("ROL 3")
async def test_nobody_and_a_wrong_password_get_the_same_answer_for_the_same_work() -> None:
    hasher = Counting()
    world = World(hasher=hasher)
    await world.passwords.set("acme", "ann", PASSWORD)
    await world.browser().sign_in("warm@example.com")
    answers, work = [], []

    for email in ("ann@example.com", "bob@example.com", "nobody@example.com", "?", "\udc80"):
        before = Counter(hasher.done)
        answer = await world.browser().sign_in(email.encode("utf-8", "replace").decode(), "wrong")
        work.append(hasher.done - before)
        answers.append((answer.status_code, as_seen(answer.text)))

    assert answers == [answers[0]] * 5
    assert answers[0][0] == 401
    assert work == [Counter(verify=1)] * 5


@pytest.mark.spec("ROL 3")
async def test_an_address_of_two_accounts_takes_no_more_work() -> None:
    world = in_two_accounts()
    for account, agent in (("acme", "ann"), ("third", "a2")):
        await world.passwords.set(account, agent, PASSWORD)
    await world.browser().sign_in("warm@example.com")
    assert isinstance(world.hasher, Counting)
    before = Counter(world.hasher.done)

    await world.browser().sign_in(password="wrong")  # noqa: S106  # it is wrong

    assert world.hasher.done - before == Counter(verify=1)


async def test_whoever_works_for_two_accounts_names_the_one_they_mean() -> None:
    world = in_two_accounts()
    await world.passwords.set("acme", "ann", PASSWORD)
    await world.passwords.set("third", "a2", NEW)

    browser = world.browser()
    assert (await browser.sign_in(password=NEW)).status_code == 401
    assert (await browser.sign_in(password=NEW, account="acme")).status_code == 401
    assert (await browser.sign_in(password=NEW, account=" THIRD ")).status_code == 303
    assert await browser.who() == "third/a2"
    other = world.browser()
    await other.sign_in()
    assert await other.who() == "acme/ann"


async def test_an_address_that_two_agents_of_an_account_share_is_neithers() -> None:
    world = World()
    twin = Agent(id="twin", name="Twin", email="ANN@example.com ")
    world.accounts.apply(AccountSettings(account_id="acme", agents=(ANN, BOB, twin)))
    await world.passwords.set("acme", "ann", PASSWORD)

    assert (await world.browser().sign_in()).status_code == 401


async def test_whoever_has_no_password_yet_cannot_sign_in() -> None:
    assert (await World().browser().sign_in(password="")).status_code == 401


async def test_a_password_that_was_hashed_more_weakly_is_hashed_anew() -> None:
    world = World()
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16)
    await world.people.set_password("acme", "ann", weaker.hash(PASSWORD))

    assert (await world.browser().sign_in()).status_code == 303

    kept = (await world.people.passwords([("acme", "ann")]))["acme", "ann"]
    assert not CHEAP.check_needs_rehash(kept)
    assert CHEAP.verify(kept, PASSWORD)


async def test_however_a_keyboard_composes_letters_they_are_the_same() -> None:
    world = World()
    await world.passwords.set("acme", "ann", "una parola cos\u00ec facile")

    answer = await world.browser().sign_in(password="una parola cosi\u0300 facile")  # noqa: S106  # of a test

    assert answer.status_code == 303


async def test_a_password_that_an_operator_sets_ends_all_sessions() -> None:
    world = World()
    stolen = await signed_in(world)

    await world.passwords.set("acme", "ann", NEW)

    assert await stolen.who() is None


async def test_a_link_sets_a_password_once_and_ends_all_sessions() -> None:
    world = World()
    stolen = await signed_in(world)
    held = await world.passwords.link("acme", "ann")
    browser = world.browser()
    form = {"token": held, "password": NEW, "again": NEW}

    answer = await browser.send("/set-password", form, at=f"/set-password?token={held}")

    assert answer.headers["location"] == "/sign-in?set=1"
    assert "Your password is set" in (await browser.get("/sign-in?set=1")).text
    assert await stolen.who() is None
    assert (await browser.sign_in()).status_code == 401
    assert (await browser.sign_in(password=NEW)).status_code == 303
    again = await world.browser().send("/set-password", form, at="/sign-in")
    assert again.status_code == 404
    assert "used already" in alert_of(again.text)


async def test_to_look_at_a_link_does_not_use_it_up_and_no_cache_keeps_it() -> None:
    world = World()
    held = await world.passwords.link("acme", "ann")

    pages = [await world.browser().get(f"/set-password?token={held}") for _ in range(3)]

    assert [page.status_code for page in pages] == [200] * 3
    assert pages[0].headers["cache-control"] == "no-store"
    assert pages[0].headers["referrer-policy"] == "same-origin"


async def test_an_old_link_and_one_before_the_newest_are_void() -> None:
    world = World()
    first = await world.passwords.link("acme", "ann")
    second = await world.passwords.link("acme", "ann")

    assert (await world.browser().get(f"/set-password?token={first}")).status_code == 404
    world.now += LINK_LASTS - timedelta(seconds=1)
    assert (await world.browser().get(f"/set-password?token={second}")).status_code == 200
    world.later(seconds=1)
    assert (await world.browser().get(f"/set-password?token={second}")).status_code == 404


async def test_a_link_of_an_agent_who_was_removed_is_void() -> None:
    world = World()
    held = await world.passwords.link("acme", "ann")

    world.accounts.apply(AccountSettings(account_id="acme", agents=(BOB,)))

    assert (await world.browser().get(f"/set-password?token={held}")).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("eleven char", "eleven char", "too short"),
        ("aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "too easy"),
        ("ann@EXAMPLE.com", "ann@EXAMPLE.com", "too easy"),
        (NEW, f"{NEW}!", "not the same"),
        ("long" * 200, "long" * 200, "too long"),
    ],
)
async def test_a_password_that_is_no_good_leaves_the_link_as_it_was(
    password: str, again: str, said: str
) -> None:
    world = World()
    held = await world.passwords.link("acme", "ann")
    place = f"/set-password?token={held}"

    form = {"token": held, "password": password, "again": again}
    answer = await world.browser().send("/set-password", form, at=place)

    assert answer.status_code == 422
    assert said in alert_of(answer.text)
    assert (await world.browser().get(place)).status_code == 200


async def test_a_password_is_set_from_our_own_page_alone() -> None:
    world = World()
    held = await world.passwords.link("acme", "ann")
    browser = world.browser()
    page = await browser.get(f"/set-password?token={held}")
    form = {"token": held, "password": NEW, "again": NEW}

    assert (await browser.post("/set-password", data=form)).status_code == 403
    strange = {"origin": "https://evil.example"}
    form["csrf"] = code_of(page.text)
    assert (await browser.post("/set-password", data=form, headers=strange)).status_code == 403
    assert (await world.browser().post("/set-password", data=form)).status_code == 403
    assert (await browser.post("/set-password", data=form)).status_code == 303


def test_what_others_know_is_no_password() -> None:
    assert what_is_wrong("Ann Antonia Annson", ["ann antonia annson"]) == "sign_in.too_easy"
    assert what_is_wrong(NEW, ["ann"]) is None


async def test_what_is_typed_never_becomes_markup() -> None:
    answer = await World().browser().sign_in('"><script>x()</script>', "wrong")

    assert "<script" not in answer.text


async def test_a_long_form_is_not_read_to_its_end() -> None:
    answer = await World().browser().sign_in(password="a" * 20_000)

    assert answer.status_code == 413
