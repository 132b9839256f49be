"""Where benchmarks run: Apache Kafka, and the fastest Mongo-wire server that can be had."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.servers import Servers, Stack
from tests.chaos.database import kind
from tests.servers import ApacheKafka
from tests.stacks import choose


@contextmanager
def bench_stack(say: Callable[[str], None]) -> Iterator[Servers]:
    """Servers of the benchmark's own; `say` is told which database it is."""
    stack = Stack(kafka=ApacheKafka(), mongo=kind(say)(), redis=choose({}).redis())
    with stack as servers:
        yield servers
