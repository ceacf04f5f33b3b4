"""A hash tree over the entries of a release: the root is in the manifest, a short path proves one entry without the rest.

The shape of RFC 6962, section 2.1: SHA-256, leaves hashed after a byte 0, nodes after a byte 1, an odd rest goes up unpaired.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence


def leaf_of(number: str, status: str, values: Mapping[str, str], kinds: Mapping[str, str]) -> bytes:
    """What is hashed of an entry: JSON in ASCII, keys sorted, no spaces, of everything it says."""
    said = {"number": number, "status": status, "values": dict(values), "kinds": dict(kinds)}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def digest(leaf: bytes) -> bytes:
    """The hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def root(digests: Iterable[bytes]) -> bytes:
    """The root over hashed leaves, 32 bytes; keeps one hash for each level of the tree, however many leaves pass through."""
    whole: list[bytes] = []  # roots of complete subtrees, the largest first: the binary digits of the count
    for count, node in enumerate(digests):
        joined, rest = node, count
        while rest & 1:
            joined, rest = _node(whole.pop(), joined), rest >> 1
        whole.append(joined)
    if not whole:
        return hashlib.sha256().digest()
    top = whole.pop()
    while whole:
        top = _node(whole.pop(), top)
    return top


def proof(digests: Iterable[bytes], index: int) -> list[bytes]:
    """The neighbours on the way from leaf INDEX (from 0) up to the root, lowest first. Raises IndexError."""
    hashes = list(digests)
    if not 0 <= index < len(hashes):
        raise IndexError(index)
    path: list[bytes] = []
    while len(hashes) > 1:
        half = 1 << (len(hashes) - 1).bit_length() - 1  # the largest power of two that leaves something over
        left, right = hashes[:half], hashes[half:]
        path.append(root(right if index < half else left))
        hashes, index = (left, index) if index < half else (right, index - half)
    return path[::-1]


def holds(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether PATH leads from LEAF, at INDEX of SIZE leaves, to the EXPECTED root."""
    if not 0 <= index < size:
        return False
    node, place, last = digest(leaf), index, size - 1
    for neighbour in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = _node(neighbour, node)
            while place and not place & 1:  # levels at which the last node goes up unpaired
                place, last = place >> 1, last >> 1
        else:
            node = _node(node, neighbour)
        place, last = place >> 1, last >> 1
    return last == 0 and node == expected


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
