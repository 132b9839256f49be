"""How long answers take is told by route, and never by paths, methods or ids of others' making."""

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from starlette.responses import Response

from services.desk.web.measured import Measured
from shared.running.metrics import HTTP_DURATION

COUNT = "helpdesk_http_request_duration_seconds_count"


def an_app() -> FastAPI:
    app = FastAPI()

    @app.get("/measured/{ticket_id}")
    async def one(ticket_id: str) -> dict[str, str]:
        return {"id": ticket_id}

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    async def _answered(*_: object) -> Response:
        return Response(status_code=500)

    app.add_exception_handler(RuntimeError, _answered)
    return app


async def asked(method: str, path: str) -> None:
    transport = httpx.ASGITransport(app=Measured(an_app()))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        await client.request(method, path)


def counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value(COUNT, labels) or 0


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", "/measured/a62cb92e", "/measured/{ticket_id}", 200),
        ("POST", "/measured/a62cb92e", "/measured/{ticket_id}", 405),
        ("GET", "/wp-login.php", "other", 404),
        ("BREW", "/measured/a62cb92e", "/measured/{ticket_id}", 405),
        ("GET", "/broken", "/broken", 500),
        ("GET", "/desk/static/0a1b/desk.css", "/desk/static/{path}", 404),
    ],
)
async def test_an_answer_is_counted_by_its_route_and_status(
    method: str, path: str, route: str, status: int
) -> None:
    said = "other" if method == "BREW" else method
    before = counted(said, route, status)

    await asked(method, path)

    assert counted(said, route, status) == before + 1


async def test_no_label_has_an_id_in_it() -> None:
    await asked("GET", "/measured/a62cb92e")
    await asked("GET", "/measured/a62cb92e/and/more")

    labels = [str(s.labels) for metric in HTTP_DURATION.collect() for s in metric.samples]
    assert not [each for each in labels if "a62cb92e" in each]
