"""The models that are kept: the ones that the seeds teach, or none."""

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shared.learning import models, seeds
from shared.learning.features import hashed
from shared.learning.model import Example, Model, logits, trained
from shared.learning.models import WHETHER_SPAM, WHICH_TAGS, Subject, begun, keep, kept
from shared.learning.seeds import Seed

MODEL = trained(
    "v1",
    [seeds.SPAM],
    [
        Example("s1", hashed("claim your free prize now"), {seeds.SPAM: True}),
        Example("h1", hashed("where is my order"), {seeds.SPAM: False}),
    ],
)


def test_a_kept_model_says_what_the_model_said(tmp_path: Path) -> None:
    keep(WHETHER_SPAM, MODEL, tmp_path)
    again = kept(WHETHER_SPAM, tmp_path)

    assert again is not None
    assert (again.version, again.labels) == (MODEL.version, MODEL.labels)
    assert np.array_equal(again.weights, MODEL.weights)
    assert np.array_equal(again.moved, MODEL.moved)
    text = hashed("claim a free order")
    assert logits(again, [], text) == logits(MODEL, [], text)


def test_what_was_kept_before_is_replaced(tmp_path: Path) -> None:
    keep(WHETHER_SPAM, MODEL, tmp_path)
    keep(WHETHER_SPAM, Model("v2", MODEL.labels, MODEL.learned), tmp_path)

    again = kept(WHETHER_SPAM, tmp_path)
    assert again is not None
    assert again.version == "v2"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["spam.json", "spam.npy"]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "spam.json").unlink(),
        lambda folder: (folder / "spam.json").write_text("{"),
        lambda folder: (folder / "spam.json").write_text("[]"),
        lambda folder: (folder / "spam.json").write_bytes(b"\xff"),
        lambda folder: (folder / "spam.npy").unlink(),
        lambda folder: (folder / "spam.npy").write_bytes(b""),
        lambda folder: _cut(folder / "spam.npy"),
        lambda folder: np.save(folder / "spam.npy", np.zeros((2, 3, 1), np.float32)),
    ],
    ids=["gone", "no json", "no object", "no text", "no weights", "empty", "cut", "too few"],
)
def test_what_cannot_be_read_is_as_if_nothing_were_kept(
    damage: Callable[[Path], object], tmp_path: Path
) -> None:
    keep(WHETHER_SPAM, MODEL, tmp_path)
    damage(tmp_path)

    assert kept(WHETHER_SPAM, tmp_path) is None


@pytest.mark.parametrize("file", ["seeds/en.ham.jsonl", "model.py", "features.py", "text.py"])
def test_what_other_seeds_or_other_code_made_is_not_used(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    shutil.copytree(models.SOURCE, source, ignore=shutil.ignore_patterns("made", "__pycache__"))
    monkeypatch.setattr(models, "SOURCE", source)
    keep(WHETHER_SPAM, MODEL, tmp_path)
    assert kept(WHETHER_SPAM, tmp_path) is not None
    (source / file).write_bytes((source / file).read_bytes() + b"\n")

    assert kept(WHETHER_SPAM, tmp_path) is None


def test_a_model_that_is_not_kept_is_made_meanwhile_and_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_go_on = threading.Event()

    def made(_: Sequence[Seed]) -> Model:
        assert may_go_on.wait(10)
        return MODEL

    monkeypatch.setattr(models, "kept", lambda _: None)
    model = begun(Subject(seeds.SPAM, MODEL.labels, made))
    text = hashed("claim a free order")
    with ThreadPoolExecutor(1) as asker:
        asked = asker.submit(logits, model, [], text)
        assert not asked.done()
        may_go_on.set()

    assert asked.result() == logits(MODEL, [], text)
    assert model.version == seeds.version_of(seeds.SPAM, seeds.all_seeds())
    assert model.labels == MODEL.labels


def test_what_was_learned_for_other_labels_is_not_used(tmp_path: Path) -> None:
    keep(WHETHER_SPAM, MODEL, tmp_path)

    assert kept(replace(WHETHER_SPAM, labels=("ham",)), tmp_path) is None


@pytest.mark.parametrize("subject", [WHETHER_SPAM, WHICH_TAGS], ids=lambda each: str(each.name))
def test_what_this_installation_keeps_is_what_its_seeds_teach(subject: Subject) -> None:
    found = kept(subject)
    taught = subject.made(seeds.all_seeds())

    assert found is not None, "python -m shared.learning.models keeps it"
    assert found.version == taught.version
    assert np.allclose(found.weights, taught.weights, atol=1e-3)
