"""Screening where its phrases, the model's seeds or both cannot be read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.spam import app
from services.spam.phrasebook import read, shipped
from services.spam.rules.lexicon import Lexicon
from shared.contracts.messages import InboundMessage, Verdict
from shared.learning.model import Model
from shared.learning.models import WHETHER_SPAM, whole
from shared.topics import MESSAGES, SCREENED
from tests.learning.memory import MemoryLessons, MemoryMemories
from tests.memory_bus import FakeClock, MemoryBus, MemoryLog
from tests.spam.memory import MemoryContacts
from tests.spam.samples import SPAM_TEXT, message

MODEL = whole(WHETHER_SPAM)
DAMAGED = {"service": "spam", "what": "rules"}


async def screened(
    phrases: Lexicon | None,
    model: Model | None,
    *,
    only_tried: bool = False,
    text: str = SPAM_TEXT,
) -> tuple[Verdict, Sequence[str]]:
    """The verdict on an evident spam, or the text, and the errors that were logged at the start."""
    log = MemoryLog(FakeClock())
    bus = MemoryBus("spam", log)
    with capture_logs() as logged:
        app.wire(
            bus,
            MemoryContacts(),
            MemoryLessons(),
            MemoryMemories(),
            phrases,
            model,
            log.clock,
            only_tried=only_tried,
        )
    log.append(MESSAGES.record(message(text)))
    await log.settle()
    [published] = [SCREENED.parse(record) for record in log.records[SCREENED.name]]
    assert isinstance(published, InboundMessage)
    assert published.verdict is not None
    errors = [line["event"] for line in logged if line["log_level"] == "error"]
    return published.verdict, errors


async def test_rules_and_model_judge_together() -> None:
    verdict, errors = await screened(shipped(), MODEL)

    assert verdict.spam
    assert {"prize", "learned"} <= {reason.code for reason in verdict.reasons}
    assert not errors


async def test_without_phrases_the_model_judges_alone() -> None:
    verdict, errors = await screened(None, MODEL)

    assert verdict.model == f"{MODEL.version}+0"
    assert {reason.code for reason in verdict.reasons} == {"learned"}
    assert verdict.spam
    assert not errors


async def test_without_a_model_the_rules_judge_alone() -> None:
    verdict, errors = await screened(shipped(), None)

    assert verdict.model == "rules-3"
    assert verdict.spam
    assert not errors


@pytest.mark.spec("SPM 1")
async def test_without_either_every_message_goes_on_as_no_spam_and_the_log_says_so() -> None:
    verdict, errors = await screened(None, None)

    assert (verdict.spam, verdict.grey, verdict.score) == (False, False, 0.0)
    assert errors == ["nothing judges messages: none will be spam"]


@pytest.mark.parametrize("text", [SPAM_TEXT, "you have won a prize", "where is my order"])
async def test_beside_a_model_that_is_only_tried_the_rules_judge_as_they_do_alone(
    text: str,
) -> None:
    tried, _ = await screened(shipped(), MODEL, only_tried=True, text=text)
    alone, _ = await screened(shipped(), None, text=text)

    assert tried.shadow is not None
    assert tried.model_copy(update={"shadow": None}) == alone


async def test_a_model_that_is_only_tried_hides_nothing_though_there_are_no_rules() -> None:
    verdict, errors = await screened(None, MODEL, only_tried=True)

    assert (verdict.spam, verdict.score) == (False, 0.0)
    assert verdict.shadow is not None
    assert verdict.shadow > verdict.threshold
    assert errors == ["nothing judges messages: none will be spam"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "fr.toml").write_text("crypto = ["),
        lambda folder: (folder / "fr.toml").write_bytes(b"\xff"),
        lambda folder: (folder / "fr.toml").write_text("crypto = ['((']"),
        lambda folder: (folder / "rules.toml").unlink(),
    ],
    ids=["no toml", "no text", "no regular expression", "no rules"],
)
def test_damaged_phrases_are_none_and_are_counted_and_logged(
    damage: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phrases = Path(app.__file__).parent / "rules" / "phrases"
    for file in phrases.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert read(tmp_path) == shipped()
    damage(tmp_path)
    monkeypatch.setattr(app, "shipped", lambda: read(tmp_path))
    before = REGISTRY.get_sample_value("helpdesk_learning_damaged_total", DAMAGED) or 0

    with capture_logs() as logged:
        found = app.load_phrases()

    assert found is None
    assert REGISTRY.get_sample_value("helpdesk_learning_damaged_total", DAMAGED) == before + 1
    assert [line["log_level"] for line in logged] == ["error"]
    assert "toml" in logged[0]["error"]


def test_the_shipped_phrases_are_whole() -> None:
    assert app.load_phrases() == shipped()
