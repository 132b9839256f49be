"""What docs/desk.md says is so: its examples against the API, its tables against the code."""

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2 as httpx
import pytest
from starlette.datastructures import QueryParams

from services.desk.rules.commands import Asked
from services.desk.rules.people import SCOPES
from services.desk.rules.settings import document, strangers, with_part
from services.desk.rules.settings_checks import checked
from services.desk.settings import Settings
from services.desk.web.api.bulk import Bulk
from services.desk.web.listening import Listening
from services.desk.web.queries import filters_of, wanted
from services.desk.web.would_be_sent import Previewed
from shared.contracts.accounts import AccountSettings, Role
from tests.architecture.tree import ROOT
from tests.deploy.chart.test_code import names
from tests.wired import built

PAGE = (ROOT / "docs/desk.md").read_text()


@dataclass
class Curl:
    """A request, as an example makes it."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    file: str = ""


def examples() -> list[Curl]:
    """Every request of the page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [read(shlex.split(line)) for line in lines]


def read(words: list[str]) -> Curl:
    assert words.pop(0) == "curl"
    url = urlsplit(words.pop(0).removeprefix("$DESK"))
    asked = Curl("GET", url.path, parse_qsl(url.query))
    rest = iter(words)
    for option in rest:
        match option:
            case "--request":
                asked.method = next(rest)
            case "--header":
                name, _, value = next(rest).partition(": ")
                asked.headers[name.lower()] = value
            case "--data":
                asked.body = json.loads(next(rest))
            case "--data-binary" | "--output":
                asked.file = next(rest)
            case _:
                assert option in {"--no-buffer", "--include"}, option
    return asked


async def described() -> dict[str, Any]:
    """The API's description, as programs fetch it; no server is needed for it."""
    listening, *_ = built("desk").doors
    assert isinstance(listening, Listening)
    transport = httpx.ASGITransport(app=listening.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.get("/api/v1/openapi.json")
    told: dict[str, Any] = answer.json()
    return told


def operation(api: dict[str, Any], asked: Curl) -> dict[str, Any]:
    """What the description says of the request."""
    for path, methods in api["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        exact = path == asked.path
        if (exact or re.fullmatch(pattern, asked.path)) and asked.method.lower() in methods:
            found: dict[str, Any] = methods[asked.method.lower()]
            return found
    raise AssertionError(asked)


@pytest.mark.spec("VWS 8")
async def test_every_example_asks_for_what_the_api_describes() -> None:
    api = await described()

    assert len(examples()) >= 10
    for asked in examples():
        told = operation(api, asked)
        known = {(p["in"], p["name"].lower()): p for p in told.get("parameters", ())}
        assert {name for name, _ in asked.query} <= {n for kind, n in known if kind == "query"}
        needed = {n for (kind, n), p in known.items() if kind == "header" and p["required"]}
        assert needed <= set(asked.headers), asked
        uploads = asked.file.startswith("@")
        assert (asked.body is not None or uploads) == ("requestBody" in told), asked
        assert asked.headers["authorization"] == "Bearer $TOKEN"


@pytest.mark.spec("VWS 8")
def test_every_body_and_filter_of_the_examples_is_taken() -> None:
    bodies = 0
    for asked in examples():
        if asked.path == "/api/v1/tickets":
            wanted(QueryParams(asked.query))
        if asked.body is None:
            continue
        bodies += 1
        if asked.path.endswith("/commands"):
            Asked.model_validate(asked.body)
        elif asked.path.endswith("/preview"):
            given = Previewed.model_validate(asked.body).settings
            whole = document(AccountSettings(account_id="acme"))
            assert checked(with_part("auto-replies", whole, given))[1] == []
        elif part := re.fullmatch(r"/api/v1/settings/([a-z-]+)", asked.path):
            whole = document(AccountSettings(account_id="acme"))
            assert strangers(part[1], asked.body) == []
            assert checked(with_part(part[1], whole, asked.body))[1] == []
        else:
            assert asked.path == "/api/v1/bulk"
            filters_of(Bulk.model_validate(asked.body).filters)
    assert bodies == 5


def test_a_word_that_the_api_does_not_know_would_be_seen() -> None:
    with pytest.raises(ValueError, match="extra"):
        Asked.model_validate({"type": "reply", "txt": "Hello"})


def test_the_page_names_every_collection_of_the_desk_and_no_other() -> None:
    stores = "".join(file.read_text() for file in (ROOT / "services/desk/store").glob("*.py"))
    there = set(re.findall(r'database\[f?"(desk_[a-z]+)', stores))
    table = PAGE.partition("### What is kept where")[2].partition("**Building it anew.**")[0]
    named = {name.removesuffix("_a") for name in re.findall(r"`(desk_[a-z_]+)`", table)}

    assert named == there


def test_the_page_names_variables_that_there_are() -> None:
    said = set(re.findall(r"`(HELPDESK_\w+)`", PAGE))

    assert len(said) > 5
    assert said <= set(names(Settings))


def test_the_page_has_the_roles_and_scopes_of_the_code() -> None:
    table = PAGE.partition("### Roles")[2].partition("## For operators")[0]

    assert re.findall(r"^\| (\w+) \|", table, re.MULTILINE)[1:] == list(
        reversed(Role.__args__)  # type: ignore[attr-defined]  # a Literal has them
    )
    assert all(f"`{scope}`" in PAGE for scope in SCOPES)


def test_the_page_has_the_keys_of_the_scripts() -> None:
    static = ROOT / "services/desk/web/static"
    scripts = "".join(file.read_text() for file in static.glob("*.js"))
    table = PAGE.partition("### Keys")[2].partition("### Roles")[0]
    keys = set(re.findall(r'\bkey\("([^"]+)"', scripts))
    actions = re.search(r"export const KEYS = \{(.*?)\};", scripts, re.DOTALL)
    assert actions
    keys |= {a or b for a, b in re.findall(r'\b(\w): \[|"(.)": \[', actions[1])}

    assert len(keys) > 15
    for name in keys:
        assert f"`{name}`" in table or name == "?" or (len(name) > 1 and name in table), name
