"""Agents sign in by their organisation's provider, and nobody by what it did not say (ROL)."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from services.desk.web.auth import Client, Provider
from shared.contracts.accounts import AccountSettings, Agent
from tests.desk.provider import CLIENT, KEY, OTHER_KEY, SECRET, FakeProvider, serving
from tests.desk.signing import HOME, Browser, World, alert_of, code_of, signed_in

CALLBACK = "/sign-in/oidc/callback"


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with serving(FakeProvider()) as fake:
        yield fake


@pytest.fixture
def world(provider: FakeProvider) -> World:
    client = Client(provider.issuer, CLIENT, SECRET, HOME)
    made = World(provider=lambda world: Provider(client, world.people, world.clock))
    provider.now = lambda: made.clock().timestamp()
    return made


async def come_back(
    browser: Browser, provider: FakeProvider, page: str = "/desk?view=inbox", **other: str
) -> httpx2.Response:
    """Go to the provider, agree there, and come back with what it says."""
    sent = await browser.get("/sign-in/oidc", params={"next": page})
    assert sent.status_code == 303, sent.text
    brought = {**provider.authorize(sent.headers["location"]), **other}
    return await browser.get(CALLBACK, params={k: v for k, v in brought.items() if v})


async def test_whom_the_provider_knows_is_signed_in_as_the_agent_with_their_address(
    world: World, provider: FakeProvider
) -> None:
    browser = world.browser()

    answer = await come_back(browser, provider)

    assert answer.headers["location"] == "/desk?view=inbox"
    assert await browser.who() == "acme/ann"
    (session,) = await world.people.sessions("acme")
    assert session.way == "oidc"


async def test_the_sign_in_page_leads_to_the_provider(world: World) -> None:
    page = await world.browser().get("/sign-in", params={"next": "/desk?view=all"})

    assert 'href="/sign-in/oidc?next=/desk%3Fview%3Dall"' in page.text


@pytest.mark.parametrize("page", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_coming_back_never_leads_away_from_the_desk(
    world: World, provider: FakeProvider, page: str
) -> None:
    answer = await come_back(world.browser(), provider, page)

    assert answer.headers["location"] == "/desk"


def without(name: str) -> Any:
    return lambda claims: {k: v for k, v in claims.items() if k != name}


def other(**changed: object) -> Any:
    return lambda claims: claims | changed


NO_TOKENS = [without("id_token"), other(id_token="x"), other(id_token=7)]  # noqa: S106  # it is none


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(other(nonce="another"), id="another nonce"),
        pytest.param(without("nonce"), id="no nonce"),
        pytest.param(other(aud="else"), id="for somebody else"),
        pytest.param(other(aud="else", azp="desk"), id="for somebody else by way of us"),
        pytest.param(without("aud"), id="for nobody"),
        pytest.param(other(aud=["desk", "else"], azp="else"), id="given to somebody else"),
        pytest.param(other(iss="https://evil.example"), id="another issuer"),
        pytest.param(without("iss"), id="no issuer"),
        pytest.param(other(exp=1), id="over"),
        pytest.param(without("exp"), id="for ever"),
        pytest.param(other(iat=4_000_000_000), id="from the future"),
        pytest.param(other(at_hash="another"), id="of another access token"),
        pytest.param(other(email_verified=False), id="address not verified"),
        pytest.param(without("email_verified"), id="not said whether verified"),
        pytest.param(other(email_verified="false"), id="verified in words"),
        pytest.param(other(email=["ann@example.com"]), id="no address but a list"),
    ],
)
async def test_a_token_that_says_something_else_signs_nobody_in(
    world: World, provider: FakeProvider, claims: Any
) -> None:
    provider.claims = claims
    browser = world.browser()

    answer = await come_back(browser, provider)

    assert answer.status_code == 401
    assert alert_of(answer.text) == "Signing in came to nothing. Please try again."
    assert await browser.who() is None


async def test_a_token_by_another_key_signs_nobody_in(world: World, provider: FakeProvider) -> None:
    provider.signs = OTHER_KEY

    assert (await come_back(world.browser(), provider)).status_code == 401


async def test_a_token_signed_with_the_public_key_as_a_secret_signs_nobody_in(
    world: World, provider: FakeProvider
) -> None:
    def forged(token: dict[str, Any]) -> dict[str, Any]:
        header = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
        said = f"{header}.{token['id_token'].split('.')[1]}"
        code = hmac.digest(KEY.as_pem(private=False), said.encode(), "sha256")
        return token | {"id_token": f"{said}.{urlsafe_b64encode(code).rstrip(b'=').decode()}"}

    provider.token = forged

    assert (await come_back(world.browser(), provider)).status_code == 401


async def test_a_token_without_a_signature_signs_nobody_in(
    world: World, provider: FakeProvider
) -> None:
    def unsigned(token: dict[str, Any]) -> dict[str, Any]:
        _, body, _ = token["id_token"].split(".")
        return token | {"id_token": f"eyJhbGciOiJub25lIn0.{body}."}

    provider.token = unsigned

    assert (await come_back(world.browser(), provider)).status_code == 401


@pytest.mark.parametrize("token", NO_TOKENS)
async def test_an_answer_without_a_token_signs_nobody_in(
    world: World, provider: FakeProvider, token: Any
) -> None:
    provider.token = token

    assert (await come_back(world.browser(), provider)).status_code == 401


async def test_a_state_counts_once(world: World, provider: FakeProvider) -> None:
    browser = world.browser()
    sent = await browser.get("/sign-in/oidc")
    place = sent.headers["location"]
    brought = provider.authorize(place)
    first = await browser.get(CALLBACK, params=brought)
    await browser.post("/sign-out", data={"csrf": await browser.csrf()})
    browser.http.cookies.update(sent.cookies)

    again = await browser.get(CALLBACK, params=provider.authorize(place))

    assert first.status_code == 303
    assert again.status_code == 401
    assert await browser.who() is None


async def test_a_state_counts_in_the_browser_alone_that_began(
    world: World, provider: FakeProvider
) -> None:
    attacker, victim = world.browser(), world.browser()
    await victim.get("/sign-in")
    sent = await attacker.get("/sign-in/oidc")

    brought = provider.authorize(sent.headers["location"])
    answer = await victim.get(CALLBACK, params=brought)

    assert answer.status_code == 401
    assert await victim.who() is None


async def test_a_state_is_void_after_ten_minutes(world: World, provider: FakeProvider) -> None:
    browser = world.browser()
    sent = await browser.get("/sign-in/oidc")
    world.later(minutes=10)

    answer = await browser.get(CALLBACK, params=provider.authorize(sent.headers["location"]))

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "brought",
    [
        {"state": "made-up"},
        {"state": ""},
        {"code": ""},
        {"iss": "https://evil.example"},
        {"error": "access_denied"},
        {"code": "made-up"},
    ],
)
async def test_what_the_provider_did_not_say_signs_nobody_in(
    world: World, provider: FakeProvider, brought: dict[str, str]
) -> None:
    browser = world.browser()

    assert (await come_back(browser, provider, **brought)).status_code == 401
    assert await browser.who() is None


async def test_whom_no_account_knows_is_told_so(world: World, provider: FakeProvider) -> None:
    provider.email = "stranger@example.com"

    answer = await come_back(world.browser(), provider)

    assert answer.status_code == 403
    assert "no agent here has your address" in alert_of(answer.text)


async def test_an_address_that_the_token_leaves_out_is_asked_for(
    world: World, provider: FakeProvider
) -> None:
    provider.claims = without("email")
    provider.userinfo = {"sub": "42", "email": "ann@example.com", "email_verified": True}
    browser = world.browser()

    assert (await come_back(browser, provider)).status_code == 303
    assert await browser.who() == "acme/ann"
    provider.userinfo |= {"sub": "43"}
    assert (await come_back(world.browser(), provider)).status_code == 401
    provider.userinfo = {"sub": "42", "email": "ann@example.com"}
    assert (await come_back(world.browser(), provider)).status_code == 401


async def test_new_keys_of_the_provider_are_fetched(world: World, provider: FakeProvider) -> None:
    assert (await come_back(world.browser(), provider)).status_code == 303
    provider.keys, provider.signs = [OTHER_KEY], OTHER_KEY

    assert (await come_back(world.browser(), provider)).status_code == 303
    assert provider.asked.count("/keys") == 2


async def test_what_the_provider_says_of_itself_is_asked_once_an_hour(
    world: World, provider: FakeProvider
) -> None:
    for _ in range(3):
        await come_back(world.browser(), provider)
    known = "/.well-known/openid-configuration"
    assert provider.asked.count(known) == 1

    world.now += timedelta(hours=1)
    await come_back(world.browser(), provider)

    assert provider.asked.count(known) == 2


@pytest.mark.parametrize(
    "metadata",
    [
        other(issuer="https://evil.example"),
        without("token_endpoint"),
        other(jwks_uri="file:///etc/passwd"),
    ],
)
async def test_a_provider_that_names_itself_otherwise_is_not_believed(
    world: World, provider: FakeProvider, metadata: Any
) -> None:
    provider.metadata = metadata

    assert (await world.browser().get("/sign-in/oidc")).status_code == 503


async def test_while_the_provider_is_away_the_page_says_so(
    world: World, provider: FakeProvider
) -> None:
    browser = world.browser()
    provider.down = True
    answer = await browser.get("/sign-in/oidc")

    assert answer.status_code == 503
    assert "does not answer" in alert_of(answer.text)
    provider.down = False
    sent = await browser.get("/sign-in/oidc")
    brought = provider.authorize(sent.headers["location"])
    provider.down = True
    assert (await browser.get(CALLBACK, params=brought)).status_code == 503


async def test_signing_in_again_ends_the_session_before(
    world: World, provider: FakeProvider
) -> None:
    browser = await signed_in(world)

    await come_back(browser, provider)

    (session,) = await world.people.sessions("acme")
    assert session.way == "oidc"


async def test_who_works_for_several_accounts_chooses(world: World, provider: FakeProvider) -> None:
    again = Agent(id="a2", name="Ann", email="ann@EXAMPLE.com")
    world.accounts.apply(AccountSettings(account_id="third", name="<Third>", agents=(again,)))
    browser = world.browser()

    page = await come_back(browser, provider)

    assert page.status_code == 200
    assert "&lt;Third&gt;" in page.text
    assert "Acme" in page.text
    assert "Other" not in page.text
    assert await browser.who() is None
    form = {"csrf": code_of(page.text), "held": held_of(page.text), "account": "third"}
    answer = await browser.post("/sign-in/account", data=form)
    assert answer.headers["location"] == "/desk?view=inbox"
    assert await browser.who() == "third/a2"
    assert (await browser.post("/sign-in/account", data=form)).status_code in {401, 403}


@pytest.mark.spec("ROL 3")
@pytest.mark.parametrize("account", ["other", "nowhere", ""])
async def test_nobody_chooses_an_account_that_does_not_know_them(
    world: World, provider: FakeProvider, account: str
) -> None:
    again = Agent(id="a2", name="Ann", email="ann@example.com")
    world.accounts.apply(AccountSettings(account_id="third", agents=(again,)))
    browser = world.browser()
    page = await come_back(browser, provider)

    form = {"csrf": code_of(page.text), "held": held_of(page.text), "account": account}
    answer = await browser.post("/sign-in/account", data=form)

    assert answer.status_code == 401
    assert await browser.who() is None


async def test_a_choice_counts_in_the_browser_alone_that_was_asked(
    world: World, provider: FakeProvider
) -> None:
    again = Agent(id="a2", name="Ann", email="ann@example.com")
    world.accounts.apply(AccountSettings(account_id="third", agents=(again,)))
    page = await come_back(world.browser(), provider)
    thief = world.browser()
    code = code_of((await thief.get("/sign-in")).text)

    form = {"csrf": code, "held": held_of(page.text), "account": "third"}
    answer = await thief.post("/sign-in/account", data=form)

    assert answer.status_code == 401
    assert await thief.who() is None


async def test_a_state_of_the_provider_is_no_choice_and_a_choice_no_state(
    world: World, provider: FakeProvider
) -> None:
    browser = world.browser()
    code = code_of((await browser.get("/sign-in")).text)
    sent = await browser.get("/sign-in/oidc")
    state = provider.authorize(sent.headers["location"])["state"]

    form = {"csrf": code, "held": state, "account": "acme"}
    answer = await browser.post("/sign-in/account", data=form)

    assert answer.status_code == 401


async def test_sending_browsers_to_the_provider_is_throttled(world: World) -> None:
    browser = world.browser()

    answers = [await browser.get("/sign-in/oidc") for _ in range(22)]

    assert [answer.status_code for answer in answers] == [303] * 21 + [429]


def held_of(page: str) -> str:
    return page.partition('name="held" value="')[2].partition('"')[0]
