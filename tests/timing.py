"""Whether work stays bounded, told without a clock's limit: beside other work on this machine."""

import time
from collections.abc import Callable


def times_as_long(work: Callable[[], object], ordinary: Callable[[], object]) -> float:
    """How many times the processor's time of `ordinary` work takes, each at its best of five."""
    return _least(work) / _least(ordinary)


def _least(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(5):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)
