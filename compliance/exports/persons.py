"""Who stands in a table: pure. Each row tells of one person or several, by the identifiers in its cells.

Of a row, the kind of identifier with the most distinct values decides who its persons are (two phone numbers are two
persons; a resident ID with one phone number is one); of kinds with equally many, the one that names a person best. A
name or an address alone names nobody for certain, so every different row counts. Rows with an identifier whose leak
harms at once tell of sensitive persons. Counted is rather too much than too little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from compliance.exports.sets import FURTHER, HASH_BYTES, OTHER, SENSITIVE
from compliance.recognisers import PERSONAL, Identifier, ScanSummary, find
from compliance.recognisers import types as kinds

Mac = Callable[[bytes], bytes]
Table = tuple[str, Sequence[str], Iterable[Sequence[str]]]
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_BARE = str.maketrans("", "", " -()·•")
_BEST_FIRST = ("resident_id", "passport", "phone", "email", "bank_card", "plate", "ip_address")
_CERTAIN = frozenset(_BEST_FIRST)
_SENSITIVE = frozenset(map(str, kinds.SENSITIVE))
_PERSONAL = frozenset(map(str, PERSONAL))
_PIECE = 100_000
_OVERLAP = 200

Column = tuple[int, str, frozenset[str]]


def normal(kind: str, text: str) -> str:
    """An identifier as it is compared: without gaps, country code, wide digits, or a difference of case."""
    plain = text.translate(_NARROW).strip()
    if kind == Identifier.EMAIL:
        return plain.lower()
    plain = plain.translate(_BARE).upper()
    if kind == Identifier.PHONE:
        return plain.removeprefix("+").removeprefix("00").removeprefix("86")[-11:]
    return plain


def hash_of(mac: Mac, kind: str, text: str) -> bytes:
    """The keyed hash by which an identifier is known."""
    return mac(f"{kind}:{normal(kind, text)}".encode())[:HASH_BYTES]


def hashes(
    tables: Iterable[Table],
    scan: ScanSummary,
    mac: Mac,
    *,
    complete: bool = True,
) -> Iterator[tuple[bytes, int]]:
    """(hash, run) of every identifier in the tables, unsorted and with repetitions.

    ``scan`` says which columns hold what, and which cells only look like it. When it is not ``complete`` every column
    is looked at.
    """
    for prefix, names, rows in tables:
        columns = _columns(prefix, names, scan, complete=complete)
        if not columns:
            continue
        for row in rows:
            yield from _of_row(row, columns, mac)


def _columns(prefix: str, names: Sequence[str], scan: ScanSummary, *, complete: bool) -> list[Column]:
    """Where to look for which kinds: place, name, kinds."""
    scanned = {column.name: column for column in scan.columns}
    placed: list[Column] = []
    for place, name in enumerate(names):
        column = scanned.get(prefix + name)
        confirmed = frozenset(column.counts) & _PERSONAL if column else frozenset()
        doubted = frozenset(column.unconfirmed) - confirmed if column else frozenset()
        wanted = confirmed if complete else _PERSONAL - doubted
        if wanted:
            placed.append((place, name, wanted))
    return placed


def _of_row(row: Sequence[str], columns: Collection[Column], mac: Mac) -> Iterator[tuple[bytes, int]]:
    values: dict[str, set[str]] = {}
    for place, name, wanted in columns:
        if place < len(row) and row[place]:
            _gather(row[place], name, wanted, values)
    if not values:
        return
    naming = _naming(values)
    run = SENSITIVE if _SENSITIVE & values.keys() else OTHER
    if naming in _CERTAIN:
        yield from ((mac(f"{naming}:{value}".encode())[:HASH_BYTES], run) for value in values[naming])
    else:  # a name alone: every different row is somebody else
        whole = hashlib.sha256("\x1f".join(row).encode("utf-8", "replace")).hexdigest()
        yield from ((mac(f"{naming}:{value}:{whole}".encode())[:HASH_BYTES], run) for value in values[naming])
    for kind, found in values.items():
        if kind != naming or naming not in _CERTAIN:
            yield from ((mac(f"{kind}:{value}".encode())[:HASH_BYTES], FURTHER) for value in found)


def _gather(cell: str, name: str, wanted: frozenset[str], values: dict[str, set[str]]) -> None:
    for start in range(0, len(cell), _PIECE):
        piece = cell[max(0, start - _OVERLAP) : start + _PIECE]
        for each in find(piece, context=name):
            kind = str(each.kind)
            if kind in wanted:
                values.setdefault(kind, set()).add(normal(kind, piece[each.start : each.stop]))


def _naming(values: Mapping[str, Collection[str]]) -> str:
    """The kind of identifier whose values are the row's persons."""
    certain = [kind for kind in _BEST_FIRST if kind in values]
    others = sorted(kind for kind in values if kind not in _CERTAIN)
    return max(certain or others, key=lambda kind: len(values[kind]))
