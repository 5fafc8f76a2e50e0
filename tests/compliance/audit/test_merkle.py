"""The tree against a plain recursive reading of RFC 6962, and against published test vectors."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.audit import merkle
from compliance.audit.verifier import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion

LEAVES = [leaf_hash(str(number).encode()) for number in range(130)]
INCLUSION_FILES, CONSISTENCY_FILES = 98, 98


def oracle_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return hashlib.sha256(b"\x01" + oracle_root(leaves[:k]) + oracle_root(leaves[k:])).digest()


def oracle_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if m < k:
        return [*oracle_path(m, leaves[:k]), oracle_root(leaves[k:])]
    return [*oracle_path(m - k, leaves[k:]), oracle_root(leaves[:k])]


def oracle_subproof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [oracle_root(leaves)]
    k = _split(len(leaves))
    if m <= k:
        return [*oracle_subproof(m, leaves[:k], whole), oracle_root(leaves[k:])]
    return [*oracle_subproof(m - k, leaves[k:], False), oracle_root(leaves[:k])]


def _split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def node(level: int, number: int) -> bytes:
    width = 1 << level
    assert (number + 1) * width <= len(LEAVES), "only complete subtrees of the log are asked for"
    return oracle_root(LEAVES[number * width : (number + 1) * width])


def test_a_growing_tree_has_the_root_of_every_size_and_completes_every_node_once() -> None:
    tree, made = merkle.Frontier(), dict[tuple[int, int], bytes]()
    for size, leaf in enumerate(LEAVES):
        assert tree.root() == oracle_root(LEAVES[:size]) == merkle.root(node, size)
        for level, number, found in tree.append(leaf):
            assert (level, number) not in made
            made[level, number] = found
    assert len(made) == len(LEAVES) - len(LEAVES).bit_count()
    assert all(found == node(*place) for place, found in made.items())


def test_a_tree_is_taken_up_where_it_was_left() -> None:
    for size in range(66):
        tree = merkle.Frontier(size, node)
        for leaf in LEAVES[size:70]:
            tree.append(leaf)
        assert tree.root() == oracle_root(LEAVES[:70])


def test_every_inclusion_proof_is_the_oracles_and_verifies_nowhere_else() -> None:
    for size in range(1, 34):
        root = oracle_root(LEAVES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(node, index, size)
            assert proof == oracle_path(index, LEAVES[:size])
            places = [i for i in range(size + 2) if verify_inclusion(LEAVES[index], i, size, proof, root)]
            assert places == [index]
            assert not any(verify_inclusion(LEAVES[index], index, size, proof[:cut], root) for cut in range(len(proof)))
            assert not verify_inclusion(LEAVES[index], index, size, [*proof, root], root)


def test_every_consistency_proof_is_the_oracles_and_verifies_nowhere_else() -> None:
    for second in range(1, 34):
        new = oracle_root(LEAVES[:second])
        for first in range(1, second + 1):
            old, proof = oracle_root(LEAVES[:first]), merkle.consistency_proof(node, first, second)
            assert proof == oracle_subproof(first, LEAVES[:second])
            assert verify_consistency(first, second, old, new, proof)
            assert not verify_consistency(first, second, old, new, [*proof, new])
            assert not any(verify_consistency(first, second, old, new, proof[:cut]) for cut in range(len(proof)))
            assert first == second or not verify_consistency(first, second, new, new, proof)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_bit_anywhere_in_a_proof_is_noticed(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 130))
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(node, index, size), merkle.root(node, size)
    changed = [bytearray(each) for each in proof]
    bit = data.draw(st.integers(0, len(proof) * 256 - 1))
    changed[bit // 256][bit % 256 // 8] ^= 1 << bit % 8
    assert verify_inclusion(LEAVES[index], index, size, proof, root)
    assert not verify_inclusion(LEAVES[index], index, size, [bytes(each) for each in changed], root)


@pytest.mark.parametrize("ask", [(0, 0), (-1, 3), (3, 3)])
def test_no_proof_of_what_is_not_there(ask: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        merkle.inclusion_proof(node, *ask)


@pytest.mark.parametrize("ask", [(0, 0), (0, 3), (4, 3)])
def test_no_consistency_from_nothing_or_backwards(ask: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        merkle.consistency_proof(node, *ask)


def test_the_empty_tree_agrees_with_itself_only() -> None:
    assert verify_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])
    assert not verify_consistency(0, 0, LEAVES[0], LEAVES[0], [])
    assert not verify_consistency(0, 1, EMPTY_ROOT, LEAVES[0], [])


def test_hashes_of_another_length_are_refused_wherever_they_stand() -> None:
    root, proof = oracle_root(LEAVES[:2]), [LEAVES[1]]
    assert verify_inclusion(LEAVES[0], 0, 2, proof, root)
    for short in (b"", LEAVES[1][:31], LEAVES[1] + b"\x00"):
        assert not verify_inclusion(LEAVES[0], 0, 2, [short], root)
        assert not verify_inclusion(short, 0, 2, proof, root)
        assert not verify_inclusion(LEAVES[0], 0, 2, proof, short)
        assert not verify_consistency(1, 2, LEAVES[0], short, proof)
        assert not verify_consistency(1, 2, short, root, proof)
        assert not verify_consistency(1, 2, LEAVES[0], root, [short])
    joined = [LEAVES[1] + LEAVES[2]]  # two hashes in one must not be read as a longer proof
    assert not verify_inclusion(LEAVES[0], 0, 2, joined, root)


@pytest.fixture(scope="module")
def vectors() -> Path:
    """The folder of test data that is not part of this repository (PIAOHAO_TEST_DATA)."""
    folder = os.environ.get("PIAOHAO_TEST_DATA")
    if not folder:
        pytest.skip("not run: PIAOHAO_TEST_DATA does not name a folder with vectors/merkle")
    found = Path(folder) / "vectors" / "merkle"
    assert found.is_dir(), f"PIAOHAO_TEST_DATA has no {found}"
    return found


def _read(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.rglob("*.json")):
        yield str(path.relative_to(folder)), json.loads(path.read_bytes())


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_published_inclusion_vectors(vectors: Path) -> None:
    wrong, files = [], dict(_read(vectors / "inclusion"))
    for name, v in files.items():
        proof = [_raw(each) for each in v["proof"] or []]
        holds = verify_inclusion(_raw(v["leafHash"]), v["leafIdx"], v["treeSize"], proof, _raw(v["root"]))
        wrong += [name] if holds == v["wantErr"] else []
    assert (wrong, len(files)) == ([], INCLUSION_FILES)


def test_published_consistency_vectors(vectors: Path) -> None:
    wrong, files = [], dict(_read(vectors / "consistency"))
    for name, v in files.items():
        proof = [_raw(each) for each in v["proof"] or []]
        holds = verify_consistency(v["size1"], v["size2"], _raw(v["root1"]), _raw(v["root2"]), proof)
        wrong += [name] if holds == v["wantErr"] else []
    assert (wrong, len(files)) == ([], CONSISTENCY_FILES)
