"""The API is as it is described: OpenAPI, and what schemathesis makes of it."""

import asyncio
import itertools
from typing import Any

import httpx2
import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.desk.http import HOME, Asks, Served
from tests.desk.test_rights import Doors

EXAMPLES = 3
"""Requests that are made up for each operation."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return Doors().routes.openapi()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_description_is_openapi_and_names_each_operation_once(
    described: dict[str, Any],
) -> None:
    assert described["openapi"].startswith("3.1")
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    for name, schema in described["components"]["schemas"].items():
        assert name
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_operation_says_what_it_does_and_how_it_is_refused(
    described: dict[str, Any],
) -> None:
    for method, path, operation in operations(described):
        assert operation.get("description"), (method, path)
        assert path.startswith("/api/v1/")
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert set(answer["content"]) == {"application/problem+json"}, (path, status)
        for status in ("401", "403", "422", "429", "503"):
            assert status in operation["responses"], (method, path, status)


def test_a_command_needs_an_idempotency_key(described: dict[str, Any]) -> None:
    for path in ("/api/v1/tickets/{ticket_id}/commands", "/api/v1/bulk", "/api/v1/views"):
        parameters = described["paths"][path]["post"]["parameters"]
        assert any(p["name"] == "Idempotency-Key" and p["required"] for p in parameters)


@pytest.mark.connected
@pytest.mark.timeout(180)
async def test_whatever_is_asked_the_answer_is_as_described(served: Served) -> None:
    ticket = await served.ticketing.write()
    amy = await served.browser("amy")
    described = (await amy.get("/api/v1/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(described)
    loop = asyncio.get_running_loop()

    def try_all() -> list[str]:
        return [wrong for each in schema.get_all_operations() for wrong in tried(each)]

    def tried(found: Any) -> list[str]:
        operation = found.ok()
        if operation.path == "/api/v1/events":
            return []  # it has no end
        wrong: list[str] = []
        ids = itertools.cycle([ticket.id, None])

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def one(case: Any) -> None:
            if "ticket_id" in (case.path_parameters or {}) and (known := next(ids)):
                case.path_parameters["ticket_id"] = known
            wrong.extend(asyncio.run_coroutine_threadsafe(asked(amy, case), loop).result(30))

        one()
        return wrong

    assert await asyncio.to_thread(try_all) == []


async def asked(amy: Asks, case: Any) -> list[str]:
    """What is wrong with the answer to the request."""
    sent = case.as_transport_kwargs(base_url=HOME)
    headers = {str(name): str(value) for name, value in dict(sent["headers"] or {}).items()}
    headers = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    transport = httpx2.ASGITransport(app=amy.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport) as client:
        body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
        try:
            request = client.build_request(
                sent["method"], sent["url"], params=sent.get("params"), **body,
                headers={**headers, **amy.headers},
            )  # fmt: skip
        except (UnicodeError, ValueError, TypeError):
            return []  # no client can send it
        answer = await client.send(request)
    found = schemathesis.Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.content,
        request=_prepared(answer.request),
        elapsed=0.1,
        verify=False,
    )
    at = f"{case.method} {answer.request.url} -> {answer.status_code}"
    if answer.status_code >= 500:
        return [f"{at}: {answer.text}"]
    wrong = []
    for check in (
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ):
        try:
            case.validate_response(found, checks=[check])
        except AssertionError as error:
            wrong.append(f"{at} {check.__name__}: {error}")
        except BaseExceptionGroup as errors:
            wrong.append(f"{at} {check.__name__}: {errors.exceptions[0]}")
    return wrong


def _prepared(request: httpx2.Request) -> Any:
    import requests  # noqa: PLC0415  # only what schemathesis shows its checks

    return requests.Request(request.method, str(request.url), dict(request.headers)).prepare()
