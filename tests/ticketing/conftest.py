"""What several files of tests begin with."""

import pytest

from tests.ticketing.desk import Desk, an_answered_desk


@pytest.fixture
async def desk() -> Desk:
    """A desk whose mail is signed, with a ticket of Anna's that Ada has answered."""
    return await an_answered_desk()
