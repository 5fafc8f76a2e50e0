"""Rows that look like a table's and are none of its: made from its profile, the same each time for one seed.

No text of the data is repeated: texts are made of the column's place and a hash, identifiers are of a form that is
never given out. Numbers and dates are drawn from the column's histogram; those whose values are known here (its
bounds, its first rows) are avoided, as far as the column has others. True and false stay true and false.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from catalog.profiles.types import ColumnProfile, Profile
from compliance.recognisers import PERSONAL, Identifier

_MOST_TRIES = 40
_FEW = 20
_MADE_UP: dict[str, Callable[[int], str]] = {
    Identifier.RESIDENT_ID: lambda n: f"000000{n:012d}",
    Identifier.PHONE: lambda n: f"100{n:08d}",
    Identifier.BANK_CARD: lambda n: f"0000{n:012d}",
    Identifier.PASSPORT: lambda n: f"X{n:08d}",
    Identifier.PLATE: lambda n: f"示A{n:05d}",
    Identifier.EMAIL: lambda n: f"person{n}@example.invalid",
    Identifier.IP_ADDRESS: lambda n: f"192.0.2.{n % 256}",
}


def rows(profile: Profile, count: int, seed: bytes) -> tuple[tuple[str, ...], ...]:
    """So many rows with the profile's columns; fewer when the table itself has fewer."""
    wanted = min(count, profile.rows)
    columns = [_column(profile, place, wanted, seed) for place in range(len(profile.columns))]
    return tuple(zip(*columns, strict=True)) if columns else ()


def _column(profile: Profile, place: int, count: int, seed: bytes) -> list[str]:
    column = profile.columns[place]
    chance = random.Random(hashlib.sha256(seed + place.to_bytes(4)).digest())
    real = {cells[place] for cells in profile.first_rows if place < len(cells)}
    real |= {bound for bound in (column.minimum, column.maximum) if bound is not None}
    draw = _drawer(profile, column, place, real, chance)
    empty = column.nulls / profile.rows if profile.rows else 0.0
    return ["" if chance.random() < empty else _avoiding(real, draw) for _ in range(count)]


def _avoiding(real: set[str], draw: Callable[[], str]) -> str:
    cell = draw()
    for _ in range(_MOST_TRIES):
        if cell not in real:
            break
        cell = draw()
    return cell


def _drawer(
    profile: Profile, column: ColumnProfile, place: int, real: set[str], chance: random.Random
) -> Callable[[], str]:
    kind = _identifier(profile, column.name)
    if kind is not None:
        return lambda: _MADE_UP[kind](chance.randrange(100_000))
    if column.type == "empty":
        return str
    if column.type == "boolean":
        return lambda: chance.choice(("true", "false"))
    if column.minimum is None or column.maximum is None:
        return lambda: _word(column, place, chance)
    made = _MEASURED[column.type](column.minimum, column.maximum, real)
    return lambda: made(_share(column.histogram, chance))


def _identifier(profile: Profile, name: str) -> str | None:
    scanned = next((each for each in profile.scan.columns if each.name == name), None)
    found = {kind: n for kind, n in scanned.counts.items() if kind in PERSONAL} if scanned else {}
    most = max(found, key=lambda kind: found[kind]) if found else None
    return most if most in _MADE_UP else None


def _word(column: ColumnProfile, place: int, chance: random.Random) -> str:
    """A text of its own, or one of a few where the column repeats a few."""
    few = column.distinct or 0
    number = chance.randrange(few) if 0 < few <= _FEW else chance.getrandbits(64)
    return f"sample-{hashlib.sha256(f'{place}:{number}'.encode()).hexdigest()[:8]}"


def _share(histogram: Sequence[int], chance: random.Random) -> float:
    """Where between the bounds: a bin by its weight, and evenly inside it."""
    if sum(histogram) <= 0:
        return chance.random()
    chosen = chance.choices(range(len(histogram)), weights=histogram)[0]
    return (chosen + chance.random()) / len(histogram)


def _whole(low: str, high: str, _real: set[str]) -> Callable[[float], str]:
    least, most = int(low), int(high)
    return lambda share: str(least + int(Decimal(share) * (most - least + 1)))


def _fraction(low: str, high: str, real: set[str]) -> Callable[[float], str]:
    """One digit more than the data shows, and that digit not zero: equal to no number that is there."""
    least, most = Decimal(low), Decimal(high)
    digits = min(12, 1 + max(_places(text) for text in (low, high, *real)))

    def made(share: float) -> str:
        last = 1 + int(share * 1e9) % 9
        return f"{least + (most - least) * Decimal(share):.{digits - 1}f}{last}"

    return made


def _places(text: str) -> int:
    return len(text.partition(".")[2]) if text.replace(".", "").replace("-", "").isdecimal() else 0


def _day(low: str, high: str, _real: set[str]) -> Callable[[float], str]:
    sign = "/" if "/" in low else "-"
    least, most = (date(*map(int, text.split(sign if sign in text else "-"))) for text in (low, high))
    days = (most - least).days + 1
    return lambda share: (least + timedelta(days=int(share * days))).strftime(f"%Y{sign}%m{sign}%d")


def _moment(low: str, high: str, _real: set[str]) -> Callable[[float], str]:
    least, most = (datetime.combine(datetime.fromisoformat(text).date(), time()) for text in (low, high))
    seconds = int((most - least).total_seconds()) + 86_400
    return lambda share: (least + timedelta(seconds=int(share * seconds))).isoformat()


_MEASURED: dict[str, Callable[[str, str, set[str]], Callable[[float], str]]] = {
    "integer": _whole, "decimal": _fraction, "date": _day, "datetime": _moment,
}  # fmt: skip
