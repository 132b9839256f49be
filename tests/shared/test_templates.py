"""Texts with placeholders: what may stand between braces, and what comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.templates import LONGEST_VALUE, NotATemplate, filled, parts, unknown


@pytest.mark.spec("MAC 1", "ARP 1")
def test_placeholders_are_filled_in_and_one_without_a_value_stays() -> None:
    text = "Hi {{ contact.name }}, {{contact.first_name | default('you')}}: {{ticket.number}}"

    said, missing = filled(text, {"contact.name": "Ann"})

    assert said == "Hi Ann, you: {{ticket.number}}"
    assert missing == ("ticket.number",)


@pytest.mark.parametrize(
    "text",
    [
        "{% for x in y %}a{% endfor %}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{{ 7 * 7 }}",
        "{{ contact }}",
        "{{ contact.name() }}",
        "{{ contact.name.first }}",
        "{{ contact['name'] }}",
        "{{ ''.__class__ }}",
        "{{ contact.name | upper }}",
        "{{ contact.name | default(contact.name) }}",
        "{{ contact.name | default('a', true) }}",
        "{{ contact.name",
        "{{",
        "{% raw %}",
        "{{ " + "(" * 5_000,
        "x" * 20_001,
        "{{ contact.name }}" * 101,
    ],
)
def test_what_could_loop_grow_or_reach_anything_is_no_template(text: str) -> None:
    with pytest.raises(NotATemplate):
        parts(text)
    assert filled(text, {"contact.name": "Ann"}) == (text, ())


def test_the_reason_names_the_line() -> None:
    with pytest.raises(NotATemplate, match="line 3: only placeholders"):
        parts("a\nb\n{% if x %}{% endif %}")


def test_names_that_are_not_known_are_told() -> None:
    assert unknown("{{a.b}} {{c.d}} {{a.b}}", {"c.d"}) == ("a.b",)


@given(value=st.text(max_size=2_000))
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    said, _ = filled("{{contact.name}}", {"contact.name": value})

    assert said == value


def test_a_value_is_bounded() -> None:
    said, _ = filled("{{contact.name}}", {"contact.name": "x" * 2 * LONGEST_VALUE})

    assert said == "x" * LONGEST_VALUE


@given(text=st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    said, missing = filled(text, {})
    assert isinstance(said, str)
    assert isinstance(missing, tuple)
