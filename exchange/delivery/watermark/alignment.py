"""Finding the original row of each leaked row: by what no mark changes, then by how near the marked cells are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exchange.delivery.watermark import carriers as kinds
from exchange.delivery.watermark.types import Carrier, Survey

_LEAST = 0.6
_CROWD = 64
_VALUES = 1_000
_LEAST_OVERLAP = 0.1


@dataclass(frozen=True)
class Columns:
    """Which leaked column is which of the original's."""

    plain: tuple[tuple[int, int], ...]
    carrying: tuple[tuple[int, Carrier], ...]

    @property
    def count(self) -> int:
        return len(self.plain) + len(self.carrying)


def columns(
    found: Survey, names: Sequence[str], leaked: Sequence[Sequence[str]], rows: Iterable[Sequence[str]]
) -> Columns:
    """By name where most names are the same, else by what stands in them; ``rows`` are the original's."""
    known = {_name(name): n for n, name in enumerate(found.layout.names)}
    pairs = [(n, known[_name(name)]) for n, name in enumerate(names) if _name(name) in known]
    if len({column for _, column in pairs}) < _LEAST * len(names):
        pairs = _by_content(found, leaked, rows)
    carrying = {carrier.column: carrier for carrier in found.carriers}
    return Columns(
        tuple((here, there) for here, there in pairs if there not in carrying),
        tuple((here, carrying[there]) for here, there in pairs if there in carrying),
    )


def _name(name: str) -> str:
    return name.strip().lower()


def _by_content(found: Survey, leaked: Sequence[Sequence[str]], rows: Iterable[Sequence[str]]) -> list[tuple[int, int]]:
    values = _values(leaked)
    where: defaultdict[str, list[int]] = defaultdict(list)
    for n, cells in enumerate(values):
        for cell in cells:
            where[cell].append(n)
    hits: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for row in rows:
        for column, cell in enumerate(row):
            text = plain(cell)
            for n in where.get(text, ()):
                hits[n, column].add(text)
    ranked = sorted(((len(seen) / len(values[n]), n, column) for (n, column), seen in hits.items()), reverse=True)
    pairs: dict[int, int] = {}
    for share, n, column in ranked:
        if n not in pairs and column not in pairs.values() and share >= _LEAST_OVERLAP:
            pairs[n] = column
    return list(pairs.items())


def _values(leaked: Sequence[Sequence[str]]) -> list[dict[str, None]]:
    """Different values of each leaked column, the first thousand."""
    values: list[dict[str, None]] = [{} for _ in range(max(map(len, leaked), default=0))]
    for row in leaked:
        for n, cell in enumerate(row):
            if len(values[n]) < _VALUES and cell.strip():
                values[n][plain(cell)] = None
    return values


def plain(cell: str) -> str:
    """A cell as it is compared: numbers without idle noughts, texts without a stop at the end."""
    text = cell.strip().rstrip(kinds.STOPS)
    if "." in text and kinds.fraction_digits(text) is not None:
        text = text.rstrip("0").rstrip(".")
    return text


@dataclass
class _Best:
    score: int = 0
    row: int = -1
    seen: tuple[str, ...] = ()
    ambiguous: bool = False


@dataclass
class Aligner:
    """Leaked rows, each waiting for its original."""

    columns: Columns
    unique: frozenset[int]
    leaked: Sequence[Sequence[str]]
    best: list[_Best] = field(default_factory=list)
    _index: defaultdict[tuple[object, ...], list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.best = [_Best() for _ in self.leaked]
        self._keyed = [pair for pair in self.columns.plain if pair[1] in self.unique]
        self._numeric = [pair for pair in self.columns.carrying if pair[1].kind != "prose"][:2]
        self._plain = [
            [plain(row[here]) if here < len(row) else "" for here, _ in self.columns.plain] for row in self.leaked
        ]
        for n, row in enumerate(self.leaked):
            for key in self._keys_of_leaked(n, row):
                self._index[key].append(n)

    def _keys_of_leaked(self, n: int, row: Sequence[str]) -> Iterable[tuple[object, ...]]:
        rest = tuple(self._plain[n])
        for place, (_, there) in enumerate(self.columns.plain):
            if there in self.unique and rest[place]:
                yield ("key", there, rest[place])
        for here, carrier in self._numeric:
            if here < len(row):
                yield ("near", carrier.column, rest, kinds.stem(carrier, row[here]), kinds.ticks(carrier, row[here]))
        if not self._numeric:
            stems = tuple(kinds.stem(c, row[here]) if here < len(row) else "" for here, c in self.columns.carrying)
            yield ("all", rest, stems)

    def _keys_of_original(self, cells: Sequence[str], rest: tuple[str, ...]) -> Iterable[tuple[object, ...]]:
        for place, (_, there) in enumerate(self.columns.plain):
            if there in self.unique and rest[place]:
                yield ("key", there, rest[place])
        for _, carrier in self._numeric:
            cell = cells[carrier.column]
            ticks, stem = kinds.ticks(carrier, cell), kinds.stem(carrier, cell)
            if ticks is None:
                yield ("near", carrier.column, rest, stem, None)
                continue
            for step in range(-kinds.REACH, kinds.REACH + 1):
                yield ("near", carrier.column, rest, stem, ticks + step)
        if not self._numeric:
            yield ("all", rest, tuple(kinds.stem(c, cells[c.column]) for _, c in self.columns.carrying))

    def offer(self, number: int, cells: Sequence[str]) -> None:
        """A row of the original: every leaked row that is nearer to it than to any before remembers it."""
        rest = tuple(plain(cells[there]) for _, there in self.columns.plain)
        seen: set[int] = set()
        for key in self._keys_of_original(cells, rest):
            waiting = self._index.get(key, ())
            if len(waiting) <= _CROWD:
                seen.update(waiting)
        for n in seen:
            self._compare(n, number, cells, rest)

    def _compare(self, n: int, number: int, cells: Sequence[str], rest: tuple[str, ...]) -> None:
        score = self.agreement(n, cells, rest)
        best = self.best[n]
        if score < _LEAST * self.columns.count or score < best.score:
            return
        if score == best.score:
            best.ambiguous = True
            return
        self.best[n] = _Best(score, number, tuple(cells))

    def agreement(self, n: int, cells: Sequence[str], rest: tuple[str, ...]) -> int:
        """In how many columns the leaked row is the original's, give or take a mark."""
        row = self.leaked[n]
        score = sum(mine == theirs for mine, theirs in zip(self._plain[n], rest, strict=True))
        return score + sum(
            near(carrier, cells[carrier.column], row[here])
            for here, carrier in self.columns.carrying
            if here < len(row)
        )

    def candidates(self, cells: Sequence[str]) -> list[tuple[int, int]]:
        """(leaked row, agreement) of every leaked row that could be this one, for rows that are no original's."""
        rest = tuple(plain(cells[there]) for _, there in self.columns.plain)
        waiting = {n for key in self._keys_of_original(cells, rest) for n in self._index.get(key, ())[:_CROWD]}
        return [(n, self.agreement(n, cells, rest)) for n in sorted(waiting)]


def near(carrier: Carrier, original: str, leaked: str) -> bool:
    """Whether the leaked cell can be the original's with some mark."""
    if kinds.stem(carrier, original) != kinds.stem(carrier, leaked):
        return False
    if carrier.kind == "prose":
        return True
    before, after = kinds.ticks(carrier, original), kinds.ticks(carrier, leaked)
    if before is None or after is None:
        return original.strip() == leaked.strip()
    return abs(after - before) <= kinds.REACH
