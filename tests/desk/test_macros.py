"""Macros: what is filled in, and what is left open and never sent like that (MAC 1)."""

import pytest

from services.desk.rules.macros import PLACEHOLDERS, filled, left_open, unknown

KNOWN = {"contact.first_name": "Vera", "ticket.number": "42"}


@pytest.mark.spec("MAC 1")
def test_a_placeholder_without_a_value_stays_as_it_is_and_is_told_of() -> None:
    text, missing = filled(
        "Hi {{contact.first_name}}, {{ agent.name }} about {{nothing.at_all}}", KNOWN
    )

    assert text == "Hi Vera, {{ agent.name }} about {{nothing.at_all}}"
    assert missing == ("agent.name",)


@pytest.mark.spec("MAC 1")
@pytest.mark.parametrize("place", PLACEHOLDERS)
def test_a_text_with_a_placeholder_left_must_not_be_sent(place: str) -> None:
    assert left_open(f"Hi {{{{{place}}}}} and {{{{ {place} }}}}") == (place,)
    assert left_open("{{ code.of_theirs }} {{x}} { {contact.name} }") == ()


def test_what_looks_like_a_placeholder_and_is_none_is_told_of() -> None:
    assert unknown("{{contact.nmae}} {{contact.name}}") == ("contact.nmae",)


def test_what_is_filled_in_is_not_filled_in_again() -> None:
    text, missing = filled("{{contact.first_name}}", {"contact.first_name": "{{ticket.number}}"})

    assert (text, missing) == ("{{ticket.number}}", ())
