"""From a leaked file to the copy it came from: rows are recognised, their symbols read, each holder weighed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from math import log, log2
from typing import BinaryIO

from exchange.delivery.watermark import alignment, evidence, honeytokens, tables
from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark.alignment import Aligner
from exchange.delivery.watermark.evidence import Observation
from exchange.delivery.watermark.marking import data_rows, padded
from exchange.delivery.watermark.survey import survey
from exchange.delivery.watermark.types import Carrier, Layout, Survey, Trace

MOST_ROWS = 200_000
"""Rows of a leak that are looked at: the first so many, which are more than are needed."""


def read_leak(stream: BinaryIO, name: str) -> tuple[Layout, list[list[str]]]:
    """The leak's layout and rows. Raises Unmarkable when it is no table."""
    layout = tables.layout_of(stream, name)
    text = tables.text_of(stream, layout.encoding)
    try:
        rows = islice(tables.rows(text, layout), 1 if layout.header else 0, MOST_ROWS)
        return layout, [list(row.cells) for row in rows if any(row.cells)]
    finally:
        text.detach()
        stream.seek(0)


def trace(leak: BinaryIO, leak_name: str, original: BinaryIO, name: str, holders: Mapping[str, bytes]) -> Trace:
    """Who of the holders (name to key) the leak came from. Raises Unmarkable when one of the two is no such table."""
    layout, leaked = read_leak(leak, leak_name)
    return trace_rows(layout.names, leaked, original, survey(original, name), holders)


def trace_rows(
    names: tuple[str, ...], leaked: list[list[str]], original: BinaryIO, found: Survey, holders: Mapping[str, bytes]
) -> Trace:
    """The same for a leak that was read, and an original that was looked over."""
    aligner = _aligned(names, leaked, original, found)
    places = {carrier: place for place, carrier in enumerate(found.carriers)}
    pairs = [
        (best.row, _observed(aligner, n, places))
        for n, best in enumerate(aligner.best)
        if best.row >= 0 and not best.ambiguous
    ]
    observed = evidence.by_row(pairs)
    strange = [n for n, best in enumerate(aligner.best) if best.score < aligner.columns.count]
    tokens = {holder: _tokens(aligner, found, key, strange) for holder, key in holders.items()}
    shared = _shared(tokens)
    weighed = [
        evidence.weigh(
            holder, key, found.carriers, observed,
            [weight for n, weight in tokens[holder].items() if n not in shared],
        )
        for holder, key in holders.items()
    ]  # fmt: skip
    weighed.sort(key=lambda each: -each.score)
    return Trace(len(leaked), sum(best.row >= 0 for best in aligner.best), tuple(weighed))


def _aligned(names: tuple[str, ...], leaked: list[list[str]], original: BinaryIO, found: Survey) -> Aligner:
    width = len(found.layout.names)
    original.seek(0)
    text = tables.text_of(original, found.layout.encoding)
    try:
        rows = (padded(row, width) for number, row in data_rows(text, found) if number >= 0)
        aligner = Aligner(alignment.columns(found, names, leaked, rows), found.unique, leaked)
    finally:
        text.detach()
        original.seek(0)
    if not aligner.columns.carrying:
        return aligner
    text = tables.text_of(original, found.layout.encoding)
    try:
        for number, row in data_rows(text, found):
            if number >= 0:
                aligner.offer(number, padded(row, width))
    finally:
        text.detach()
        original.seek(0)
    return aligner


def _observed(aligner: Aligner, n: int, places: Mapping[Carrier, int]) -> Observation:
    row, best = aligner.leaked[n], aligner.best[n]
    seen = []
    for here, carrier in aligner.columns.carrying:
        if here < len(row):
            symbol = kinds.read(carrier, best.seen[carrier.column], row[here])
            if symbol is not None:
                seen.append((places[carrier], symbol))
    return tuple(seen)


def _tokens(aligner: Aligner, found: Survey, key: bytes, strange: list[int]) -> dict[int, float]:
    """Leaked rows that are no original's but a made-up row of this key, each with its weight."""
    if not strange or not aligner.columns.count:
        return {}
    wanted, tokens = set(strange), honeytokens.made(found, key)
    guesses = log2(max(1, len(tokens) * len(strange)))
    matched: dict[int, float] = {}
    for token in tokens:
        for n, score in aligner.candidates(token.cells):
            if n in wanted and score == aligner.columns.count and score > aligner.best[n].score:
                matched[n] = (token.bits - guesses) * log(2) / 2
    return matched


def _shared(tokens: Mapping[str, Mapping[int, float]]) -> set[int]:
    """Leaked rows that more than one holder's honeytokens explain: they speak against nobody."""
    seen: set[int] = set()
    twice: set[int] = set()
    for found in tokens.values():
        for n in found:
            (twice if n in seen else seen).add(n)
    return twice
