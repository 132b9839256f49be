"""The servers of a run and of a test.

`servers` are shared by the whole run and started when the first test asks for them; tests keep out
of each other's way by the prefix `unique`. `own_kafka`, `own_mongo` and `own_redis` belong to one
test, which may stop, kill and start them.
"""

from __future__ import annotations

import gc
import os
import secrets
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog

from tests.examples import QUICK, QUICKLY
from tests.stacks import Choice, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.embedded.servers import KafkaServer, MongoServer, RedisServer, Servers

# Time is no subject of a property: another process may take the machine meanwhile.
hypothesis.settings.register_profile("whole", deadline=None)
hypothesis.settings.register_profile(QUICK, deadline=None, max_examples=QUICKLY)
hypothesis.settings.load_profile("whole")

_CHOICE = pytest.StashKey[Choice]()


def _choice(config: pytest.Config) -> Choice:
    """Return what `choose` says, asked once a run and not before a test needs it."""
    if _CHOICE not in config.stash:
        config.stash[_CHOICE] = choose(os.environ)
    return config.stash[_CHOICE]


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """Kafka, MongoDB and Redis for the whole run."""
    with _choice(pytestconfig).stack() as addresses:
        yield addresses


@pytest.fixture
def own_kafka(pytestconfig: pytest.Config) -> Iterator[KafkaServer]:
    """A Kafka broker of the test's own, which it may stop, kill and start."""
    with _choice(pytestconfig).kafka() as server:
        yield server


@pytest.fixture
def own_mongo(pytestconfig: pytest.Config) -> Iterator[MongoServer]:
    """A MongoDB server of the test's own, which it may stop, kill and start."""
    with _choice(pytestconfig).mongo() as server:
        yield server


@pytest.fixture
def own_redis(pytestconfig: pytest.Config) -> Iterator[RedisServer]:
    """A Redis server of the test's own, which it may stop, kill and start."""
    with _choice(pytestconfig).redis() as server:
        yield server


@pytest.fixture
def unique() -> str:
    """Return the prefix of the test's topics, database and keys, which no other test has."""
    return f"t{secrets.token_hex(4)}"


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start, and log errors as they are logged by services: shortly.

    A shell's background job, and so CI's, ignores Ctrl-C.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # With every variable of every frame, as it is shown to developers, an error takes seconds.
    *others, _ = structlog.get_config()["processors"]
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*others, renderer])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector out of what is collected: it is all there until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what only Apache Kafka can show where another broker stands in."""
    if item.get_closest_marker("kafka") and not (choice := _choice(item.config)).is_apache_kafka:
        pytest.skip(f"needs Apache Kafka, the stack is {choice.name}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in CI that had to leave Apache Kafka or the browser out."""
    choice = session.config.stash.get(_CHOICE, None)
    left_out = bool(choice and choice.left_out) or bool(_without_browser(session.config))
    if left_out and _in_ci() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _without_browser(config: pytest.Config) -> int:
    """How many tests in a browser were skipped."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    return sum("browser" in report.keywords for report in skipped)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say in the last lines which servers the tests ran on."""
    verdict = "which fails a run in CI" if _in_ci() else "do not take this run for the whole"
    if count := _without_browser(config):
        terminalreporter.write_line(
            f"{count} TESTS IN A BROWSER WERE LEFT OUT ({verdict}): there is no Chromium",
            red=True,
            bold=True,
        )
    choice = config.stash.get(_CHOICE, None)
    if choice is None:
        return
    kinds = ", ".join(kind.__name__ for kind in (choice.kafka, choice.mongo, choice.redis))
    terminalreporter.section(f"servers: {choice.name} ({kinds})")
    if choice.left_out:
        terminalreporter.write_line(
            f"APACHE KAFKA WAS LEFT OUT ({verdict}): {choice.left_out}", red=True, bold=True
        )


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}
