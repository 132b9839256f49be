"""Two replicas that have the same mail at once, and know different things of its thread (TKT 7)."""

from collections.abc import Sequence

import pytest

from tests.builders import an_inbound_mail
from tests.ticketing.promises import check
from tests.ticketing.turns import a_turn, advanced, finish, finished
from tests.ticketing.world import Item, World

ANSWER = an_inbound_mail(mail_id="b@x.example", references=("a@x.example",), id="answer")
COPY = an_inbound_mail(mail_id="b@x.example", id="copy")
OTHER = an_inbound_mail(mail_id="c@x.example", references=("b@x.example",), id="other")


@pytest.mark.spec("TKT 7")
@pytest.mark.spec("ING 2")
@pytest.mark.parametrize(
    ("slow", "quick"),
    [
        ([ANSWER], [COPY, ANSWER]),
        ([OTHER], [ANSWER, OTHER]),
        ([OTHER, COPY], [COPY, ANSWER, OTHER]),
        ([ANSWER], [OTHER, COPY, ANSWER]),
    ],
)
@pytest.mark.parametrize("dies", [True, False])
def test_a_mail_that_two_replicas_have_is_in_one_ticket_whatever_each_knows_of_its_thread(
    slow: Sequence[Item], quick: Sequence[Item], *, dies: bool
) -> None:
    """One stands still at any step while another, who knows more mails of the thread, is done."""
    step, done = 0, False
    while not done:
        first = World(step=a_turn)
        other = World(first, step=a_turn)
        still = first.batch(slow)
        done = advanced(still, step)
        finished(other.batch(quick))
        if not done and dies:
            still.close()
            finished(other.batch(slow))
        elif not done:
            finished(still)
        finish(first)
        check(first, [*slow, *quick])
        step += 1
    assert step > 10
