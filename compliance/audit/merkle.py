"""Building the Merkle tree: complete subtrees are kept, everything else is computed from them.

A *complete subtree* of level ``k`` and number ``i`` covers the leaves ``i·2ᵏ … (i+1)·2ᵏ − 1``; level 0
are the leaves. What proofs are checked with lives in ``verifier``, for that has to be one file.
"""

from __future__ import annotations

from collections.abc import Callable

from compliance.audit.verifier import EMPTY_ROOT, node_hash

Node = Callable[[int, int], bytes]


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
    """Raises ValueError unless 0 < ``first`` ≤ ``second``: everything begins with the empty tree."""
    if not 0 < first <= second:
        raise ValueError("the first size must be at least 1 and not larger than the second")
    if first == second:
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


class Frontier:
    """A tree that only grows: keeps the roots of its complete subtrees, one for each bit of its size."""

    def __init__(self, size: int = 0, node: Node | None = None) -> None:
        """Begins with the first ``size`` leaves of a stored tree, or empty."""
        self.size = size
        self._peaks = [node(level, (size >> level) - 1) for level in _bits(size)] if node else []

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf; answers the complete subtrees of level 1 and above that it completes."""
        made, level, number, found = [], 0, self.size, leaf
        while number % 2:
            found = node_hash(self._peaks.pop(), found)
            level, number = level + 1, number // 2
            made.append((level, number, found))
        self._peaks.append(found)
        self.size += 1
        return made

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        found = self._peaks[-1]
        for peak in self._peaks[-2::-1]:
            found = node_hash(peak, found)
        return found


def _bits(size: int) -> list[int]:
    """The levels of a tree's complete subtrees, the largest first."""
    return [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
