"""Hostile mails in a real browser: nothing runs, nothing is fetched, nothing leaves its frame."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from services.desk.rules.mail_html import SANDBOX, csp_of_frame, safe_document
from tests.desk.hostile import MAILS
from tests.desk.hostile.marks import EVIL, RUN
from tests.desk.hostile.site import Framed, Site, served
from tests.desk.hostile.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Dialog, Route

playwright_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

WAYS = ("shown", "shown with pictures", "only made safe", "only framed")
"""As the desk shows a mail; and each of its two guards without the other."""

SCRIPTS_ALLOWED = "default-src *; script-src * 'unsafe-inline' 'unsafe-eval'; img-src * data:"
SIZE = {"width": 600, "height": 120}


@dataclass(slots=True)
class Seen:
    """What the browser did with the mails: by a mail's name, where one is to blame."""

    ran: list[str] = field(default_factory=list)
    fetched: dict[str, list[str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """What was fetched from elsewhere with a word on who asks."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, dict[str, float]] = field(default_factory=dict)
    reports: dict[str, set[str]] = field(default_factory=dict)
    page: str = ""
    windows: int = 0
    dialogs: int = 0
    width: int = 0


def framed(name: str, way: str) -> Framed:
    """A mail's document as it is shown in that way."""
    html = MAILS[name].html
    report = f"; report-uri /report?of={quote(name)}"
    remote = way == "shown with pictures"
    safe = html if way == "only framed" else safe_document(html, remote=remote).document
    if way == "only made safe":
        return Framed(safe, None, None)
    return Framed(safe, csp_of_frame(remote=remote) + report, SANDBOX)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def visited(browser: Browser, site: Site, path: str = "/") -> Seen:
    """What was seen once the page is there, and its frames have fetched what they fetch."""
    seen = Seen()
    context = browser.new_context(viewport={"width": 800, "height": 600})

    def met(route: Route) -> None:
        address = route.request.url
        if address.startswith(f"{site.url}/"):
            route.continue_()
            return
        frame = route.request.frame
        seen.fetched.setdefault(frame.name, []).append(address)
        if {"referer", "cookie"} & set(route.request.all_headers()):
            seen.told.append(address)
        route.abort()

    def asked(dialog: Dialog) -> None:
        seen.dialogs += 1
        dialog.dismiss()

    context.route("**/*", met)
    page = context.new_page()
    page.on("dialog", asked)
    page.goto(site.url + path, wait_until="networkidle")
    seen.ran = page.evaluate("window.ran")
    seen.page = page.url
    seen.width = page.evaluate("document.documentElement.scrollWidth")
    seen.windows = len(context.pages)
    for element in page.query_selector_all("iframe"):
        frame = element.content_frame()
        name = element.get_attribute("name") or ""
        box = element.bounding_box()
        assert frame is not None
        assert box is not None
        seen.sizes[name] = {"width": box["width"], "height": box["height"]}
        if frame.url != f"{site.url}/frame?name={quote(name)}":
            seen.elsewhere[name] = frame.url
    context.close()
    for of, directive in site.reports:
        seen.reports.setdefault(of, set()).add(directive)
    return seen


@pytest.fixture(scope="module")
def seen(chromium: Browser) -> dict[str, Seen]:
    """All mails, shown in each way."""
    found = {}
    for way in WAYS:
        with served({name: framed(name, way) for name in MAILS}) as site:
            found[way] = visited(chromium, site)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_no_script_of_a_mail_runs_and_the_page_stays_as_it_is(
    seen: dict[str, Seen], way: str
) -> None:
    found = seen[way]

    assert (found.ran, found.dialogs, found.windows) == ([], 0, 1)
    assert found.page.endswith("/")
    assert found.width == 800
    assert "page" not in found.reports


@pytest.mark.parametrize("way", ["shown", "only made safe"])
def test_a_mail_fetches_nothing_and_stays_where_it_is(seen: dict[str, Seen], way: str) -> None:
    assert seen[way].fetched == {}
    assert seen[way].elsewhere == {}


def test_what_is_shown_has_nothing_that_the_policy_had_to_stop(seen: dict[str, Seen]) -> None:
    assert seen["shown"].reports == {}


def test_with_pictures_only_pictures_are_fetched(seen: dict[str, Seen]) -> None:
    found = seen["shown with pictures"]
    fetched = {address for addresses in found.fetched.values() for address in addresses}

    assert found.elsewhere == {}
    assert set(found.fetched) <= {name for name, mail in MAILS.items() if mail.remote}
    assert fetched >= {f"https://{EVIL}/{name}.png" for name in ("a", "c", "3", "4", "7")}
    assert not [address for address in fetched if "open?id" in address]
    assert found.told == []
    assert found.reports == {}


def test_the_frame_alone_would_stop_what_cleaning_missed(seen: dict[str, Seen]) -> None:
    found = seen["only framed"]

    assert found.fetched == {}
    assert {"script-src-elem", "img-src", "style-src-elem", "frame-src", "base-uri"} <= {
        directive for directives in found.reports.values() for directive in directives
    }


@pytest.mark.parametrize("way", WAYS)
def test_no_frame_is_larger_than_its_box(seen: dict[str, Seen], way: str) -> None:
    assert {name: size for name, size in seen[way].sizes.items() if size != SIZE} == {}
    assert set(seen[way].sizes) == set(MAILS)


def test_the_harness_sees_a_script_that_nothing_stops(chromium: Browser) -> None:
    bad = {
        "runs": Framed(f"<script>{RUN}</script>", None, "allow-scripts"),
        "fetches": Framed(f"<img src=https://{EVIL}/x>", None, None),
        "leads away": Framed(f"<meta http-equiv=refresh content='0;url=//{EVIL}/y'>", None, None),
        "is reported": Framed(
            f"<p onclick={RUN}>", "script-src 'none'; report-uri /report?of=x", None
        ),
    }
    with served(bad) as site:
        found = visited(chromium, site)

    assert found.ran == ["runs"]
    assert found.fetched["fetches"] == [f"https://{EVIL}/x"]
    assert found.told == [f"https://{EVIL}/x"]
    assert set(found.elsewhere) == {"leads away"}
    assert found.reports == {"x": {"script-src-attr"}, "page": {"frame-src"}}


def test_hostile_mails_run_where_nothing_stops_them(chromium: Browser) -> None:
    """Else they would show nothing."""
    raw = {
        name: Framed(mail.html, SCRIPTS_ALLOWED, "allow-scripts")
        for name, mail in MAILS.items()
        if "(script)" in name
    }
    with served(raw) as site:
        found = visited(chromium, site)

    # The others wait for a click, for a cleaner that changes them, or for an older browser.
    assert len(set(found.ran)) >= 18


def test_a_link_opens_a_window_that_knows_nothing_of_the_desk(chromium: Browser) -> None:
    with served({}, {"/target": "<!doctype html><p>target</p>"}) as site:
        html = f"<a href='{site.url}/target' target=_top>open</a>"
        site.framed["link"] = Framed(
            safe_document(html).document, csp_of_frame(remote=False), SANDBOX
        )
        site.pages["/one"] = (
            '<!doctype html><iframe name="link" src="/frame?name=link"'
            f' sandbox="{SANDBOX}"></iframe>'
        )
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{site.url}/one", wait_until="networkidle")
        with context.expect_page() as opened:
            page.frame_locator("iframe").get_by_text("open").click()
        window = opened.value
        window.wait_for_load_state()
        known = window.evaluate("[window.opener, document.referrer, location.pathname]")
        context.close()

    assert known == [None, "", "/target"]


def test_texts_in_a_template_are_only_text(chromium: Browser) -> None:
    jinja2 = pytest.importorskip("jinja2")
    source = (
        '<!doctype html><html><head><title>{{ all }}</title><script src="/page.js"></script></head>'
        '<body>{% for text in texts %}<p title="{{ text }}" data-x="{{ text }}">{{ text }}</p>'
        "<textarea>{{ text }}</textarea>{% endfor %}</body></html>"
    )
    template = jinja2.Environment(autoescape=True).from_string(source)
    page = template.render(texts=list(TEXTS.values()), all=" ".join(TEXTS.values())[:5_000])
    with served({}, {"/texts": page}) as site:
        found = visited(chromium, site, "/texts")

    assert (found.ran, found.fetched, found.reports, found.dialogs) == ([], {}, {}, 0)
    assert "{{7*7}}" in page
