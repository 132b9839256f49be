"""Records of one key lie on one partition, whoever publishes them."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.kafka import partition_of


@given(key=st.binary(max_size=200), count=st.integers(1, 64))
def test_a_key_lies_where_other_clients_of_kafka_put_it(key: bytes, count: int) -> None:
    partitions = list(range(count))

    ours = [partition_of(key, partitions, partitions) for _ in range(2)]

    theirs = DefaultPartitioner()(key, partitions, partitions)
    assert ours == [theirs, theirs]
