"""Tags on messages that nobody trained on: how many get one, and how many of those fit (TAG 1).

The files are the ordinary messages of `tests/spam/held_out`, written apart from the seeds and
labelled by hand.
"""

import json
from pathlib import Path

import pytest

from services.tagging.rules.choosing import chosen
from services.tagging.rules.own_tags import OwnTags, others, own_tags
from shared.contracts.accounts import TAGS, OwnTag, TagSettings
from shared.learning.features import hashed
from shared.learning.lessons import counterexamples
from shared.learning.model import Delta, Example, taught
from shared.learning.models import WHICH_TAGS, whole
from shared.learning.seeds import Seed, all_seeds, tags_model, whole_text

FOLDER = Path(__file__).parents[1] / "spam" / "held_out"
MODEL = whole(WHICH_TAGS)
USUAL = TagSettings()


def tags_of(text: str, subject: str | None = None, delta: Delta | None = None) -> set[str]:
    whole = whole_text(subject, text)
    settings = USUAL if delta is None else TagSettings(own=(OWN,))
    found = chosen(MODEL, [delta] if delta else [], settings, hashed(whole))
    return {fit.tag for fit in found}


def measured(language: str) -> tuple[float, float]:
    """The share of messages that get a tag, and the share of given tags that fit."""
    lines = (FOLDER / f"{language}.tags.jsonl").read_text().splitlines()
    said = [json.loads(line) for line in lines]
    given = [(tags_of(each["text"], each.get("subject")), set(each["tags"])) for each in said]
    right = sum(len(tags & fitting) for tags, fitting in given)
    count = sum(len(tags) for tags, _ in given)
    return sum(bool(tags) for tags, _ in given) / len(given), right / count


@pytest.mark.spec("TAG 1")
@pytest.mark.parametrize(
    ("language", "tagged", "precision"),
    [
        ("en", 0.6, 0.9),
        ("es", 0.5, 0.85),
        ("it", 0.5, 0.85),
        ("fr", 0.5, 0.85),
        ("de", 0.5, 0.85),
        ("pt", 0.5, 0.85),
    ],
)
def test_most_messages_are_tagged_and_hardly_a_tag_is_wrong(
    language: str, tagged: float, precision: float
) -> None:
    share, fitting = measured(language)

    assert share >= tagged
    assert fitting >= precision


@pytest.mark.slow
@pytest.mark.spec("TAG 1")
def test_the_seeds_that_are_kept_apart_are_told_by_the_others() -> None:
    """Harder than what customers write: each seed is an idea of its own."""
    seeds = [seed for seed in all_seeds() if not seed.spam]
    model = tags_model([seed for seed in seeds if not seed.is_kept_apart])
    apart = [seed for seed in seeds if seed.is_kept_apart]
    given = [
        ({fit.tag for fit in chosen(model, [], USUAL, hashed(seed.whole))}, set(seed.tags))
        for seed in apart
    ]
    count = sum(len(tags) for tags, _ in given)

    assert len(apart) >= 1000
    assert sum(len(tags & fitting) for tags, fitting in given) / count >= 0.82
    assert sum(bool(tags) for tags, _ in given) / len(given) >= 0.25


def test_each_tag_and_language_has_seeds() -> None:
    seeds = all_seeds()
    for tag in TAGS:
        for language in ("en", "es", "it", "fr", "de", "pt"):
            assert sum(tag in seed.tags and seed.language == language for seed in seeds) >= 50


OWN = OwnTag(
    name="Engraving",
    examples=(
        "can you engrave a name on the ring",
        "how much is engraving",
        "I'd like our initials engraved inside",
        "is it possible to have a date engraved on the watch",
        "the engraving on my bracelet is misspelled",
        "which fonts do you offer for engraving",
        "how many letters fit when you engrave it",
        "engraved keyring, by when?",
        "do you engrave glass too",
        "please engrave 'for Anna' on the back",
    ),
)


@pytest.mark.spec("TAG 1")
def test_ten_examples_make_an_own_tag_that_is_given_where_it_fits_and_hardly_elsewhere() -> None:
    delta = own_tags(MODEL, [OWN], others(all_seeds()))
    fitting = [
        "Could you engrave our wedding date on both rings?",
        "what does the engraving cost",
        "can I add an engraving to order 1234",
        "hi! do you do engraved lockets",
    ]
    others_said = [
        json.loads(line)["text"] for line in (FOLDER / "en.tags.jsonl").read_text().splitlines()
    ]

    assert sum("Engraving" in tags_of(text, delta=delta) for text in fitting) >= 3
    assert sum("Engraving" in tags_of(text, delta=delta) for text in others_said) <= 2


def test_an_account_without_own_tags_has_nothing_added() -> None:
    assert len(own_tags(MODEL, [], others(all_seeds())).indices) == 0


@pytest.mark.spec("TAG 1")
def test_examples_that_say_nothing_break_nothing() -> None:
    empty = OwnTag(name="Odd", examples=("…", "…", "\u200b", "x"))
    delta = own_tags(MODEL, [empty, OWN], others(all_seeds()))

    assert tags_of("where is my parcel", delta=delta) == tags_of("where is my parcel")


@pytest.mark.spec("TAG 2")
def test_what_agents_only_ever_add_stays_what_it_is_about() -> None:
    """Twenty additions of an own tag and no removal: it is found more, and hardly elsewhere."""
    english = [seed for seed in all_seeds() if not seed.spam and seed.language == "en"]
    fitting = [seed for seed in english if "Recommendations" in seed.tags]
    elsewhere = [seed for seed in english if "Recommendations" not in seed.tags]
    tag = OwnTag(name="Advice", examples=tuple(seed.whole for seed in fitting[:50]))
    others_of_all = others(all_seeds())
    own = own_tags(MODEL, [tag], others_of_all)
    ground = OwnTags(MODEL, lambda: others_of_all, lambda _: USUAL).examples_of_others()
    given = [Example(seed.id, hashed(seed.whole), {tag.name: True}) for seed in fitting[50:70]]
    learned = taught(MODEL, given, [own], counterexamples(given, MODEL.labels, ground))

    def share(seeds: list[Seed], *deltas: Delta) -> float:
        settings = TagSettings(own=(tag,))
        found = [chosen(MODEL, deltas, settings, hashed(seed.whole)) for seed in seeds]
        return sum(tag.name in {fit.tag for fit in fits} for fits in found) / len(seeds)

    assert learned.lessons == len(given)
    assert share(fitting[70:], own, learned) > share(fitting[70:], own) + 0.05
    assert share(elsewhere, own, learned) <= 0.015
