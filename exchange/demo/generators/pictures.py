"""Pictures with text in them, each with the annotations that a recogniser is trained by."""

from __future__ import annotations

import math
import random

from exchange.demo.generators.drawing import BLACK, Canvas, Colour
from exchange.demo.generators.packing import Made, archive, lines, table

_GOODS = ("TEA", "RICE", "NOODLES", "SOAP", "PAPER", "APPLES", "EGGS", "TOFU", "GINGER", "LAMP")
_SHOPS = ("GREEN LANE STORE", "HARBOUR MARKET", "NORTH GATE SHOP", "WILLOW CANTEEN")
_STROKES: dict[str, tuple[tuple[float, float], ...]] = {
    "0": ((5, 1), (2, 4), (2, 10), (5, 13), (8, 10), (8, 4), (5, 1)), "1": ((3, 4), (5, 1), (5, 13)),
    "2": ((2, 4), (5, 1), (8, 4), (2, 13), (8, 13)), "3": ((2, 2), (8, 2), (5, 6), (8, 10), (5, 13), (2, 11)),
    "4": ((7, 13), (7, 1), (2, 9), (9, 9)), "5": ((8, 1), (3, 1), (3, 6), (7, 7), (8, 10), (5, 13), (2, 12)),
    "6": ((8, 2), (3, 6), (2, 10), (5, 13), (8, 10), (5, 7), (2, 9)), "7": ((2, 1), (8, 1), (4, 13)),
    "8": ((5, 7), (2, 4), (5, 1), (8, 4), (5, 7), (2, 10), (5, 13), (8, 10), (5, 7)),
    "9": ((8, 5), (5, 7), (2, 4), (5, 1), (8, 4), (7, 13)),
}  # fmt: skip


def receipts(seed: int, count: int) -> list[Made]:
    """Till receipts with the box and the text of every line."""
    rng = random.Random(seed)
    pages, notes = [], []
    for number in range(count):
        page, boxes, total = _receipt(rng)
        name = f"receipt_{number:03d}.png"
        pages.append(Made(f"png/{name}", page.png()))
        notes.append({"image": name, "width": page.width, "height": page.height, "total": total, "lines": boxes})
    return [archive("images.zip", pages), lines("annotations.jsonl", notes)]


def _receipt(rng: random.Random) -> tuple[Canvas, list[dict[str, object]], str]:
    bought = [(rng.choice(_GOODS), rng.randint(1, 5), rng.randint(150, 9900)) for _ in range(rng.randint(3, 7))]
    total = sum(count * cents for _, count, cents in bought)
    words = [rng.choice(_SHOPS), "-" * 24]
    words += [f"{goods:8} {count} X {cents / 100:8.2f}" for goods, count, cents in bought]
    words += ["-" * 24, f"TOTAL ¥ {total / 100:.2f}"]
    page = Canvas(172, 20 + 12 * len(words))
    boxes: list[dict[str, object]] = []
    for row, text in enumerate(words):
        box = page.text(8 + rng.randint(0, 3), 10 + 12 * row, text, _ink(rng))
        boxes.append({"text": text.strip(), "box": list(box)})
    _speckle(page, rng, 60)
    return page, boxes, f"{total / 100:.2f}"


def _ink(rng: random.Random) -> Colour:
    shade = rng.randint(10, 90)
    return shade, shade, shade + 4


def _speckle(page: Canvas, rng: random.Random, dots: int) -> None:
    for _ in range(dots):
        page.dot(rng.randrange(page.width), rng.randrange(page.height), _ink(rng))


