"""Who supplies whom, drawn by the server: suppliers at the left, buyers at the right, a band for each flow. Pure.

A table beside it says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.oversight.types import Flow

WIDTH = 1000
_LEFT, _RIGHT = 240, 760
_TOP, _GAP, _ROOM, _WIDEST = 12, 10, 260, 48
_THINNEST, _LINE = 2.0, 18.0
_MOST_NODES = 12
_LONGEST = 20
OTHERS = ""
"""Stands for all organisations that are too small to be drawn."""


@dataclass(frozen=True)
class Node:
    """An organisation at one side: the bar, and where its name stands."""

    id: str
    name: str
    x: float
    y: float
    height: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True)
class Band:
    """A flow, or several that became one; ``value`` is what its width shows."""

    path: str
    width: float
    tier: int
    supplier: str
    buyer: str
    value: int


@dataclass(frozen=True)
class Drawing:
    height: int
    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


def drawn(flows: Sequence[Flow], measure: str, names: Mapping[str, str], others: str) -> Drawing | None:
    """The bands by one measure of the flows: ``gross``, ``orders``, ``calls``, ``rows`` or ``bytes``.

    None when there is nothing of it.
    """
    merged = _merged(flows, measure)
    if not merged:
        return None
    sides = [_sums(merged, 0), _sums(merged, 1)]
    scale = min(_ROOM / sum(merged.values()), _WIDEST / max(merged.values()))
    left, right = (_placed(side, scale, names, others, at_left=n == 0) for n, side in enumerate(sides))
    height = max(node.y + max(node.height, _LINE) for node in (*left.values(), *right.values())) + _TOP
    return Drawing(round(height), (*left.values(), *right.values()), tuple(_bands(merged, left, right, scale)))


_Key = tuple[str, str, int]


def _merged(flows: Sequence[Flow], measure: str) -> dict[_Key, int]:
    values = {(each.supplier_id, each.buyer_id, each.tier): getattr(each, measure) for each in flows}
    shown = [_largest(_sums(values, side)) for side in (0, 1)]
    found: dict[_Key, int] = {}
    for (supplier, buyer, tier), value in sorted(values.items(), key=lambda each: -each[1]):
        key = (supplier if supplier in shown[0] else OTHERS, buyer if buyer in shown[1] else OTHERS, tier)
        if value:
            found[key] = found.get(key, 0) + value
    return found


def _sums(values: Mapping[_Key, int], side: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for key, value in values.items():
        found[str(key[side])] = found.get(str(key[side]), 0) + value
    return found


def _largest(sums: Mapping[str, int]) -> set[str]:
    return set(sorted(sums, key=lambda each: (-sums[each], each))[:_MOST_NODES])


def _placed(
    sums: Mapping[str, int], scale: float, names: Mapping[str, str], others: str, *, at_left: bool
) -> dict[str, Node]:
    found: dict[str, Node] = {}
    y = float(_TOP)
    for key in sorted(sums, key=lambda each: (each == OTHERS, -sums[each], each)):
        height = max(_THINNEST, sums[key] * scale)
        name = names.get(key, key) if key else others
        short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
        x, label_x, anchor = (_LEFT, _LEFT - 8, "end") if at_left else (_RIGHT - 8, _RIGHT + 8, "start")
        found[key] = Node(key, short, x, round(y, 1), round(height, 1), label_x, round(y + height / 2 + 4, 1), anchor)
        y += max(height, _LINE) + _GAP
    return found


def _bands(merged: Mapping[_Key, int], left: Mapping[str, Node], right: Mapping[str, Node], scale: float) -> list[Band]:
    """Below each other at both ends, in the order of the nodes that they lead to."""
    ends = {("l", key): node.y for key, node in left.items()} | {("r", key): node.y for key, node in right.items()}
    found: list[Band] = []
    for (supplier, buyer, tier), value in sorted(
        merged.items(), key=lambda each: (left[each[0][0]].y, right[each[0][1]].y, each[0][2])
    ):
        width = value * scale
        from_y, to_y = ends["l", supplier] + width / 2, ends["r", buyer] + width / 2
        ends["l", supplier] += width
        ends["r", buyer] += width
        middle, start, end = (_LEFT + _RIGHT) / 2, _LEFT + 8, _RIGHT - 8
        path = f"M{start} {from_y:.1f}C{middle:.0f} {from_y:.1f} {middle:.0f} {to_y:.1f} {end} {to_y:.1f}"
        found.append(Band(path, round(max(_THINNEST, width), 1), tier, left[supplier].name, right[buyer].name, value))
    return found
