"""Rows that never were: plausible, each in one copy only."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark.keys import Stream
from exchange.delivery.watermark.types import Carrier, Survey

_JITTER = 50
_CHANGED = 6


@dataclass(frozen=True)
class Honeytoken:
    """A made-up row, put in before the original's row ``place``; ``bits`` is how much chance went into it."""

    place: int
    cells: tuple[str, ...]
    bits: float


def made(found: Survey, key: bytes) -> list[Honeytoken]:
    """The honeytokens of the copy with that key, by place. None of them equals a sampled row."""
    chance = Stream(key, "honeytokens")
    known = set(found.sample)
    tokens = [_token(found, chance) for _ in range(found.honeytokens)]
    return sorted((token for token in tokens if token.cells not in known), key=lambda token: token.place)


def _token(found: Survey, chance: Stream) -> Honeytoken:
    place = chance.below(found.rows)
    chance.bits = 0.0
    base = found.sample[chance.below(len(found.sample))]
    other = found.sample[chance.below(len(found.sample))]
    carrying = {carrier.column: carrier for carrier in found.carriers}
    cells = []
    for column, cell in enumerate(base):
        if column in carrying and carrying[column].kind == "measure":
            cells.append(_jittered(carrying[column], cell, chance))
        elif column in found.unique and column not in carrying:
            cells.append(_altered(cell, chance))
        else:
            cells.append(cell if column % 2 else other[column])
    return Honeytoken(place, tuple(cells), chance.bits)


def _jittered(carrier: Carrier, cell: str, chance: Stream) -> str:
    """A measure nearby; one next to nought stays."""
    step, ticks = chance.below(2 * _JITTER + 1) - _JITTER, kinds.ticks(carrier, cell)
    if ticks is None or abs(ticks) <= 2 * _JITTER:
        return cell
    return kinds.moved(carrier, cell, step) or cell


def _altered(cell: str, chance: Stream) -> str:
    """A key that looks like its column's: its last digits are others, or its last letters."""
    signs = list(cell)
    places = [n for n, sign in enumerate(signs) if sign in string.digits]
    places = places or [n for n, sign in enumerate(signs) if sign in string.ascii_letters]
    for n in places[-_CHANGED:]:
        signs[n] = _another(signs[n], chance)
    return "".join(signs)


def _another(sign: str, chance: Stream) -> str:
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if sign in alphabet:
            return alphabet[chance.below(len(alphabet))]
    return sign


def without_real(tokens: list[Honeytoken], rows: Iterable[tuple[str, ...]], keys: frozenset[int]) -> list[Honeytoken]:
    """Those of which no key stands in the table already."""
    taken: set[int] = set()
    wanted = {(column, token.cells[column]): n for n, token in enumerate(tokens) for column in keys}
    for row in rows:
        taken.update(wanted[pair] for column in keys if (pair := (column, row[column])) in wanted)
    return [token for n, token in enumerate(tokens) if n not in taken]
