"""Sets of persons: sorted, distinct, and unions of them in bounded memory."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from compliance.exports import sets
from compliance.exports.sets import FURTHER, OTHER, SENSITIVE, PersonSets, SetMissing, Sorter


def _hash(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()[:16]


def _put(store: PersonSets, pairs: list[tuple[int, int]]) -> sets.SetFigures:
    return store.put(sorted((_hash(number), run) for number, run in pairs))


def test_a_person_who_comes_twice_counts_once_by_the_strictest_run(tmp_path: Path) -> None:
    made = _put(PersonSets(tmp_path), [(1, OTHER), (1, SENSITIVE), (2, OTHER), (2, FURTHER), (3, FURTHER)])
    assert (made.persons, made.sensitive, made.identifiers) == (2, 1, 3)


def test_the_same_persons_are_the_same_set(tmp_path: Path) -> None:
    store = PersonSets(tmp_path)
    assert _put(store, [(1, OTHER), (2, OTHER)]).sha256 == _put(store, [(2, OTHER), (1, OTHER)]).sha256


def test_a_union_is_exact_however_it_is_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, dice = PersonSets(tmp_path), random.Random(5)
    drawn = [[(dice.randrange(3000), dice.choice((SENSITIVE, OTHER, FURTHER))) for _ in range(2000)] for _ in range(4)]
    names = [_put(store, pairs).sha256 for pairs in drawn]
    strictest: dict[tuple[int, int], int] = {}
    for which, pairs in enumerate(drawn):
        for number, run in pairs:
            strictest[which, number] = min(run, strictest.get((which, number), FURTHER))
    persons = {number for (_, number), run in strictest.items() if run != FURTHER}
    sensitive = {number for (_, number), run in strictest.items() if run == SENSITIVE}
    for most in (1 << 20, 100, 7):
        monkeypatch.setattr(sets, "_MOST_AT_ONCE", most)
        assert store.union(names) == (len(persons), len(sensitive))


def test_a_set_knows_whom_it_holds(tmp_path: Path) -> None:
    store = PersonSets(tmp_path)
    name = _put(store, [(1, OTHER), (2, SENSITIVE), (3, FURTHER)]).sha256
    assert all(store.holding(name, [_hash(number)]) for number in (1, 2, 3))
    assert not store.holding(name, [_hash(number) for number in range(4, 200)])
    empty = store.put([])
    assert not store.holding(empty.sha256, [_hash(1)])


def test_a_set_that_is_missing_or_cut_short_is_no_empty_one(tmp_path: Path) -> None:
    store = PersonSets(tmp_path)
    with pytest.raises(SetMissing):
        store.union(["0" * 64])
    name = _put(store, [(number, OTHER) for number in range(9)]).sha256
    path = tmp_path / name[:2] / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SetMissing):
        store.union([name])


def test_a_sorter_spills_and_answers_everything_sorted(tmp_path: Path) -> None:
    sorter, numbers = Sorter(tmp_path, most=50), list(range(500)) * 2
    random.Random(3).shuffle(numbers)
    for number in numbers:
        sorter.add(_hash(number), number % 2)
    found = list(sorter.sorted())
    assert [known for known, _ in found] == sorted(known for known, _ in found)
    assert dict(found) == {_hash(number): number % 2 for number in range(500)}
    sorter.close()
    assert list(tmp_path.iterdir()) == []
