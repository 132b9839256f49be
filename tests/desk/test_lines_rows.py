"""What two records say of the same is put together the same way, whichever comes first."""

from itertools import groupby
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.desk.rules import lines as line_rules
from services.desk.rules import rows as row_rules
from services.desk.rules.lines import Line
from services.desk.rules.rows import MOST_WORDS, Row, bounded
from services.desk.store.documents import line_document, line_of, row_document, row_of
from tests.builders import MONDAY, minutes
from tests.desk.read_models import said_by
from tests.desk.test_read_model import told_of
from tests.examples import examples
from tests.ticketing.drawn import histories
from tests.ticketing.world import Item

MESSAGES: list[dict[str, Any] | None] = [
    None,
    {"html": "<b>one</b>", "subject": "s"},
    {"html": "<b>another</b>", "subject": "s", "text_full": "long"},
    {"subject": "s"},
    {"subject": "quite another"},
]
LINES = st.builds(
    Line,
    st.just("acme"),
    st.just("m"),
    st.sampled_from([None, "T"]),
    kind=st.sampled_from([None, "message", "reply"]),
    seq=st.integers(0, 3),
    sent_at=st.sampled_from([MONDAY, minutes(1)]),
    text=st.sampled_from(["", "one", "two"]),
    version=st.integers(0, 2),
    author=st.sampled_from([None, ("agent", "ada", None), ("agent", "ada", "Ada")]),
    attachments=st.sampled_from([(), ({"kind": "image"},)]),
    spam=st.booleans(),
    deleted=st.booleans(),
    delivery=st.sampled_from([None, "sent", "delivered", "read", "failed"]),
    error=st.sampled_from(["", "no route"]),
    message=st.sampled_from(MESSAGES),
    because=st.sampled_from(["", "TKT 3"]),
    said=st.sampled_from([None, {"reason": "other", "transcript": [{"text": "my name is Vera"}]}]),
    links=st.sampled_from([(), ({"code": "abc123", "url": "https://a.example", "short": "x"},)]),
    mailed_to=st.sampled_from([None, "vera@example.com"]),
).map(lambda line: line_rules.together(line, line))


@pytest.mark.spec("VWS 9")
@given(LINES, LINES, LINES)
def test_what_is_said_of_a_line_comes_in_any_order_and_as_often_as_it_likes(
    a: Line, b: Line, c: Line
) -> None:
    join = line_rules.together

    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c))
    assert join(join(a, b), a) == join(a, b)


@pytest.mark.spec("VWS 9")
@settings(max_examples=examples(40), deadline=None, phases=[Phase.generate])
@given(items=histories(), erased_at=st.none() | st.integers(0, 12), data=st.data())
async def test_what_records_say_of_a_ticket_comes_in_any_order_and_as_often_as_it_likes(
    items: list[Item], erased_at: int | None, data: st.DataObject
) -> None:
    said = [each for r in await told_of(items, erased_at, [3, 9]) if (each := said_by(r))]
    found = [row_rules.with_lines(each.row, each.lines) for each in said if each.row]
    found.sort(key=lambda row: row.key)
    join = row_rules.together
    for _, group in groupby(found, key=lambda row: row.key):
        own: list[Row] = list(group)
        a, b, c = (data.draw(st.sampled_from(own)) for _ in range(3))
        assert join(a, b) == join(b, a)
        assert join(join(a, b), c) == join(a, join(b, c))
        assert join(join(a, b), a) == join(a, b)
        assert row_of(row_document(a, 1)) == a
    for line in (line for each in said for line in each.lines):
        assert line_of(line_document(line, 1)) == line


@settings(deadline=None)
@given(st.lists(st.integers(0, 5_000).map(str), max_size=30), st.integers(0, 3_000))
def test_of_too_many_words_the_same_are_kept_in_whatever_order_they_come(
    some: list[str], many: int
) -> None:
    others = [f"w{n}" for n in range(many)]

    assert len(bounded([*some, *others])) <= MOST_WORDS
    assert bounded([*bounded(others), *some]) == bounded([*others, *some])