def handwritten_digits(seed: int, count: int) -> list[Made]:
    """Single digits drawn by a shaky pen, 28 by 28."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        digit = rng.choice(list(_STROKES))
        slant, scale = rng.uniform(-0.25, 0.25), rng.uniform(1.4, 1.8)
        page = _written(digit, slant, scale, rng)
        name = f"digit_{number:04d}.png"
        images.append(Made(f"png/{name}", page.png()))
        rows.append((name, digit, round(slant, 3), round(scale, 3)))
    return [archive("images.zip", images), table("labels.csv", ("image", "digit", "slant", "scale"), rows)]


def written_digit(seed: int, digit: str) -> bytes:
    """One picture of that digit by the same shaky pen."""
    rng = random.Random(seed)
    return _written(digit, rng.uniform(-0.25, 0.25), rng.uniform(1.4, 1.8), rng).png()


def _written(digit: str, slant: float, scale: float, rng: random.Random) -> Canvas:
    page = Canvas(28, 28)
    page.path([_shaken(point, slant, scale, rng) for point in _STROKES[digit]], BLACK, thick=rng.choice((2, 3)))
    return page


def _shaken(point: tuple[float, float], slant: float, scale: float, rng: random.Random) -> tuple[float, float]:
    x, y = point
    return 5 + (x + slant * (7 - y)) * scale + rng.uniform(-0.7, 0.7), 2 + y * scale + rng.uniform(-0.7, 0.7)


def meters(seed: int, count: int) -> list[Made]:
    """Counters of water meters, some between two digits, with their reading."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        reading = rng.randint(0, 99_999)
        page = Canvas(150, 44, (196, 201, 205))
        for place, digit in enumerate(f"{reading:05d}"):
            left = 10 + 27 * place
            page.box(left, 6, left + 23, 38, (28, 30, 34) if place < 4 else (150, 32, 30))
            page.text(left + 4, 11 + rng.choice((0, 0, 0, 4)), digit, (240, 240, 236), size=3)
        _speckle(page, rng, 40)
        name = f"meter_{number:03d}.png"
        images.append(Made(f"png/{name}", page.png()))
        rows.append((name, f"{reading // 10}.{reading % 10}", "m3"))
    return [archive("images.zip", images), table("readings.csv", ("image", "reading", "unit"), rows)]


def gauges(seed: int, count: int) -> list[Made]:
    """Round pressure gauges with a needle."""
    rng = random.Random(seed)
    images, rows = [], []
    for number in range(count):
        kilopascal = rng.randint(0, 1000)
        name = f"gauge_{number:03d}.png"
        images.append(Made(f"png/{name}", _gauge(kilopascal).png()))
        rows.append((name, kilopascal))
    return [archive("images.zip", images), table("readings.csv", ("image", "pressure_kpa"), rows)]


def _gauge(kilopascal: int) -> Canvas:
    page = Canvas(96, 96, (120, 126, 132))
    page.ellipse(48, 48, 44, 44, BLACK)
    page.ellipse(48, 48, 41, 41, (246, 246, 242))
    for tick in range(11):
        page.path([_on_dial(tick * 100, 34), _on_dial(tick * 100, 39)], BLACK)
    page.path([(48, 48), _on_dial(kilopascal, 30)], (180, 30, 28), thick=2)
    page.text(34, 66, "KPA", BLACK)
    return page


def _on_dial(kilopascal: int, radius: float) -> tuple[float, float]:
    angle = math.radians(225 - 270 * kilopascal / 1000)
    return 48 + radius * math.cos(angle), 48 - radius * math.sin(angle)


def forms(seed: int, count: int) -> list[Made]:
    """Ruled tables with figures in their cells, for the recognition of tables."""
    rng = random.Random(seed)
    images, notes = [], []
    for number in range(count):
        rows, columns = rng.randint(3, 6), rng.randint(2, 4)
        cells = [[str(rng.randint(0, 9999)) for _ in range(columns)] for _ in range(rows)]
        name = f"form_{number:03d}.png"
        images.append(Made(f"png/{name}", _form(cells).png()))
        notes.append({"image": name, "rows": rows, "columns": columns, "cells": cells})
    return [archive("images.zip", images), lines("cells.jsonl", notes)]


def _form(cells: list[list[str]]) -> Canvas:
    wide, high = 44, 18
    page = Canvas(20 + wide * len(cells[0]), 20 + high * len(cells))
    for row, texts in enumerate(cells):
        for column, text in enumerate(texts):
            left, top = 10 + wide * column, 10 + high * row
            corners = [(left, top), (left + wide, top), (left + wide, top + high), (left, top + high), (left, top)]
            page.path(corners, (90, 96, 104))
            page.text(left + 6, top + 6, text)
    return page
