"""Short domains: where a link leads, and that nothing else leads anywhere (OUT 1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from services.desk.rules.following import By, Lead, followed_by, location
from services.desk.web.limits import Limits
from services.desk.web.short_links import ShortLinks
from shared.bus.accounts import AccountsTable
from shared.errors import Transient
from tests.builders import an_account
from tests.desk.read_models import MemoryLinks

pytestmark = pytest.mark.spec("OUT 1")

URL = "https://acme.example/terms?lang=en&q=a%20b#top"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)
CODE = "abc123XYZ0"


class Away(MemoryLinks):
    async def lead(self, code: str) -> Lead | None:  # noqa: ARG002  # as its base
        raise Transient("the database is away")


@dataclass
class Place:
    """The desk of acme and zeta, whose short domains are go.acme.example and zt.example."""

    links: MemoryLinks = field(default_factory=MemoryLinks)
    followed: list[tuple[str, By]] = field(default_factory=list)
    own: str = "https://desk.example.com"
    limits: Limits = field(default_factory=lambda: Limits(burst=1_000_000))

    def __post_init__(self) -> None:
        self.accounts = AccountsTable()
        for account, domain in (("acme", "go.acme.example"), ("zeta", "zt.example")):
            self.accounts.apply(an_account(account_id=account, links={"short_domain": domain}))
        short = ShortLinks(self.accounts, self.links, self._follow, self.own, self.limits)
        self.app = short.before(PlainTextResponse("the desk"))

    def _follow(self, lead: Lead, by: By) -> None:
        self.followed.append((lead.code, by))

    def given(self, url: str = URL, code: str = CODE, account: str = "acme") -> None:
        self.links.leads[code] = Lead(code, account, "t1", "m1", url)

    async def ask(
        self,
        path: str = f"/{CODE}",
        host: str = "go.acme.example",
        method: str = "GET",
        client: str = "192.0.2.7",
        **headers: str,
    ) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, client=(client, 1))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with httpx2.AsyncClient(transport=transport, base_url=f"https://{host}") as asks:
            return await asks.request(method, path, headers={"user-agent": PHONE, **named})


@pytest.fixture
def place() -> Place:
    return Place()


async def test_a_code_leads_to_what_the_agent_wrote_and_says_no_more(place: Place) -> None:
    place.given()

    answer = await place.ask()

    assert (answer.status_code, answer.headers["location"]) == (302, URL)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert place.followed == [(CODE, "person")]


async def test_a_head_is_answered_alike_and_counts_as_a_preview(place: Place) -> None:
    place.given()

    answer = await place.ask(method="HEAD")

    assert (answer.status_code, answer.headers["location"]) == (302, URL)
    assert place.followed == [(CODE, "preview")]


async def test_whatever_is_wrong_the_answer_is_the_same(place: Place) -> None:
    place.given()
    place.given(code="zzzzzzzzzz", account="zeta")
    place.given(code="jjjjjjjjjj", url="javascript:alert(1)")

    asked = [
        await place.ask("/nothing000"),
        await place.ask("/zzzzzzzzzz"),
        await place.ask("/jjjjjjjjjj"),
        await place.ask(host="zt.example"),
        await place.ask("/"),
        await place.ask(f"/{CODE}/more"),
        await place.ask(f"/{CODE}", method="POST"),
        await place.ask("/desk"),
        await place.ask("/sign-in"),
        await place.ask("/api/v1/openapi.json"),
        await place.ask(f"/{CODE}" + "0" * 5_000),
        await place.ask("/%00%00"),
    ]

    assert {(a.status_code, a.text, tuple(sorted(a.headers.items()))) for a in asked} == {
        (404, asked[0].text, tuple(sorted(asked[0].headers.items())))
    }
    assert "nowhere" in asked[0].text
    assert "location" not in asked[0].headers
    assert place.followed == []


async def test_every_account_whose_domain_it_is_has_its_codes_there(place: Place) -> None:
    place.given()
    place.accounts.apply(an_account(account_id="beta", links={"short_domain": "go.acme.example"}))
    place.given(code="bbbbbbbbbb", account="beta")

    statuses = [(await place.ask(path)).status_code for path in (f"/{CODE}", "/bbbbbbbbbb")]

    assert statuses == [302, 302]


async def test_links_lead_on_while_new_ones_are_off_and_not_without_the_domain(
    place: Place,
) -> None:
    place.given()
    off = {"short_domain": "go.acme.example", "enabled": False}
    place.accounts.apply(an_account(links=off))
    assert (await place.ask()).status_code == 302

    place.accounts.apply(an_account())

    assert (await place.ask()).text == "the desk"


@pytest.mark.parametrize("host", ["GO.acme.example", "go.acme.example:8443", "go.acme.example."])
async def test_a_host_is_the_same_however_it_is_written(place: Place, host: str) -> None:
    place.given()

    assert (await place.ask(host=host)).status_code == 302


@pytest.mark.parametrize("host", ["desk.example.com", "localhost", "192.0.2.1", "acme.example"])
async def test_the_desk_itself_never_leads_on(place: Place, host: str) -> None:
    place.given()
    place.accounts.apply(an_account(links={"short_domain": "desk.example.com"}))

    answer = await place.ask(host=host)

    assert answer.text == "the desk"
    assert place.followed == []


async def test_a_request_with_two_hosts_or_none_is_the_desks(place: Place) -> None:
    place.given()
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    for hosts in ([], [b"go.acme.example", b"zt.example"]):
        headers = [(b"host", host) for host in hosts]
        scope = {"type": "http", "method": "GET", "path": f"/{CODE}", "headers": headers}
        await place.app(scope, receive, send)

    assert [m["body"] for m in told if m["type"] == "http.response.body"] == [b"the desk"] * 2


async def test_robots_are_asked_to_stay_away(place: Place) -> None:
    answer = await place.ask("/robots.txt")

    assert answer.text == "User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "/https://evil.example",
        "/%68ttps:%2f%2fevil.example",
        f"/{CODE}@evil.example",
        f"/{CODE}%0d%0aLocation:%20https://evil.example",
        f"/{CODE}%2f..%2fevil",
        f"/{CODE};evil",
    ],
)
async def test_no_path_leads_where_no_agent_wrote(place: Place, path: str) -> None:
    place.given()

    answer = await place.ask(path)

    assert (answer.status_code, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize("more", ["?url=https://evil.example", "?to=//evil.example", "#x"])
async def test_what_is_asked_besides_the_code_changes_nothing(place: Place, more: str) -> None:
    place.given()

    answer = await place.ask(
        f"/{CODE}{more}", x_forwarded_host="zt.example", x_original_url="/desk"
    )

    assert answer.headers["location"] == URL


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("http://acme.example/a_(b)?c=d,e;f!", "http://acme.example/a_(b)?c=d,e;f!"),
        ("https://bücher.example/ä", "https://b%C3%BCcher.example/%C3%A4"),
        ("HTTPS://Acme.example/X", "HTTPS://Acme.example/X"),
        ('https://a.example/"<>', "https://a.example/%22%3C%3E"),
        ("https://a.example/\r\nSet-Cookie: a=b", None),
        ("https://a.example/\u2028x", None),
        ("https://a.example/\x00", None),
        ("https://", None),
        ("https:///x", None),
        ("https://[::1", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example", None),
        ("ftp://a.example", None),
        (" https://a.example", None),
        ("https://a.example/" + "a" * 5_000, None),
    ],
)
async def test_only_a_web_address_that_a_header_holds_is_led_to(
    place: Place, url: str, leads_to: str | None
) -> None:
    place.given(url)

    answer = await place.ask()

    assert location(url) == leads_to
    assert answer.headers.get("location") == leads_to
    assert set(answer.headers) >= {"cache-control", "referrer-policy"}
    assert "set-cookie" not in answer.headers


@pytest.mark.slow
async def test_ten_thousand_codes_that_were_tried_lead_nowhere(place: Place) -> None:
    place.given()

    statuses = {(await place.ask(f"/{number:010d}")).status_code for number in range(10_000)}

    assert statuses == {404}
    assert place.followed == []


async def test_whoever_tries_many_is_made_to_wait_and_others_are_not() -> None:
    place = Place(limits=Limits(burst=3, a_second=0.5, now=lambda: 0.0))
    place.given()

    tried = [(await place.ask(f"/{n:010d}", client="2001:db8::1")) for n in range(3)]
    waits = await place.ask(client="2001:db8::2")
    other = await place.ask(client="2001:db8:0:1::1")

    assert [answer.status_code for answer in tried] == [404] * 3
    assert (waits.status_code, waits.headers["retry-after"]) == (429, "3")
    assert other.status_code == 302


async def test_while_the_database_is_away_that_is_said(place: Place) -> None:
    place = Place(links=Away())

    answer = await place.ask()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


async def test_a_websocket_at_a_short_domain_is_closed(place: Place) -> None:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"go.acme.example")]
    await place.app({"type": "websocket", "path": "/", "headers": headers}, receive, send)

    assert told == [{"type": "websocket.close"}]


@pytest.mark.parametrize(
    ("by", "agent"),
    [
        ("person", PHONE),
        ("person", "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36"),
        ("person", "Mozilla/5.0 (iPhone) AppleWebKit [FBAN/FBIOS;FBAV/445.0.0]"),
        ("person", "Mozilla/5.0 (iPhone) AppleWebKit Instagram 300.0.0"),
        ("preview", "WhatsApp/2.23.20.0 A"),
        ("preview", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
        ("preview", "TelegramBot (like TwitterBot)"),
        ("preview", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
        ("preview", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"),
        (
            "preview",
            "Mozilla/5.0 (Macintosh) Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        ),
        ("preview", "Mozilla/5.0 (Linux; Android 6.0.1) GoogleMessages/1.0"),
        ("robot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        ("robot", "curl/8.5.0"),
        ("robot", "python-requests/2.32"),
        ("robot", "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/126.0"),
        ("robot", ""),
        ("robot", " "),
    ],
)
def test_previews_and_robots_are_told_from_people(by: By, agent: str) -> None:
    assert followed_by("GET", {"user-agent": agent}) == by


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("purpose", "Preview"),
        ("x-moz", "prefetch"),
    ],
)
def test_what_is_fetched_ahead_is_a_preview(name: str, value: str) -> None:
    assert followed_by("GET", {"user-agent": PHONE, name: value}) == "preview"


def test_an_enormous_agent_takes_no_longer() -> None:
    assert followed_by("GET", {"user-agent": "a" * 400 + "Googlebot" * 10_000}) == "person"
