"""A table in which identifiers of persons were planted. Every one is made up; only their checksums are right."""

from __future__ import annotations

import random

from exchange.demo.generators.packing import Made, table

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AREAS = ("110101", "310104", "440305", "330106", "510107")


def resident_id(rng: random.Random) -> str:
    """Eighteen characters with the check character of GB 11643."""
    body = f"{rng.choice(_AREAS)}{rng.randint(1950, 2004)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    body += f"{rng.randint(1, 999):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def mobile(rng: random.Random) -> str:
    """Eleven digits in the form of a mobile number."""
    return f"1{rng.choice('3578')}{rng.randint(0, 999_999_999):09d}"


def visits(seed: int, count: int) -> list[Made]:
    """Service visits; someone forgot to take out who was visited."""
    rng = random.Random(seed)
    faults = ("bearing", "sensor", "valve", "display", "cable")
    rows = [
        (f"V{number:04d}", f"2026-02-{rng.randint(1, 28):02d}", rng.choice(faults), rng.randint(15, 240),
         resident_id(rng), mobile(rng))
        for number in range(count)
    ]  # fmt: skip
    return [table("visits.csv", ("visit", "day", "fault", "minutes", "contact_id", "contact_mobile"), rows)]
