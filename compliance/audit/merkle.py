"""Building the Merkle tree: complete subtrees are kept, everything else is computed from them.

A *complete subtree* of level ``k`` and number ``i`` covers the leaves ``i·2ᵏ … (i+1)·2ᵏ − 1``; level 0
are the leaves. What proofs are checked with lives in ``verifier``, for that has to be one file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compliance.audit.verifier import EMPTY_ROOT, node_hash

Node = Callable[[int, int], bytes]


def completed_by(index: int, leaf: bytes, node: Node) -> Iterator[tuple[int, int, bytes]]:
    """The complete subtrees of level 1 and above that the leaf at ``index`` completes, lowest first."""
    level, number, found = 0, index, leaf
    while number % 2:
        found = node_hash(node(level, number - 1), found)
        level, number = level + 1, number // 2
        yield level, number, found


def subtree(node: Node, start: int, stop: int) -> bytes:
    """The hash over the leaves ``start`` to ``stop``, which must be a range that RFC 6962 splits into."""
    count = stop - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    split = start + (1 << (count - 1).bit_length() - 1)
    return node_hash(subtree(node, start, split), subtree(node, split, stop))


def root(node: Node, size: int) -> bytes:
    """The root of the tree of the first ``size`` leaves."""
    return subtree(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: Node, index: int, size: int) -> list[bytes]:
    """Raises ValueError unless the tree of that size has that leaf."""
    if not 0 <= index < size:
        raise ValueError("the tree has no such leaf")
    start, stop, path = 0, size, []
    while stop - start > 1:
        split = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < split:
            path.append(subtree(node, split, stop))
            stop = split
        else:
            path.append(subtree(node, start, split))
            start = split
    return path[::-1]


def consistency_proof(node: Node, first: int, second: int) -> list[bytes]:
    """Raises ValueError unless 0 ≤ ``first`` ≤ ``second``."""
    if not 0 <= first <= second:
        raise ValueError("the first size must not be larger than the second")
    if first in (0, second):
        return []
    start, stop, path, whole = 0, second, [], True
    while first != stop:
        split = start + (1 << (stop - start - 1).bit_length() - 1)
        if first <= split:
            path.append(subtree(node, split, stop))
            stop = split
        else:
            path.append(subtree(node, start, split))
            start, whole = split, False
    return (path if whole else [*path, subtree(node, start, stop)])[::-1]
