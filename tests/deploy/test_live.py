"""A running pipeline is scraped; every panel gets an answer, and alerts come and go."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from urllib.request import urlopen

import pytest

from shared.cli.demo import samples
from shared.cli.demo.story import Story
from shared.cli.demo.unattended import Unattended
from shared.cli.local import LocalPipeline, local_pipeline
from shared.clock import system_clock
from tests.deploy.dashboards import FILES
from tests.deploy.monitoring import Alertmanager, Prometheus, Webhook
from tests.deploy.test_alerts import RULES

NOTHING_YET = {
    ("helpdesk-overview", "Alerts that fire"),
    ("helpdesk-tickets", "The longest wait for an assignee"),
    ("helpdesk-tickets", "The longest kept back"),
    ("helpdesk-tickets", "Optional engines"),
    ("helpdesk-desk", "Errors"),
    ("helpdesk-runtime", "Damaged learning"),
    ("helpdesk-runtime", "Replayed dead letters"),
}
"""Panels that show something only in trouble, or where something optional is in use."""


async def until(what: str, holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, f"this did not happen within {seconds} s: {what}"
        await asyncio.sleep(0.2)


async def said(webhook: Webhook, what: str, alert: str, labels: dict[str, str]) -> None:
    """Return once that is what the webhook was told last."""
    await until(f"{alert} is {what}", lambda: webhook.last(alert, **labels) == what)


@contextlib.contextmanager
def watched(pipeline: LocalPipeline) -> Iterator[tuple[Prometheus, Webhook]]:
    ports = [process.port for process in pipeline.services]
    with contextlib.ExitStack() as cleaning:
        webhook = Webhook()
        cleaning.callback(webhook.close)
        manager = cleaning.enter_context(Alertmanager(webhook.port))
        prometheus = cleaning.enter_context(Prometheus(ports, RULES, manager.port))
        yield prometheus, webhook


def _looked_at(desk: str) -> None:
    """Somebody opens the desk."""
    with urlopen(f"{desk}/sign-in", timeout=10) as answer:  # noqa: S310  # our own
        assert answer.status == 200


def empty_panels(prometheus: Prometheus) -> set[tuple[str, str]]:
    """The panels of which a series has no data; an expression that is not valid raises."""
    empty = set()
    for board in FILES.values():
        for panel in board.panels:
            for expression, _ in panel.series:
                asked = expression.replace("$service", ".*").replace("$__rate_interval", "20s")
                if not prometheus.ask(asked):
                    empty.add((board.uid, panel.title))
    return empty


@pytest.mark.connected
@pytest.mark.deploy
async def test_panels_show_a_running_pipeline_and_alerts_come_and_go() -> None:
    async with local_pipeline(lambda _: None) as pipeline:
        with watched(pipeline) as (prometheus, webhook):
            await Story(pipeline, system_clock()).tell()
            await Unattended(pipeline, pipeline.desk.url, system_clock()).tell()
            await asyncio.to_thread(_looked_at, pipeline.desk.url)
            with contextlib.suppress(AssertionError):
                await until("all have data", lambda: empty_panels(prometheus) <= NOTHING_YET, 20)
            assert await asyncio.to_thread(empty_panels, prometheus) - NOTHING_YET == set()

            # The story has dead letters of its own: their alert ends when the window has passed.
            letters: dict[str, str] = {"service": "ingest", "severity": "ticket"}
            await until(
                "nothing fires", lambda: webhook.last("HelpdeskDeadLetters", **letters) != "firing"
            )

            closer = next(each for each in pipeline.services if each.service == "autoclose")
            gone = f"127.0.0.1:{closer.port}"
            await asyncio.to_thread(closer.stop)
            await pipeline.publish([samples.inbound("sms", b'{"half a') for _ in range(7)])
            alerts = (
                ("HelpdeskDeadLetters", letters),
                ("HelpdeskGroupWithoutMembers", {"service": "autoclose", "severity": "page"}),
                ("HelpdeskTargetMissing", {"instance": gone, "severity": "page"}),
            )
            for alert, labels in alerts:
                await said(webhook, "firing", alert, labels)

            await asyncio.to_thread(closer.start)
            for alert, labels in alerts:
                await said(webhook, "resolved", alert, labels)
