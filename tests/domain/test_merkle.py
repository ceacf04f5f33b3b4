"""The hash tree over the entries: every proof holds, and none holds for anything else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpl.domain import merkle

LEAVES = st.lists(st.binary(max_size=6), min_size=1, max_size=40, unique=True)


def by_the_book(leaves: list[bytes]) -> bytes:
    """The recursive definition, as the RFC gives it."""
    if len(leaves) < 2:
        return hashlib.sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + by_the_book(leaves[:half]) + by_the_book(leaves[half:])).digest()


@given(st.lists(st.binary(max_size=6), max_size=70))
def test_the_streamed_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert merkle.root(map(merkle.digest, leaves)) == by_the_book(leaves)


@given(LEAVES, st.data())
def test_every_proof_holds_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    digests, leaf, size = [merkle.digest(leaf) for leaf in leaves], leaves[index], len(leaves)
    top, path = merkle.root(digests), merkle.proof(iter(digests), index)
    assert merkle.holds(leaf, index, size, path, top)
    assert not merkle.holds(leaf + b"x", index, size, path, top)
    assert not merkle.holds(leaf, index, size, path, top[:-1] + bytes([top[-1] ^ 1]))
    assert not merkle.holds(leaf, index, size, [*path, top], top)
    assert not merkle.holds(leaf, size, size, path, top)
    for other in range(size):
        assert merkle.holds(leaf, other, size, path, top) == (other == index)
    for step, neighbour in enumerate(path):
        changed = [*path[:step], neighbour[:-1] + bytes([neighbour[-1] ^ 1]), *path[step + 1 :]]
        assert not merkle.holds(leaf, index, size, changed, top)
        assert not merkle.holds(leaf, index, size, [*path[:step], *path[step + 1 :]], top)


def test_a_node_is_no_leaf() -> None:
    left, right = (hashlib.sha256(b"\x00" + leaf).digest() for leaf in (b"a", b"b"))
    assert merkle.root([left, right]) != merkle.root([merkle.digest(left + right)])


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_proof_of_what_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.proof([b"a", b"b"], index)


def test_a_leaf_does_not_depend_on_the_order_of_the_values() -> None:
    assert merkle.leaf_of("000001", "Current", {"b": "é", "a": "1"}, {"a": "date"}) == (
        b'{"kinds":{"a":"date"},"number":"000001","status":"Current","values":{"a":"1","b":"\\u00e9"}}'
    )
    ways = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert len({merkle.leaf_of("000001", "Current", values, {}) for values in ways}) == 1
