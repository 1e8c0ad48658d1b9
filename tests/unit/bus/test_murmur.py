"""Keys land on the partition where Kafka's own clients put them."""

from aiokafka.partitioner import murmur2 as peer
from chancery_bus.murmur import murmur2
from hypothesis import given
from hypothesis import strategies as st


@given(st.binary(max_size=200))
def test_it_is_the_hash_of_the_client(key):
    assert murmur2(key) == peer(key) & 0xFFFFFFFF
