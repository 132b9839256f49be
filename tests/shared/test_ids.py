"""Computed ids: the same cause, the same id; another cause, another."""

import uuid

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.values.ids import attempt_token, computed_id

parts = st.lists(st.text(), max_size=4).map(tuple)


@given(kind=st.text(), said=parts)
def test_an_id_is_computed_not_drawn(kind: str, said: tuple[str, ...]) -> None:
    assert computed_id(kind, *said) == computed_id(kind, *said)
    assert uuid.UUID(computed_id(kind, *said)).version == 5


@given(one=parts, other=parts)
def test_different_parts_give_different_ids(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assume(one != other)

    assert computed_id("x", *one) != computed_id("x", *other)


@given(letters=st.text(alphabet="ab:1", min_size=2), cut=st.data())
def test_where_the_parts_are_cut_matters(letters: str, cut: st.DataObject) -> None:
    at = cut.draw(st.integers(0, len(letters) - 1))
    other = cut.draw(st.integers(0, len(letters) - 1).filter(lambda place: place != at))

    assert computed_id("x", letters[:at], letters[at:]) != computed_id(
        "x", letters[:other], letters[other:]
    )


def test_an_id_outlives_versions() -> None:
    # These stand in databases: whoever changes them makes every message new.
    assert computed_id("message", "acme", "sms") == "6f4e7b91-ffd8-511a-9af7-8663d97b4dd6"
    assert computed_id("message") == "fb8fa37e-9429-5cf0-83ba-202a6f63049f"


def test_no_attempt_has_another_s_token() -> None:
    tokens = {attempt_token() for _ in range(1_000)}

    assert len(tokens) == 1_000
