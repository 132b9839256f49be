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


@pytest.mark.spec("MAC 1")
def test_what_is_said_for_want_of_a_value_is_put_in_and_nothing_is_missing() -> None:
    macro = "Hi {{ contact.first_name | default('you') }}, {{agent.name|default(\"we\")}} wrote"

    assert filled(macro, KNOWN) == ("Hi Vera, we wrote", ())
    assert filled("{{nothing.at_all|default('x')}}", KNOWN) == (
        "{{nothing.at_all|default('x')}}",
        (),
    )
    assert left_open(macro) == ("contact.first_name", "agent.name")


@pytest.mark.spec("MAC 1")
@pytest.mark.parametrize("around", ["{% if x %}", "{# so #}", "{{ x }}", "{{ 1 + 1 }}", "}}"])
def test_what_else_stands_between_braces_hides_no_placeholder(around: str) -> None:
    text = f"{around} {{{{contact.first_name}}}} {around}"

    assert filled(text, KNOWN) == (f"{around} Vera {around}", ())
    assert left_open(text) == ("contact.first_name",)
    assert unknown(text) == ()
