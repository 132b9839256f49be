"""What others wrote cannot act in the page: every answer says so to the browser."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from services.desk.web.headers import POLICY, SafeHeaders

FRAME = "default-src 'none'; sandbox"


async def plain(_: Request) -> Response:
    return PlainTextResponse("hello")


async def mail(_: Request) -> Response:
    return PlainTextResponse("mail", headers={"content-security-policy": FRAME})


def desk(*, secure: bool = True, report_to: str = "") -> TestClient:
    app = Starlette(routes=[Route("/plain", plain), Route("/mail", mail)])
    return TestClient(SafeHeaders(app, secure=secure, report_to=report_to))


@pytest.mark.parametrize("path", ["/plain", "/nowhere"])
def test_every_answer_has_the_policy_and_forbids_guessing(path: str) -> None:
    headers = desk().get(path).headers

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "camera=()" in headers["permissions-policy"]


def test_the_policy_lets_in_nothing_that_stands_in_the_page() -> None:
    directives = dict(each.strip().partition(" ")[::2] for each in POLICY.split(";"))

    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert directives["default-src"] == "'self'"
    assert {name for name, value in directives.items() if value == "'none'"} == {
        "object-src",
        "base-uri",
        "frame-ancestors",
    }


def test_an_answer_keeps_a_policy_of_its_own() -> None:
    headers = desk().get("/mail").headers

    assert headers.get_list("content-security-policy") == [FRAME]
    assert headers["x-content-type-options"] == "nosniff"


def test_without_tls_browsers_are_not_told_to_insist_on_it() -> None:
    assert "strict-transport-security" not in desk(secure=False).get("/plain").headers


def test_browsers_report_where_they_are_told_to() -> None:
    headers = desk(report_to="https://csp.example.com/r").get("/plain").headers

    assert headers["content-security-policy"] == (
        f"{POLICY}; report-uri https://csp.example.com/r; report-to desk"
    )
    assert headers["reporting-endpoints"] == 'desk="https://csp.example.com/r"'
