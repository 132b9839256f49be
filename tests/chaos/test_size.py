"""How much happens in a run of chaos, on fast machines and on slow ones."""

from tests.chaos.size import AT_FULL_PACE, SLOWEST, Size


def test_where_the_services_start_slowly_as_much_happens_in_more_time() -> None:
    size = Size()
    slower = size.where_starting_took(AT_FULL_PACE * 1.5)

    assert slower.pace == 1.5
    assert slower.seconds == size.seconds * 1.5
    assert (slower.messages, slower.recovery) == (size.messages, size.recovery)


def test_no_machine_is_given_more_at_once_than_at_the_full_pace_nor_endless_time() -> None:
    size = Size()

    assert size.where_starting_took(AT_FULL_PACE / 2) == size
    assert size.where_starting_took(10_000).pace == SLOWEST
